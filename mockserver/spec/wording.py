"""Sentences about rules and values: what was expected, what came instead, how to put it right."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mockserver.spec.suggest import nearest, nearest_number

LONGEST_SHOWN = 48
HIDDEN = "(not shown)"

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "string": "a string",
        "integer": "an integer",
        "number": "a number",
        "boolean": "true or false",
        "object": "an object",
        "array": "a list",
        "null": "null",
    }
)


def show(value: Any) -> str:
    """Return a value as JSON, shortened to about fifty characters and on one line."""
    if isinstance(value, str):
        if len(value) <= LONGEST_SHOWN:
            return _as_json(value)
        return f"{_as_json(value[: LONGEST_SHOWN // 2])}… ({len(value)} characters)"
    if isinstance(value, Mapping):
        return f"an object with {count(len(value), 'member')}" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    text = json.dumps(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _as_json(text: str) -> str:
    return (_PLAIN if text.isprintable() else _ASCII).encode(text)


_PLAIN, _ASCII = json.JSONEncoder(ensure_ascii=False), json.JSONEncoder()


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where there is not exactly one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(values: Sequence[Any], last: str = "or") -> str:
    """Return values in a row: "MP4, WEBM or MOV"."""
    shown = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def kind(value: Any) -> str:
    """Return what a value is, with its article."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "a boolean"
    names = {str: "a string", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "an object")


def expects(node: Mapping[str, Any]) -> str:
    """Return what a schema wants of a value, in a few words."""
    if "x-expects" in node:
        return str(node["x-expects"])
    if "const" in node:
        return listed([node["const"]])
    if "enum" in node:
        return listed(node["enum"])
    types = [node["type"]] if isinstance(node.get("type"), str) else node.get("type", ())
    name = " or ".join(_KINDS[each] for each in types) or "another value"
    return f"{name}{_bounds(node)}"


def _bounds(node: Mapping[str, Any]) -> str:
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", "character"),
        ("minItems", "maxItems", "item"),
    ):
        least, most = node.get(low), node.get(high)
        of = " of" if unit else ""
        if least is not None and most is not None:
            return f" of {least} to {count(most, unit)}" if unit else f" from {least} to {most}"
        if least is not None:
            return f"{of} at least {count(least, unit)}" if unit else f", {least} or more"
        if most is not None:
            return f"{of} at most {count(most, unit)}" if unit else f", {most} or less"
    return ""


def type_name(node: Mapping[str, Any]) -> str | None:
    """Return the type as the API's errors spell it: "float" for a number, alternatives with a bar."""
    types = node.get("type")
    if types is None:
        return None
    names = [types] if isinstance(types, str) else types
    return "|".join("float" if name == "number" else name for name in names)


def mend(keyword: str, node: Mapping[str, Any], value: Any) -> str:
    """Return how to put a value right, or "" where the rule says it all.

    Args:
        keyword: the broken keyword.
        node: the schema that holds it.
        value: the value at fault.
    """
    if "x-mend" in node and keyword in ("pattern", "format", "contains"):
        return _written_mend(node["x-mend"], value)
    rule = _MENDS.get(keyword)
    return rule(node, value) if rule else ""


def _written_mend(written: str | Mapping[str, str], value: Any) -> str:
    """Return the sentence of the data, or the first whose pattern is found in the value."""
    if isinstance(written, str):
        return written
    text = value if isinstance(value, str) else ""
    return next((sentence for pattern, sentence in written.items() if re.search(pattern, text)), "")


def _mend_type(node: Mapping[str, Any], value: Any) -> str:
    types = node["type"] if isinstance(node["type"], list) else [node["type"]]
    if isinstance(value, str) and value.strip().lower() in ("true", "false") and "boolean" in types:
        return f"Send {value.strip().lower()} without quotes."
    if isinstance(value, str) and {"integer", "number"} & set(types):
        return _unquoted(value)
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float) and "string" in types and _takes_text(node, str(value)):
        return f'Put it in quotes: "{value}".'
    if isinstance(value, float) and types == ["integer"]:
        return f"Send a whole number such as {round(value) if abs(value) < 1e15 else 0}."
    if types == ["array"]:
        return "Put it into a list: [ ]."
    return ""


def _takes_text(node: Mapping[str, Any], text: str) -> bool:
    """Say whether a text is surely good for a schema."""
    if node.keys() & {"pattern", "format", "allOf"} or len(text) < node.get("minLength", 0):
        return False
    return text in node.get("enum", [node.get("const", text)])


def _unquoted(value: str) -> str:
    try:
        number = json.loads(value)
    except ValueError:
        return ""
    plain = isinstance(number, int | float) and not isinstance(number, bool)
    return f"Send the number without quotes: {value.strip()}." if plain else ""


def _mend_choice(allowed: Sequence[Any], value: Any) -> str:
    words = [each for each in allowed if isinstance(each, str)]
    numbers = [each for each in allowed if not isinstance(each, str | bool)]
    near: Any = None
    if isinstance(value, str):
        near = nearest(value, words)
    elif isinstance(value, int | float) and not isinstance(value, bool) and len(numbers) > 1:
        near = nearest_number(value, numbers)
    if near is not None:
        return f"Did you mean {json.dumps(near)}?"
    return f"Send {listed(allowed)}." if len(allowed) == 1 else ""


def _mend_long(node: Mapping[str, Any], value: Any) -> str:
    return f"Take out at least {count(len(value) - node['maxLength'], 'character')}."


def _mend_short(node: Mapping[str, Any], value: Any) -> str:
    return f"Add at least {count(node['minLength'] - len(value), 'character')}."


_MENDS: Mapping[str, Callable[[Mapping[str, Any], Any], str]] = MappingProxyType(
    {
        "type": _mend_type,
        "enum": lambda node, value: _mend_choice(node["enum"], value),
        "const": lambda node, value: _mend_choice([node["const"]], value),
        "minimum": lambda node, _: f"Send {node['minimum']} or more.",
        "maximum": lambda node, _: f"Send {node['maximum']} or less.",
        "multipleOf": lambda node, _: (
            f"Send a multiple of {node['multipleOf']}." if node["multipleOf"] != 1 else "Send a whole number."
        ),
        "minLength": _mend_short,
        "maxLength": _mend_long,
        "minItems": lambda node, _: f"Send {count(node['minItems'], 'item')} or more, or leave it out.",
        "maxItems": lambda node, _: f"Send {count(node['maxItems'], 'item')} or fewer.",
    }
)
