"""The JSON Schema of scenario files, made from the faults. `python -m tests.scenarios.describe` writes it.

It is for editors; the mock itself reads scenarios with `mockserver.scenario`, which says more about what is wrong.
"""

import json
from dataclasses import Field
from inspect import getdoc
from typing import Any

from mockserver.faults import FAULTS
from mockserver.faults.base import ANSWER
from mockserver.faults.reading import COMMON, REQUESTS, settings_of
from mockserver.spec.documents import shipped_root
from mockserver.spec.grammar import BASE, DIALECT

FILE = shipped_root() / "scenario.json"
MANY = 2**31

Schema = dict[str, Any]


def schema() -> Schema:
    """Return the whole schema."""
    return {
        "$schema": DIALECT,
        "$id": f"{BASE}scenario.json",
        "title": "Rules that say what goes wrong with which tasks",
        "type": "object",
        "required": ["rules"],
        "additionalProperties": False,
        "properties": {
            "seed": {"description": "What probability draws from.", "type": "integer", "minimum": 0, "default": 0},
            "rules": {
                "description": "The first rule that takes a task decides about it.",
                "type": "array",
                "items": {"$ref": "#/$defs/rule"},
            },
        },
        "$defs": {
            "rule": _rule(),
            "match": _match(),
            "condition": _condition(),
            "times": {
                "description": "How many chances to hit one task it takes.",
                "anyOf": [_whole(1), {"const": "always"}],
            },
            "skip": {"description": "How many chances it lets pass first.", **_whole(0), "default": 0},
            "on": {"description": "Which requests it hits.", "enum": list(REQUESTS)},
            "fault": {"anyOf": [_bare(), *(_with_settings(name) for name in FAULTS)]},
        },
    }


def _rule() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "anyOf": [{"required": ["outcome"]}, {"required": ["faults"]}],
        "properties": {
            "name": {"description": "What it is called in reports.", "type": "string", "minLength": 1},
            "match": {"$ref": "#/$defs/match"},
            "outcome": {"description": "Error code that the generation ends with.", "type": "string"},
            "faults": {"type": "array", "items": {"$ref": "#/$defs/fault"}},
            "times": {"description": "How many tasks of a key it takes; all unless given.", **_whole(1)},
        },
    }


def _match() -> Schema:
    return {
        "description": "Which tasks it takes; all unless given.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "params": {
                "description": "Dotted paths of parameters as sent, and what must be so of their values.",
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/condition"},
            },
            "model": {"$ref": "#/$defs/condition"},
            "key": {"description": "The API key.", "type": "string", "minLength": 1},
            "nth": {
                "description": "Which of the tasks of a key that fit, 1 being the first.",
                "anyOf": [_whole(1), {"type": "array", "items": _whole(1)}],
            },
            "every": {"description": "Every so many-th task of a key that fits.", **_whole(1)},
            "probability": {"description": "How likely it is.", "type": "number", "minimum": 0, "maximum": 1},
        },
    }


def _condition() -> Schema:
    return {
        "description": "A value, a list of values, or an object of conditions.",
        "anyOf": [
            {"type": ["null", "boolean", "number", "string", "array"]},
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {
                    "equals": {"description": "The value is this one."},
                    "one_of": {"description": "The value is one of these.", "type": "array"},
                    "contains": {"description": "The text, list or object has this in it."},
                    "at_least": {"type": "number"},
                    "at_most": {"type": "number"},
                    "present": {"description": "Whether it was sent at all.", "type": "boolean"},
                },
            },
        ],
    }


def _bare() -> Schema:
    return {"enum": list(FAULTS)}


def _with_settings(name: str) -> Schema:
    kind = FAULTS[name]
    own = {key: _setting(field) for key, field in settings_of(kind).items()}
    common = {each: {"$ref": f"#/$defs/{each}"} for each in (*COMMON, *(["on"] if kind.moments >= ANSWER else []))}
    settings = {"type": ["object", "null"], "additionalProperties": False, "properties": {**own, **common}}
    return {
        "description": " ".join((getdoc(kind) or "").split()),
        "type": "object",
        "required": [name],
        "additionalProperties": False,
        "properties": {name: settings},
    }


def _setting(field: "Field[Any]") -> Schema:
    about = field.metadata
    shown: Schema = {"description": f"{about['about'][:1].upper()}{about['about'][1:]}.", "default": field.default}
    match field.default:
        case bool():
            return {**shown, "type": "boolean"}
        case str():
            return {**shown, **({"enum": list(about["choices"])} if about["choices"] else {"type": "string"})}
        case int():
            return {**shown, "type": "integer", "minimum": about["least"], "maximum": about["most"]}
        case _:
            return {**shown, "type": "number", "minimum": about["least"], "maximum": about["most"]}


def _whole(least: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": MANY}


if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
