"""Nothing lost."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding, shown
from contracts.recording import Recording


def sends_what_was_asked(recording: Recording) -> Iterator[Finding]:
    """Every parameter that the caller gave arrives under its name."""
    for exchange, task in recording.submissions:
        for name, value in recording.task.items():
            if name not in task and not _asks_for_nothing(value):
                yield Finding(f"{name} was asked for and not sent", exchange.number, None, value)
        for name, value in recording.task.items():
            yield from _lost(exchange.number, name, value, task.get(name))


def _asks_for_nothing(value: object) -> bool:
    """Say whether a value is an object without members, or one of such: it says no more than if it were not there."""
    return isinstance(value, dict) and all(_asks_for_nothing(member) for member in value.values())


def _lost(number: int, path: str, asked: object, sent: object) -> Iterator[Finding]:
    if isinstance(asked, dict) and isinstance(sent, dict):
        for name, value in asked.items():
            if name not in sent and not _asks_for_nothing(value):
                yield Finding(f"{path}.{name} was asked for and not sent", number, None, value)
            yield from _lost(number, f"{path}.{name}", value, sent.get(name))
    if isinstance(asked, list) and isinstance(sent, list) and len(sent) < len(asked):
        yield Finding(f"{path} has {len(sent)} members of {len(asked)}", number, shown(sent), shown(asked))


CHECK = Check(
    "sends-what-was-asked",
    MUST,
    sends_what_was_asked,
    "the parameter page: each parameter changes the result (stated)",
    "pass parameters on as they are, false, 0 and empty ones too, instead of picking those that are known",
)
