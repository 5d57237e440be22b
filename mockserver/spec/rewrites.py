"""Older spellings of a task made new, as the chosen dialect lists them.

A rewrite never decides whether a task is good; it only moves what an older client sent to where the schema looks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A task in today's spelling.

    Attributes:
        task: the task; the one passed in where nothing had to change.
        notes: one sentence for each thing that changed, for the log.
    """

    task: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def rewrite(task: Mapping[str, Any], rewrites: Sequence[Mapping[str, str]]) -> Rewritten:
    """Apply rewrites in order.

    Args:
        task: parsed JSON; never changed.
        rewrites: as in `schema/dialect.json`: each has `op` and the places that the operation takes.
    """
    notes: list[str] = []
    for change in rewrites:
        task, done = OPERATIONS[change["op"]](task, change)
        notes.extend(done)
    return Rewritten(task, tuple(notes))


_Outcome = tuple[Mapping[str, Any], Sequence[str]]


def _move(task: Mapping[str, Any], change: Mapping[str, str]) -> _Outcome:
    """Move a member to another place, unless something stands there already."""
    source, (*way, name) = change["from"][1:], change["to"][1:].split("/")
    if source not in task:
        return task, ()
    moved = {key: value for key, value in task.items() if key != source}
    holder = moved
    for step in way:
        inner = holder.get(step, {})
        if not isinstance(inner, dict):
            return task, ()
        holder[step] = holder = dict(inner)
    if name in holder:
        return task, ()
    holder[name] = task[source]
    return moved, (f"{source} is now {'.'.join((*way, name))}",)


def _rename(task: Mapping[str, Any], change: Mapping[str, str]) -> _Outcome:
    """Rename a member of every object at a place, unless the new name is taken."""
    old, new = change["from"], change["to"]

    def renamed(value: Any) -> Any:
        if not isinstance(value, dict) or old not in value or new in value:
            return value
        return {new if key == old else key: member for key, member in value.items()}

    return _change_at(task, change["in"], renamed, f"{old} is now {new}")


def _upper(task: Mapping[str, Any], change: Mapping[str, str]) -> _Outcome:
    """Put a string into upper case."""
    return _change_at(
        task, change["at"], lambda value: value.upper() if isinstance(value, str) else value, "upper case is expected"
    )


def _number(task: Mapping[str, Any], change: Mapping[str, str]) -> _Outcome:
    """Turn the strings "0" and "-1" into numbers."""
    return _change_at(
        task,
        change["at"],
        lambda value: int(value) if value in ("0", "-1") else value,
        "a frame position is a number",
    )


def _change_at(task: Mapping[str, Any], place: str, change: Callable[[Any], Any], note: str) -> _Outcome:
    changed = _changed(task, place[1:].split("/"), change)
    return (task, ()) if changed is task else (changed, (f"{place[1:].replace('/', '.')}: {note}",))


def _changed(value: Any, way: Sequence[str], change: Callable[[Any], Any]) -> Any:
    """Return the value with what lies at the end of the way changed; the same object where nothing is."""
    if not way:
        new = change(value)
        return value if new == value and type(new) is type(value) else new
    copy: Any = value
    for key in _keys(value, way[0]):
        member = _changed(value[key], way[1:], change)
        if member is not value[key]:
            copy = copy.copy() if copy is value else copy
            copy[key] = member
    return copy


def _keys(value: Any, step: str) -> Iterator[Any]:
    if step == "*" and isinstance(value, list):
        yield from range(len(value))
    elif isinstance(value, dict) and step in value:
        yield step


#: Operations by the name that the data gives them.
OPERATIONS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, str]], _Outcome]] = MappingProxyType(
    {"move": _move, "rename": _rename, "upper": _upper, "number": _number}
)

#: The places that each operation takes, besides its `op`.
PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"move": ("from", "to"), "rename": ("in", "from", "to"), "upper": ("at",), "number": ("at",)}
)
