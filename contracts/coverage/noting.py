"""Holds tasks against the shape of their schema and notes the points that are seen."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.coverage.shape import Limit, Node, is_cut

_SCALARS = frozenset({str, int, float, bool, type(None)})
#: What JSON Schema calls a value, by its type here; a number without a fraction is both of the last two.
_TYPE_NAMES: Mapping[type, tuple[str, ...]] = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number", "integer"),
    dict: ("object",),
    list: ("array",),
    type(None): ("null",),
}


def note_good(node: Node, value: Any, seen: set[int]) -> None:
    """Note what is seen of a value of a good task."""
    if type(value) in _SCALARS:
        _note_scalar(node, value, seen)
    if node.types:
        seen.update([node.types[name] for name in _TYPE_NAMES[type(value)] if name in node.types][:1])
    for limit in node.limits:
        if limit.measure(value) == limit.bound:
            seen.add(limit.at)
    if type(value) is dict:
        _note_presence(node, value, seen)
    for inner, member in _inner(node, value):
        note_good(inner, member, seen)
    for part in node.parts:
        if part.condition(value):
            if part.applies is not None:
                seen.add(part.applies)
            note_good(part.node, value, seen)


def _note_scalar(node: Node, value: Any, seen: set[int]) -> None:
    if node.values:
        number = node.values.get((type(value) is bool, value))
        if number is not None:
            seen.add(number)
    if node.forms and type(value) is str:
        cut = is_cut(value)
        seen.update([number for form, number in node.forms if form.fits(value, cut)][:1])


def _note_presence(node: Node, value: Mapping[str, Any], seen: set[int]) -> None:
    for name, member in node.members.items():
        number = member.given if name in value else member.left_out
        if number is not None:
            seen.add(number)


def _inner(node: Node, value: Any) -> Iterator[tuple[Node, Any]]:
    """Yield the values inside a value of which the schema says something."""
    if type(value) is dict:
        members, others = node.members, node.others
        for name, member in value.items():
            if name in members:
                yield members[name].node, member
            elif others is not None:
                yield others, member
    elif type(value) is list and node.items is not None:
        for item in value:
            yield node.items, item


def note_bad(node: Node, value: Any, seen: set[int]) -> None:
    """Note what is seen of a value of a task that was refused: how it oversteps limits and breaks rules."""
    for limit in node.limits:
        if limit.over is not None and _is_over(limit, limit.measure(value)):
            seen.add(limit.over)
    for inner, member in _inner(node, value):
        note_bad(inner, member, seen)
    for part in node.parts:
        if part.condition(value):
            if part.keeps is not None and part.broken is not None and not part.keeps(value):
                seen.add(part.broken)
            note_bad(part.node, value, seen)


def _is_over(limit: Limit, measure: float | None) -> bool:
    if measure is None:
        return False
    if limit.beyond is not None:
        return measure == limit.beyond
    return measure > limit.bound if limit.is_most else measure < limit.bound
