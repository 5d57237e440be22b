"""Kinds of behaviour that a service may show for a task, each with tasks that bring it out.

A behaviour is a scenario, as in a scenario file, so what a finding shows can be played by hand. The simplest comes
first in every choice, as that is what examples are shrunk to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from contracts.strategies import Strategy, valid_tasks, values
from mockserver.engine.magic import find_bracketed
from mockserver.spec.load import Model, Spec

#: What the client, or the kit, decides about.
NOT_ASKED = ("taskType", "taskUUID", "deliveryMethod")
#: What makes a task whole that a client is asked for.
WHOLE = {"taskType": "videoInference", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"}

#: Answers that another try gets over: by status, and those that are broken or lost.
BUSY = ("answer-503", "limit-rate", "answer-500", "answer-502", "answer-504", "fill-queue")
BROKEN = ("truncate-body", "empty-body", "garble-body", "mislabel-body", "reset-while-answering")
#: Of these the ones that can say how long to wait, and longer than the first pause of most clients.
TELLING = ("limit-rate", "answer-503")
TOLD_S = 5
#: Errors that a generation ends with, and refusals for good, by their names in the catalogue.
FATAL = ("providerError", "invalidProviderContent", "timeoutProvider")
HOPELESS = ("insufficientCredits", "modelNotFound", "invalidProviderContent")


def scenario(*faults: Any) -> dict[str, Any]:
    """Return a scenario in which every task meets these faults."""
    return {"rules": [{"faults": list(faults)}] if faults else []}


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of behaviour.

    Attributes:
        about: what happens, in words.
        behaviours: makes a strategy of scenarios.
        results: numbers of results that tasks ask for, or None for whatever they ask for.
        of: the parameters that tasks may have beside model and prompt, and the prompt where it is of interest; None for
            every parameter that there is.
        share: how many of the examples of a profile it gets, relative to others.
        takes_minutes: whether examples take so long that they are played with clients whose time can jump alone.
    """

    about: str
    behaviours: Callable[[Spec], Strategy]
    results: tuple[int, ...] | None = None
    of: tuple[str, ...] | None = ("includeCost",)
    share: float = 1.0
    takes_minutes: bool = False

    def tasks(self, model: Model) -> Strategy:
        """Return a strategy for what a client is asked for."""
        drawn = valid_tasks(model) if self.of is None else _few(model, self.of)
        drawn = drawn.map(lambda task: {name: value for name, value in task.items() if name not in NOT_ASKED})
        drawn = drawn.filter(lambda task: not find_bracketed(task.get("positivePrompt")))
        if self.results is None:
            return drawn
        return st.tuples(drawn, st.sampled_from(self.results)).map(lambda pair: {**pair[0], "numberResults": pair[1]})


def _few(model: Model, names: tuple[str, ...]) -> Strategy:
    """Return a strategy for tasks with a few parameters, of which one or another may be missing."""
    schemas = model.schema["properties"]
    drawn = {name: values(schemas[name]) for name in names}
    prompts = drawn.pop("positivePrompt", st.just("a lighthouse"))
    needed = {"model": st.just(model.air), "positivePrompt": prompts}
    tasks = st.fixed_dictionaries(needed, optional=drawn)
    return tasks.filter(lambda task: model.checker.accepts({**WHOLE, **task}))


def _broken(_: Spec) -> Strategy:
    drawn = st.tuples(st.sampled_from(BROKEN), st.sampled_from([1, 2]))
    return drawn.map(lambda hit: scenario({hit[0]: {"on": "submit", "times": hit[1]}}))


def _busy(_: Spec) -> Strategy:
    told = [(name, {"retry_after_s": TOLD_S}) for name in TELLING]
    drawn = st.tuples(st.sampled_from([*((name, {}) for name in BUSY), *told]), st.sampled_from([1, 2]))
    return drawn.map(lambda hit: scenario({hit[0][0]: {"on": "submit", "times": hit[1], **hit[0][1]}}))


def _slow(_: Spec) -> Strategy:
    return st.sampled_from([30_000, 5_000, 120_000, 400_000]).map(
        lambda extra_ms: scenario({"slow-rendering": {"factor": 1, "extra_ms": extra_ms}})
    )


def _shaky_polls(_: Spec) -> Strategy:
    hits = st.tuples(st.sampled_from([*BUSY, *BROKEN]), st.sampled_from([0, 1]))
    return hits.map(lambda drawn: scenario({drawn[0]: {"on": "poll", "times": 1, "skip": drawn[1]}}))


def _dropped(_: Spec) -> Strategy:
    hits = st.tuples(st.sampled_from(["submit", "poll"]), st.booleans())
    return hits.map(lambda drawn: scenario({"reset-after-answer": {"on": drawn[0], "orderly": drawn[1]}}))


def _code(names: tuple[str, ...], fault: str, **settings: Any) -> Callable[[Spec], Strategy]:
    def behaviours(spec: Spec) -> Strategy:
        known = [name for name in names if name in spec.failures] or sorted(spec.failures)[:1]
        return st.sampled_from(known).map(lambda code: scenario({fault: {"code": code, **settings}}))

    return behaviours


#: Every kind of behaviour, by name, in the order in which they are tried.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "words": Family("nothing goes wrong", lambda _: st.just(scenario()), of=("positivePrompt",), share=2),
        "addresses": Family(
            "nothing goes wrong", lambda _: st.just(scenario()), of=("webhookURL", "uploadEndpoint"), share=2
        ),
        "slow": Family("the generation takes minutes", _slow, takes_minutes=True),
        "plain": Family("nothing goes wrong", lambda _: st.just(scenario()), of=None, share=4),
        "pictures": Family("nothing goes wrong", lambda _: st.just(scenario()), of=("inputs",)),
        "several": Family(
            "several results, one after the other",
            lambda _: st.just(scenario({"slow-rendering": {"factor": 10}})),
            results=(2, 3, 4),
        ),
        "strange": Family(
            "answers have further members, and results come in any order",
            lambda _: st.sampled_from([("add-unknown-fields",), ("shuffle-results",)]).map(lambda f: scenario(*f)),
            results=(1, 2, 3),
        ),
        "partial": Family(
            "one of several results fails",
            lambda _: st.sampled_from([0, 1]).map(lambda index: scenario({"fail-one-result": {"index": index}})),
            results=(2, 3),
        ),
        "failing": Family("the generation fails", _code(FATAL, "fail-generation")),
        "refused": Family("the task is refused for good", _code(HOPELESS, "refuse-submit", times=100)),
        "busy": Family("the first tries are refused for now", _busy),
        "broken": Family("the answers to the first tries are broken", _broken),
        "unacknowledged": Family(
            "the task is taken on, and its acknowledgement gets lost",
            lambda _: st.just(scenario("reset-before-answer")),
        ),
        "dropped": Family("the connection breaks after an answer that came whole", _dropped, share=0.5),
        "shaky": Family("polls are refused for now, or their answers break", _shaky_polls),
        "stalled": Family(
            "the task never ends", lambda _: st.just(scenario("stall-rendering")), share=0.1, takes_minutes=True
        ),
    }
)
