"""Nothing added."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from contracts.checks.base import MUST, Check, Finding, dotted, shown
from contracts.recording import Exchange, Json, Recording
from mockserver.spec.load import Model, load_spec

#: What a client adds by right.
OWN = frozenset({"taskType", "taskUUID", "deliveryMethod"})


def adds_nothing(recording: Recording) -> Iterator[Finding]:
    """A submission holds nothing that the caller did not ask for, but for taskType, taskUUID and deliveryMethod."""
    for exchange, task in recording.submissions:
        sent = {name: value for name, value in task.items() if name not in OWN and not _is_default(task, name)}
        yield from _added(exchange, task, (), recording.task, sent)


def _is_default(task: Any, name: str) -> bool:
    """Say whether a parameter has the value that it would have anyway."""
    model = _models().get(str(task.get("model")))
    return model is not None and name in model.defaults and model.defaults[name] == task[name]


@lru_cache(maxsize=1)
def _models() -> Mapping[str, Model]:
    return {model.air: model for model in load_spec().all_models}


def _added(exchange: Exchange, task: Json, way: tuple[str, ...], asked: Any, sent: Any) -> Iterator[Finding]:
    if not isinstance(asked, dict) or not isinstance(sent, dict):
        return
    for name, value in sent.items():
        here = (*way, name)
        if name not in asked:
            said = f"{dotted(here)} is {shown(value)}, which nobody asked for"
            yield Finding(said, exchange.number, value, place=exchange.pointer(task, *here))
        else:
            yield from _added(exchange, task, here, asked[name], value)


CHECK = Check(
    "adds-nothing",
    MUST,
    adds_nothing,
    "the parameter page: defaults are the service's own (stated)",
    "leave parameters out that the caller did not give, so that the service's defaults hold, and their price",
)
