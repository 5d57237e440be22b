"""Every way to make a valid task wrong, one at a time, each with the reason for which it must be refused.

A mistake is found by walking the schema: each rule of it that can be broken by itself gives one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from contracts.pictures import BAD, as_base64
from contracts.strategies import Draw, Strategy, settle, valid_tasks, values
from mockserver.spec.load import Branch

Steps = tuple[str | int, ...]
Spoil = Callable[[Draw, Any], Any]


@dataclass(frozen=True)
class Mistake:
    """One way to make a task wrong.

    Attributes:
        name: what is wrong, as in "maximum of /numberResults".
        keyword: the rule that is broken.
        pointer: JSON Pointer of the place.
        spoilt: draws tasks that are wrong in this way only.
    """

    name: str
    keyword: str
    pointer: str
    spoilt: Strategy


@dataclass(frozen=True)
class Place:
    """A value in a task.

    Attributes:
        steps: the way to it.
        schema: what it must be.
        holders: schemas of the values on the way, the task's first.
    """

    steps: Steps
    schema: Mapping[str, Any]
    holders: tuple[Mapping[str, Any], ...] = ()

    @property
    def pointer(self) -> str:
        """JSON Pointer of the place."""
        return "".join(f"/{step}" for step in self.steps)


def mistakes(branch: Branch) -> Iterator[Mistake]:
    """Yield every way to make a task of a branch wrong, but for those that choose another branch."""
    for place in places(branch.schema):
        if place.pointer in ("/taskType", "/model"):
            continue
        for keyword, spoil in _SPOILERS.items():
            if keyword in place.schema and (place.steps or keyword != "type"):
                yield _mistake(branch, place, keyword, place.pointer, spoil(place.schema))
        yield from _of_members(branch, place)
    yield from _of_rules(branch)


def places(
    schema: Mapping[str, Any], steps: Steps = (), holders: tuple[Mapping[str, Any], ...] = ()
) -> Iterator[Place]:
    """Yield every place below a schema, outermost first; of a list its first item, in each of its shapes."""
    yield Place(steps, schema, holders)
    below = (*holders, schema)
    for name, node in schema.get("properties", {}).items():
        if isinstance(node, Mapping):
            yield from places(node, (*steps, name), below)
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield Place((*steps, 0), items, below)
        for rule in items.get("allOf", ()):
            # Which shape an item has is the list's rule; the shape's own rules come after it.
            shape = {keyword: value for keyword, value in rule["then"].items() if keyword != "type"}
            yield from places({**shape, "x-type": rule["if"]["type"]}, (*steps, 0), below)


@lru_cache(maxsize=32)
def _valid(branch: Branch) -> Strategy:
    return valid_tasks(branch)


def _mistake(branch: Branch, place: Place, keyword: str, pointer: str, spoil: Spoil) -> Mistake:
    valid = _valid(branch)

    @st.composite
    def spoilt(draw: Draw) -> Any:
        return _put(draw, dict(draw(valid)), place, spoil)

    return Mistake(f"{keyword} of {pointer or 'the task'}", keyword, pointer, spoilt())


def _put(draw: Draw, task: Any, place: Place, spoil: Spoil) -> Any:
    """Return the task with the value at a place spoilt; what is missing on the way is drawn first."""
    if not place.steps:
        return spoil(draw, task)
    here = task
    schemas = [_typed(schema) for schema in (*place.holders[1:], place.schema)]
    for depth, (step, schema) in enumerate(zip(place.steps, schemas, strict=True)):
        is_last = depth == len(place.steps) - 1
        if isinstance(step, int):
            here[:] = [draw(values(schema))]
        elif step not in here:
            here[step] = draw(values(schema))
            if here is task:
                settle(draw, place.holders[0], task)
        if is_last:
            here[step] = spoil(draw, here[step])
        else:
            here[step] = _copy(here[step])
            here = here[step]
    return task


def _typed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with the type that its list gives it."""
    return {**schema, "type": schema["x-type"]} if "x-type" in schema else schema


def _copy(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else list(value)


#: A value of each type, to stand where another type is expected.
_OF_TYPE: Mapping[str, Any] = MappingProxyType(
    {"string": "text", "integer": 7, "number": 7.5, "boolean": True, "object": {"a": 1}, "array": [1], "null": None}
)


def _wrong_type(schema: Mapping[str, Any]) -> Spoil:
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    good = {*types, *(["integer"] if "number" in types else [])}
    others = [value for name, value in _OF_TYPE.items() if name not in good]
    return lambda draw, _: draw(st.sampled_from(others))


def _other_value(schema: Mapping[str, Any]) -> Spoil:
    allowed = schema.get("enum", [schema.get("const")])
    first = allowed[0]
    if isinstance(first, bool):
        return lambda _draw, _value: not first
    if isinstance(first, str):
        return lambda draw, _: draw(st.sampled_from([f"{first}x", first.swapcase() or "x", ""]))
    strangers = [number for number in range(-3, 3000) if number not in allowed]
    return lambda draw, _: draw(st.sampled_from(strangers))


def _shorter(schema: Mapping[str, Any]) -> Spoil:
    return lambda draw, _: "é" * draw(st.integers(0, schema["minLength"] - 1))


def _longer(schema: Mapping[str, Any]) -> Spoil:
    return lambda draw, _: "🌊" * (schema["maxLength"] + draw(st.integers(1, 3)))


def _fewer(_schema: Mapping[str, Any]) -> Spoil:
    return lambda _draw, _value: []


def _more(schema: Mapping[str, Any]) -> Spoil:
    return lambda _draw, value: [*value, *[value[0]] * (schema["maxItems"] + 1 - len(value))]


def _no_match(schema: Mapping[str, Any]) -> Spoil:
    least = max(1, schema.get("minLength", 1))
    return lambda draw, _: draw(st.sampled_from(["./photo.png", "not a value", "ftp://example.com/x", "?" * least]))


_SPOILERS: Mapping[str, Callable[[Mapping[str, Any]], Spoil]] = MappingProxyType(
    {
        "type": _wrong_type,
        "enum": _other_value,
        "const": _other_value,
        "minimum": lambda schema: lambda draw, _: schema["minimum"] - draw(st.integers(1, 10**6)),
        "maximum": lambda schema: lambda draw, _: schema["maximum"] + draw(st.integers(1, 10**6)),
        "multipleOf": lambda schema: lambda draw, _: (draw(st.integers(-99, 99)) + 0.5) * schema["multipleOf"],
        "minLength": _shorter,
        "maxLength": _longer,
        "minItems": _fewer,
        "maxItems": _more,
        "pattern": _no_match,
    }
)


def _of_members(branch: Branch, place: Place) -> Iterator[Mistake]:
    """Yield what can be wrong with which members an object has."""
    for name in place.schema.get("required", ()):
        pointer = f"{place.pointer}/{name}"
        if pointer not in ("/taskType", "/model"):
            yield _mistake(branch, place, "required", pointer, _without(name))
    if place.schema.get("additionalProperties") is False:
        yield _mistake(branch, place, "additionalProperties", f"{place.pointer}/zzUnknown", _with("zzUnknown", 1))
    for name, needed in place.schema.get("dependentRequired", {}).items():
        for other in needed:
            yield _mistake(branch, place, "dependentRequired", f"{place.pointer}/{other}", _alone(place, name, other))


def _without(name: str) -> Spoil:
    return lambda _draw, value: {key: member for key, member in value.items() if key != name}


def _with(name: str, member: Any) -> Spoil:
    return lambda _draw, value: {**value, name: member}


def _alone(place: Place, name: str, other: str) -> Spoil:
    def spoil(draw: Draw, value: Any) -> Any:
        member = value[name] if name in value else draw(values(place.schema["properties"][name]))
        whole = {**value, name: member}
        settle(draw, place.schema, whole)
        return {key: held for key, held in whole.items() if key != other}

    return spoil


def _of_rules(branch: Branch) -> Iterator[Mistake]:
    """Yield what breaks the conditional rules of a task, and the rules on which items a list may hold."""
    properties = branch.schema["properties"]
    for rule in branch.schema.get("allOf", ()):
        if isinstance(rule, Mapping) and "then" in rule and "required" in rule["if"]:
            for name, node in rule["then"].get("properties", {}).items():
                if isinstance(node, Mapping) and "enum" in node:
                    others = [value for value in properties[name]["enum"] if value not in node["enum"]]
                    spoil = _against(branch.schema, rule["if"], name, others)
                    yield _mistake(branch, Place((), branch.schema), "enum", f"/{name}", spoil)
    for place in places(branch.schema):
        for rule in place.schema.get("allOf", ()):
            if isinstance(rule, Mapping) and "maxContains" in rule:
                yield _mistake(branch, place, "contains", place.pointer, _repeat(place, rule))


def _against(schema: Mapping[str, Any], condition: Mapping[str, Any], name: str, others: list[Any]) -> Spoil:
    """Fulfil the condition of a rule, meet every other rule, and give the parameter a value that this one forbids."""

    def spoil(draw: Draw, task: Any) -> Any:
        wanted = {
            key: draw(values({**schema["properties"][key], **node})) for key, node in condition["properties"].items()
        }
        spoilt = {key: member for key, member in task.items() if key != name}
        spoilt.update(wanted)
        settle(draw, schema, spoilt)
        return {**spoilt, **wanted, name: draw(st.sampled_from(others))}

    return spoil


def _repeat(place: Place, rule: Mapping[str, Any]) -> Spoil:
    """Fill a list with one item too many of those that a rule counts."""

    def spoil(draw: Draw, _value: Any) -> Any:
        item = place.schema["items"]
        shape = next(each["then"] for each in item["allOf"] if each["if"]["type"] == "object")
        counted = draw(values(shape))
        member, node = next(iter(rule["contains"]["properties"].items()))
        return [{**counted, member: draw(values(node))} for _ in range(rule["maxContains"] + 1)]

    return spoil


@dataclass(frozen=True)
class PictureMistake:
    """One way to give a task a picture that no schema can tell from a good one.

    Attributes:
        name: what is wrong with the picture.
        code: the error that a mock answers with.
        spoilt: draws tasks that are wrong in this way only.
    """

    name: str
    code: str
    spoilt: Strategy


def picture_mistakes(branch: Branch) -> Iterator[PictureMistake]:
    """Yield every way to give a task of a branch a bad frame image; nothing for a branch that takes none."""
    inputs = branch.schema.get("properties", {}).get("inputs", {})
    if "frameImages" in inputs.get("properties", {}):
        for name, (code, content) in BAD.items():
            yield PictureMistake(name, code, _with_picture(branch, as_base64(content)))


def _with_picture(branch: Branch, image: str) -> Strategy:
    valid = _valid(branch)

    @st.composite
    def spoilt(draw: Draw) -> Any:
        task = {key: member for key, member in draw(valid).items() if key not in ("width", "height")}
        frame = draw(st.sampled_from([image, {"image": image}, {"image": image, "frame": "last"}]))
        return {**task, "inputs": {"frameImages": [frame]}}

    return spoilt().filter(branch.checker.accepts)
