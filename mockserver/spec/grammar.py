"""What a schema file may say: which keywords there are, what each takes, and which act only together.

A rule that nobody checks is a promise broken, so whatever would be passed over in silence is refused here.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mockserver.spec.documents import escape, walk
from mockserver.spec.keywords import FORMATS, NOTES, RULES, STRUCTURE, Holds
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.shapes import TEXT, Schema, Shape, members, named

TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = "https://runware-mock.invalid/schema/"

_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_NAMES: Schema = {
    "type": "array",
    "items": {"type": "string"},
    "uniqueItems": True,
    "x-expects": "a list of names, each there once",
}
_A_SCHEMA: Schema = {"type": ["object", "boolean"], "x-expects": "a schema, which is an object, true or false"}
_HELD: Mapping[Holds, Schema] = MappingProxyType(
    {
        Holds.SCHEMA: _A_SCHEMA,
        Holds.SCHEMAS: {"type": "array", "items": _A_SCHEMA, "minItems": 1, "x-expects": "a list of schemas"},
        Holds.NAMED_SCHEMAS: named(_A_SCHEMA),
    }
)
_TYPE: Schema = {
    "anyOf": [{"enum": TYPES}, {"type": "array", "items": {"enum": TYPES}, "minItems": 1, "uniqueItems": True}],
    "x-expects": f"one of {', '.join(TYPES)}, or a list of them",
}

#: What each keyword takes that holds no schemas.
_VALUES: Mapping[str, Schema] = MappingProxyType(
    {
        "type": _TYPE,
        "const": {},
        "enum": {"type": "array", "minItems": 1, "uniqueItems": True, "x-expects": "a list of values, each there once"},
        "minimum": _NUMBER,
        "maximum": _NUMBER,
        "multipleOf": {"type": "number", "exclusiveMinimum": 0, "x-expects": "a number above 0"},
        "minLength": _COUNT,
        "maxLength": _COUNT,
        "pattern": TEXT,
        "format": {"enum": sorted(FORMATS)},
        "minItems": _COUNT,
        "maxItems": _COUNT,
        "minContains": _COUNT,
        "maxContains": _COUNT,
        "required": _NAMES,
        "dependentRequired": named(_NAMES),
        "$schema": {"const": DIALECT},
        "$id": TEXT,
        "$ref": TEXT,
        "title": TEXT,
        "description": TEXT,
        "examples": {"type": "array", "minItems": 1},
        "default": {},
        "writeOnly": {"type": "boolean"},
        "contentMediaType": TEXT,
        "x-expects": TEXT,
        "x-mend": {
            "type": ["string", "object"],
            "additionalProperties": TEXT,
            "x-expects": "a sentence, or sentences by a pattern of the value",
        },
        "x-values": named(TEXT),
        "x-errors": members({}, dict.fromkeys(RULES, TEXT)),
        "x-model": {"type": "object"},
        "x-task": {"type": "object"},
    }
)
_HOLDERS = {keyword: _HELD[holds] for keyword, holds in {**RULES, **STRUCTURE}.items() if holds in _HELD}
if _HOLDERS.keys() ^ _VALUES.keys() != {*RULES, *NOTES, *STRUCTURE}:
    raise AssertionError("the schema language and what its keywords take differ")

#: One schema, without what lies in the schemas that it holds.
NODE = Shape(
    {
        **members({}, {**_VALUES, **_HOLDERS}),
        "dependentRequired": {
            "then": ["if"],
            "else": ["if"],
            "minContains": ["contains"],
            "maxContains": ["contains"],
            "x-values": ["enum"],
        },
    }
)

#: Of which types a keyword says something; a value of any other type passes it.
_SPEAKS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("minimum", "maximum", "multipleOf"), ("integer", "number")),
        **dict.fromkeys(("minLength", "maxLength", "pattern", "format", "contentMediaType"), ("string",)),
        **dict.fromkeys(("minItems", "maxItems", "items", "contains"), ("array",)),
        **dict.fromkeys(("required", "dependentRequired", "properties", "additionalProperties"), ("object",)),
    }
)
_ROOT_ONLY = ("$schema", "$id", "x-model", "x-task")


def check_schema(path: str, document: Any) -> None:
    """Refuse a schema file that says something which nobody acts on.

    Args:
        path: where the file lies below its folder.
        document: parsed JSON, after patching.

    Raises:
        SchemaProblem: names the file, the place and the mend.
    """
    if not isinstance(document, Mapping):
        raise SchemaProblem(path, "a schema file holds one object", "write a JSON Schema")
    expected = {"$schema": DIALECT, "$id": BASE + path}
    for keyword, value in expected.items():
        if document.get(keyword) != value:
            raise SchemaProblem(f"{path}#/{keyword}", f"found {document.get(keyword)!r}", f"write {value!r}")
    for pointer, node in walk(document):
        if isinstance(node, Mapping):
            place = f"{path}#{pointer}"
            NODE.check(place, node)
            for check in _CHECKS:
                check(place, node)
            if pointer:
                _check_inner(place, node)


def _check_inner(place: str, node: Mapping[str, Any]) -> None:
    for keyword in _ROOT_ONLY:
        if keyword in node:
            raise SchemaProblem(f"{place}/{keyword}", "nothing reads this here", "move it to the top of its file")


def _check_condition(place: str, node: Mapping[str, Any]) -> None:
    if "if" in node and not {"then", "else"} & node.keys():
        raise SchemaProblem(f"{place}/if", "nothing follows from it", 'write "then" or "else" beside it')


def _check_types(place: str, node: Mapping[str, Any]) -> None:
    if "type" not in node:
        return
    types = [node["type"]] if isinstance(node["type"], str) else node["type"]
    for keyword in node:
        about = _SPEAKS_OF.get(keyword, types)
        if not set(about) & set(types):
            raise SchemaProblem(
                f"{place}/{keyword}",
                f"it says nothing of the type {' or '.join(types)}",
                f"it is for {' or '.join(about)}",
            )


def _check_notes(place: str, node: Mapping[str, Any]) -> None:
    """Refuse notes about a keyword, or about a value, that the schema does not have."""
    for keyword in node.get("x-errors", ()):
        if keyword not in node:
            raise SchemaProblem(f"{place}/x-errors/{keyword}", "there is no such rule here", "put it beside its rule")
    values = {str(value) for value in node.get("enum", ())}
    for value in node.get("x-values", ()):
        if value not in values:
            raise SchemaProblem(f"{place}/x-values/{escape(value)}", "there is no such value", "mend the name")


def _check_patterns(place: str, node: Mapping[str, Any]) -> None:
    for pattern in node["x-mend"] if isinstance(node.get("x-mend"), Mapping) else ():
        try:
            re.compile(pattern)
        except re.error as problem:
            raise SchemaProblem(f"{place}/x-mend", f"{pattern!r} is no pattern ({problem})", "mend it") from problem


_CHECKS: tuple[Callable[[str, Mapping[str, Any]], None], ...] = (
    _check_condition,
    _check_types,
    _check_notes,
    _check_patterns,
)
