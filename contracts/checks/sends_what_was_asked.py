"""Nothing lost."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding, dotted
from contracts.recording import Exchange, Json, Recording


def sends_what_was_asked(recording: Recording) -> Iterator[Finding]:
    """Every parameter that the caller gave arrives under its name."""
    for exchange, task in recording.submissions:
        for name, value in recording.task.items():
            if name not in task and not _asks_for_nothing(value):
                yield _missing(exchange, task, (name,), value)
        for name, value in recording.task.items():
            yield from _lost(exchange, task, (name,), value, task.get(name))


def _asks_for_nothing(value: object) -> bool:
    """Say whether a value is an object without members, or one of such: it says no more than if it were not there."""
    return isinstance(value, dict) and all(_asks_for_nothing(member) for member in value.values())


def _missing(exchange: Exchange, task: Json, way: tuple[str, ...], value: object) -> Finding:
    said = f"{dotted(way)} was asked for and not sent"
    return Finding(said, exchange.number, None, value, exchange.pointer(task, *way))


def _lost(exchange: Exchange, task: Json, way: tuple[str, ...], asked: object, sent: object) -> Iterator[Finding]:
    if isinstance(asked, dict) and isinstance(sent, dict):
        for name, value in asked.items():
            if name not in sent and not _asks_for_nothing(value):
                yield _missing(exchange, task, (*way, name), value)
            yield from _lost(exchange, task, (*way, name), value, sent.get(name))
    if isinstance(asked, list) and isinstance(sent, list) and len(sent) < len(asked):
        said = f"{dotted(way)} has {len(sent)} members of {len(asked)}"
        yield Finding(said, exchange.number, sent, asked, exchange.pointer(task, *way))


CHECK = Check(
    "sends-what-was-asked",
    MUST,
    sends_what_was_asked,
    "the parameter page: each parameter changes the result (stated)",
    "pass parameters on as they are, false, 0 and empty ones too, instead of picking those that are known",
)
