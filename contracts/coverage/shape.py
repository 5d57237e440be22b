"""From a schema to what can be seen of it: a tree of the schema's shape whose nodes know their points.

Every keyword that says something about a value is turned into points once; afterwards a task is held against the tree.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from contracts.coverage.forms import Form, forms_of
from contracts.coverage.points import BOUNDARIES, PARAMETERS, REFUSALS, RULES, VALUES, Points
from mockserver.spec.checkers import CHECKERS

Accepts = Callable[[Any], bool]
Schema = Mapping[str, Any]

GIVEN, LEFT_OUT = "given", "left out"


class Member(NamedTuple):
    """A member of an object: numbers of its points, None for one that cannot be, and what its value may be."""

    given: int
    left_out: int | None
    node: "Node"


class Limit(NamedTuple):
    """A boundary.

    Attributes:
        measure: returns what the boundary is about, or None of a value of another type.
        bound: the boundary.
        beyond: the nearest measure that is refused, or None where any beyond is as near.
        is_most: whether it bounds from above.
        at: number of the point of being exactly at it.
        over: number of the point of being just beyond it, or None where nothing is.
    """

    measure: Callable[[Any], float | None]
    bound: float
    beyond: float | None
    is_most: bool
    at: int
    over: int | None


class Part(NamedTuple):
    """A further schema of the same value, which counts where a condition holds.

    Attributes:
        condition: says whether it counts.
        node: what the value may be then.
        applies: number of the point of its counting, or None where that is none.
        keeps: says whether the value is as it should be then, where breaking it is a point.
        broken: number of that point.
    """

    condition: Accepts
    node: "Node"
    applies: int | None = None
    keeps: Accepts | None = None
    broken: int | None = None


@dataclass(slots=True)
class Node:
    """What can be seen of one value."""

    members: dict[str, Member] = field(default_factory=dict)
    others: "Node | None" = None
    items: "Node | None" = None
    values: dict[tuple[bool, Any], int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    forms: Sequence[tuple[Form, int]] = ()
    limits: list[Limit] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


@cache
def _factory() -> Any:
    return CHECKERS["fast"]()


def _accepts(schema: Any) -> Accepts:
    checker: Accepts = _factory()(schema).accepts
    return checker


def plant(schema: Schema, points: Points) -> Node:
    """Return the tree of a schema without references, and add what can be seen of it to the points."""
    return _Planting(points).node(schema, "", frozenset())


class _Planting:
    """Turns schemas into nodes.

    Args:
        points: where points are added.
    """

    def __init__(self, points: Points) -> None:
        self._add = points.add

    def node(self, schema: Any, place: str, needed: frozenset[str]) -> Node:
        """Return the node of a schema.

        Args:
            schema: the schema.
            place: dotted name of the value, "" for the task as a whole.
            needed: members that a schema around this one requires of the same value.
        """
        node = Node()
        if not isinstance(schema, Mapping):
            return node
        needed = needed | _required(schema)
        for name, inner in schema.get("properties", {}).items():
            if inner is not False:
                node.members[name] = self._member(inner, f"{place}.{name}" if place else name, name in needed)
        if isinstance(schema.get("additionalProperties"), Mapping):
            node.others = self.node(schema["additionalProperties"], f"{place}.*" if place else "*", frozenset())
        if isinstance(schema.get("items"), Mapping):
            node.items = self.node(schema["items"], f"{place}[]", frozenset())
        self._values(node, schema, place)
        node.limits = [*self._limits(schema, place)]
        node.parts = [*self._parts(schema, place, needed)]
        return node

    def _member(self, schema: Any, place: str, is_needed: bool) -> Member:
        given = self._add(PARAMETERS, place, GIVEN)
        left_out = None if is_needed else self._add(PARAMETERS, place, LEFT_OUT)
        return Member(given, left_out, self.node(schema, place, frozenset()))

    def _values(self, node: Node, schema: Schema, place: str) -> None:
        types = schema.get("type")
        allowed = [schema["const"]] if "const" in schema else schema.get("enum")
        if allowed is None and types == "boolean":
            allowed = [True, False]
        if allowed is not None:
            plain = [value for value in allowed if not isinstance(value, list | dict)]
            for value, name in zip(plain, _names(plain), strict=True):
                node.values[isinstance(value, bool), value] = self._add(VALUES, place, name)
        elif isinstance(types, list):
            node.types = {name: self._add(VALUES, place, name) for name in types}
        if "pattern" in schema:
            node.forms = [(form, self._add(VALUES, place, form.name)) for form in forms_of(schema)]

    def _limits(self, schema: Schema, place: str) -> Iterator[Limit]:
        step = schema.get("multipleOf") or (1 if schema.get("type") == "integer" else None)
        for keyword, (measure, is_most, over_words) in _LIMITS.items():
            if keyword in schema:
                bound = schema[keyword]
                size = step if measure is _number else 1
                beyond = None if size is None else bound + size if is_most else bound - size
                yield self._limit(place, keyword, over_words, Limit(measure, bound, beyond, is_most, 0, 0))
        if "contains" in schema:
            row = f"{place}: {schema['title']}" if "title" in schema else place
            measure = _counting(_accepts(schema["contains"]))
            for keyword, is_most in (("minContains", False), ("maxContains", True)):
                if keyword in schema:
                    bound = schema[keyword]
                    beyond = bound + 1 if is_most else bound - 1
                    words = "more than" if is_most else "fewer than"
                    yield self._limit(row, keyword, words, Limit(measure, bound, beyond, is_most, 0, 0))

    def _limit(self, row: str, keyword: str, over_words: str, limit: Limit) -> Limit:
        """Return a limit with its points. Nothing is shorter than 0."""
        at = self._add(BOUNDARIES, row, f"{keyword} {limit.bound}")
        is_possible = limit.measure is _number or limit.is_most or limit.bound > 0
        over = self._add(REFUSALS, row, f"{over_words} {limit.bound}") if is_possible else None
        return limit._replace(at=at, over=over)

    def _parts(self, schema: Schema, place: str, needed: frozenset[str]) -> Iterator[Part]:
        for index, member in enumerate(schema.get("anyOf", ())):
            inner = self.node(member, place, needed)
            name = member.get("title", f"alternative {index + 1}") if isinstance(member, Mapping) else "anything"
            yield Part(_accepts(member), inner, self._add(VALUES, place, name) if place else None)
        for member in schema.get("allOf", ()):
            if isinstance(member, Mapping):
                yield Part(_always, self.node(member, place, needed))
        if "if" in schema:
            yield from self._conditional(schema, place, needed)
        for trigger, names in schema.get("dependentRequired", {}).items():
            row = _within(place, f"{trigger} needs {', '.join(names)}")
            there, whole = _accepts({"required": [trigger]}), _accepts({"required": names})
            applies, broken = self._add(RULES, row, "applies"), self._add(REFUSALS, row, "broken")
            yield Part(there, Node(), applies, whole, broken)

    def _conditional(self, schema: Schema, place: str, needed: frozenset[str]) -> Iterator[Part]:
        """A condition on the type alone is no rule of its own: what follows says what that type looks like."""
        holds = _accepts(schema["if"])
        is_rule = schema["if"].keys() != {"type"} if isinstance(schema["if"], Mapping) else True
        row = _within(place, schema.get("title", "rule"))
        branches = [
            ("then", holds, "applies"),
            ("else", lambda value: not holds(value), "applies otherwise" if "then" in schema else "applies"),
        ]
        for keyword, condition, words in branches:
            if keyword in schema:
                inner = self.node(schema[keyword], place, needed)
                if not is_rule:
                    yield Part(condition, inner)
                    continue
                applies, broken = self._add(RULES, row, words), self._add(REFUSALS, row, "broken")
                yield Part(condition, inner, applies, _accepts(schema[keyword]), broken)


def _required(schema: Schema) -> frozenset[str]:
    """Return the members that a schema requires in any case."""
    whole = [member for member in schema.get("allOf", ()) if isinstance(member, Mapping)]
    return frozenset(schema.get("required", ())).union(*map(_required, whole))


def _within(place: str, name: str) -> str:
    return f"{place}: {name}" if place else name


def _names(values: Sequence[Any]) -> list[str]:
    """Return values as text: strings as they are, unless another value reads the same."""
    others = {json.dumps(value) for value in values if not isinstance(value, str)}
    return [value if isinstance(value, str) and value not in others else json.dumps(value) for value in values]


def _always(_value: Any) -> bool:
    return True


def _number(value: Any) -> float | None:
    return value if type(value) in (int, float) else None


#: What the journal leaves of a long text has another length. Source: mockserver/journal.py, shortened
_CUT = re.compile(r".{64}… \([\d,]+ characters\)", re.DOTALL)


def is_cut(text: str) -> bool:
    """Say whether a text is what the journal left of a longer one."""
    return text.endswith(" characters)") and _CUT.fullmatch(text) is not None


def _length(value: Any) -> float | None:
    return len(value) if type(value) is str and not is_cut(value) else None


def _count(value: Any) -> float | None:
    return len(value) if type(value) is list else None


def _counting(accepts: Accepts) -> Callable[[Any], float | None]:
    return lambda value: sum(map(accepts, value)) if type(value) is list else None


#: What a keyword bounds, whether from above, and how to call what is beyond.
_LIMITS: Mapping[str, tuple[Callable[[Any], float | None], bool, str]] = {
    "minimum": (_number, False, "below"),
    "maximum": (_number, True, "above"),
    "minLength": (_length, False, "shorter than"),
    "maxLength": (_length, True, "longer than"),
    "minItems": (_count, False, "fewer than"),
    "maxItems": (_count, True, "more than"),
}
