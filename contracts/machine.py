"""A machine that has one client do several tasks at once, and mixes what happens to them.

It writes a session down, step by step, and plays it when it is complete. So what it plays is what a report shows and
`--example` plays again, and a client whose calls run in threads finds no gap in time between two steps.
"""

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from contracts.families import FAMILIES, scenario
from contracts.session import Begin, Behave, Session, Step, Wait
from contracts.shrinking import QUIETLY
from mockserver.spec.load import Spec

#: Prompts by which the tasks of a session are told apart; there are never more of them than these.
PLACES = ("a lighthouse", "a mill", "a harbour", "a bridge")
#: How the service behaves towards a task, in turn. Nothing that stalls: the calls are waited for.
KINDS = ("plain", "slow", "failing", "busy", "refused", "several", "partial", "shaky", "broken", "unacknowledged")
#: And what brings out that calls hold each other up: told to wait, and made to wait, while others go on.
OWN: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "limited": scenario({"limit-rate": {"on": "submit", "times": 1, "retry_after_s": 10}}),
        "lengthy": scenario({"slow-rendering": {"factor": 1, "extra_ms": 120_000}}),
    }
)
#: Those that take minutes, for which a client that runs elsewhere would wait in real time.
LONG = frozenset({name for name in KINDS if FAMILIES[name].takes_minutes} | {"lengthy"})
_PARAMETERS = {"numberResults": st.sampled_from([1, 2, 3]), "includeCost": st.just(True)}
#: How long nothing may happen between two steps, in milliseconds.
PAUSES_MS = (1, 100, 1_000, 5_000, 30_000)
MOST_STEPS = 8


class Machine(RuleBasedStateMachine):
    """Draws a session: calls begin, time passes, the service behaves in one way or another.

    Attributes:
        spec: what the schemas say.
        kinds: how the service may behave towards a task.
        finish: is called with every session.
    """

    spec: Spec
    kinds: st.SearchStrategy[str]
    finish: Callable[[Session], None]

    def __init__(self) -> None:
        super().__init__()
        self._tasks: list[Mapping[str, Any]] = []
        self._steps: list[Step] = []
        self._behaviour: Mapping[str, Any] = scenario()

    @initialize(data=st.data(), for_ms=st.sampled_from((0, *PAUSES_MS)))
    def begin_two(self, data: st.DataObject, for_ms: int) -> None:
        """A call begins, and soon another."""
        self._begin(data)
        self._steps += [Wait(for_ms)] if for_ms else []
        self._begin(data)

    @precondition(lambda self: len(self._tasks) < len(PLACES))
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """A further call begins, beside those that are under way, and the service behaves in some way towards it."""
        self._begin(data)

    @rule(for_ms=st.sampled_from(PAUSES_MS))
    def wait(self, for_ms: int) -> None:
        """Time passes."""
        self._steps.append(Wait(for_ms))

    def _begin(self, data: st.DataObject) -> None:
        kind = data.draw(self.kinds)
        behaviour = OWN[kind] if kind in OWN else data.draw(FAMILIES[kind].behaviours(self.spec))
        if behaviour != self._behaviour:
            self._steps.append(Behave(behaviour))
            self._behaviour = behaviour
        asked = data.draw(st.fixed_dictionaries({}, optional=_PARAMETERS))
        air = self.spec.all_models[0].air
        self._steps.append(Begin(len(self._tasks)))
        self._tasks.append({"model": air, "positivePrompt": PLACES[len(self._tasks)], **asked})

    def teardown(self) -> None:
        """Have what was drawn played; not where Hypothesis broke it off, which comes here as well."""
        if sys.exc_info()[0] is None:
            type(self).finish(Session(self._tasks, self._steps))


def draw_sessions(spec: Spec, count: int, chance: int, finish: Callable[[Session], None], *, is_inside: bool) -> None:
    """Draw sessions.

    Args:
        spec: what the schemas say.
        count: how many.
        chance: what they are drawn from.
        finish: is called with each; may raise a `Breach`.
        is_inside: whether time can jump for the client. Then sessions that break something are made smaller, and tried
            again; else nothing takes minutes.
    """
    shared, own = (
        st.sampled_from([name for name in names if is_inside or name not in LONG]) for names in (KINDS, sorted(OWN))
    )
    members = {"spec": spec, "kinds": st.one_of(shared, own), "finish": staticmethod(finish)}
    phases = (Phase.generate, Phase.shrink) if is_inside else (Phase.generate,)
    bounds = settings(max_examples=count, database=None, phases=phases, stateful_step_count=MOST_STEPS, **QUIETLY)
    run_state_machine_as_test(seed(chance)(type("Machine", (Machine,), members)), settings=bounds)
