"""What form a data file must have, so that whoever reads it afterwards finds what it looks for.

A shape is a small JSON Schema in code, checked by the library that checks requests; it stands beside the code that
reads the file. The first mistake in the file's order becomes a `SchemaProblem` with its place and its mend.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from mockserver.spec.checkers import CHECKERS, Breach, Checker
from mockserver.spec.checkers.base import Path
from mockserver.spec.documents import escape
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.suggest import nearest
from mockserver.spec.wording import expects, listed, show

#: Longest list of names that a message spells out.
MOST_LISTED = 12

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1, "x-expects": "a string that is not empty"}
TEXTS: Schema = {"type": "array", "items": TEXT, "minItems": 1, "x-expects": "a list of one or more strings"}


def members(required: Schema, optional: Schema | None = None) -> Schema:
    """Return the schema of an object with these members and no others, by name."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def named(member: Schema) -> Schema:
    """Return the schema of an object whose members have any names and one form."""
    return {"type": "object", "additionalProperties": member}


class Shape:
    """A form that a value of a data file must have.

    Args:
        schema: JSON Schema without references; `x-expects` words what a rule wants where the rule itself cannot.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    @cached_property
    def _checker(self) -> Checker:
        return CHECKERS["fast"]()(self._schema)

    def check(self, place: str, value: Any) -> None:
        """Refuse a value of another form.

        Args:
            place: the file and the place of the value in it, as in "errors.json#/codes".
            value: parsed JSON.

        Raises:
            SchemaProblem: names the first place that is wrong, in the order of the value.
        """
        if not self._checker.accepts(value):
            found = [Breach(_whole(value, each.instance), each.rule) for each in self._checker.breaches(value)]
            raise self._problem(place, value, min(found, key=lambda breach: _order(value, breach.instance)))

    def _problem(self, place: str, value: Any, breach: Breach) -> SchemaProblem:
        for step in breach.instance:
            value = value[step]
        node: Any = self._schema
        for step in breach.rule[:-1]:
            node = node[step]
        keyword = str(breach.rule[-1])
        return _TELLERS.get(keyword, _tell_value)(_below(place, *breach.instance), node, value)


def _tell_missing(here: str, node: Any, value: Mapping[str, Any]) -> SchemaProblem:
    name = next(name for name in node["required"] if name not in value)
    return SchemaProblem(_below(here, name), "missing", f"write {expects(node['properties'][name])}")


def _tell_stray(here: str, node: Any, value: Mapping[str, Any]) -> SchemaProblem:
    known = list(node["properties"])
    name = next(name for name in value if name not in known)
    near = nearest(name, known)
    others = f", or use {listed(known)}" if len(known) <= MOST_LISTED else ""
    return SchemaProblem(_below(here, name), "nothing reads this", _meant(near) if near else f"take it out{others}")


def _tell_lonely(here: str, node: Any, value: Mapping[str, Any]) -> SchemaProblem:
    name, lacking = next(
        (name, other)
        for name, others in node["dependentRequired"].items()
        for other in others
        if name in value and other not in value
    )
    return SchemaProblem(_below(here, name), "nothing acts on it", f"write {lacking!r} beside it")


def _tell_value(here: str, node: Any, value: Any) -> SchemaProblem:
    near = nearest(value, node["enum"]) if "enum" in node and isinstance(value, str) else None
    return SchemaProblem(here, f"found {show(value)}", _meant(near) if near else f"write {expects(node)}")


def _meant(near: str) -> str:
    return f"did you mean {near!r}?"


_TELLERS: Mapping[str, Callable[[str, Any, Any], SchemaProblem]] = MappingProxyType(
    {"required": _tell_missing, "additionalProperties": _tell_stray, "dependentRequired": _tell_lonely}
)


def _whole(value: Any, instance: Path) -> Path:
    """Return the way to a value with the empty names in it, which the library leaves out."""
    way: list[str | int] = []
    for step in instance:
        while isinstance(value, Mapping) and step not in value:
            way.append("")
            value = value[""]
        way.append(step)
        value = value[step]
    return tuple(way)


def _order(value: Any, instance: Path) -> tuple[int, ...]:
    order: list[int] = []
    for step in instance:
        order.append(step if isinstance(step, int) else list(value).index(step))
        value = value[step]
    return tuple(order)


def _below(place: str, *steps: str | int) -> str:
    start = place if "#" in place or not steps else f"{place}#"
    return start + "".join(f"/{escape(str(step))}" for step in steps)
