"""Nothing changed."""

from collections.abc import Iterator
from typing import Any

from contracts.checks.base import MUST, Check, Finding, dotted, shown
from contracts.recording import Exchange, Json, Recording


def sends_values_untouched(recording: Recording) -> Iterator[Finding]:
    """Every value arrives as it was given: same type, same characters, same order."""
    for exchange, task in recording.submissions:
        for name, value in recording.task.items():
            if name in task:
                yield from _changed(exchange, task, (name,), value, task[name])


def _changed(exchange: Exchange, task: Json, way: tuple[str | int, ...], asked: Any, sent: Any) -> Iterator[Finding]:
    if isinstance(asked, dict) and isinstance(sent, dict):
        for name, value in asked.items():
            if name in sent:
                yield from _changed(exchange, task, (*way, name), value, sent[name])
    elif isinstance(asked, list) and isinstance(sent, list) and len(asked) == len(sent):
        for index, (value, other) in enumerate(zip(asked, sent, strict=True)):
            yield from _changed(exchange, task, (*way, index), value, other)
    elif isinstance(asked, list) and isinstance(sent, list) and len(sent) < len(asked):
        return
    elif asked != sent or _kind(asked) != _kind(sent):
        said = f"{dotted(way)} is {shown(sent)}, asked for was {shown(asked)}"
        yield Finding(said, exchange.number, sent, asked, exchange.pointer(task, *way))


def _kind(value: Any) -> type:
    """Return the type of a value: a whole number stays whole."""
    return type(value)


CHECK = Check(
    "sends-values-untouched",
    MUST,
    sends_values_untouched,
    "the parameter page (stated); addresses of webhooks and uploads are used byte for byte (stated)",
    "do not strip, normalise, re-encode, round or sort what the caller gave; presigned addresses break",
)
