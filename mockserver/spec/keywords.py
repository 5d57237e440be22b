"""The schema language: every keyword that the project acts on, and what each one holds.

A keyword that is missing here makes loading fail, because a rule that nobody checks is a promise broken. Where
a keyword is acted on stands beside it: the checkers, the schema pages, the error sentences or the model data.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Holds(Enum):
    """What the value of a keyword is made of, as far as walking a schema needs to know."""

    VALUE = "a plain value"
    SCHEMA = "one schema"
    SCHEMAS = "a list of schemas"
    NAMED_SCHEMAS = "schemas by name"


#: Keywords that can refuse a value, with what they hold. The checkers act on them.
RULES: Mapping[str, Holds] = MappingProxyType(
    {
        "type": Holds.VALUE,
        "const": Holds.VALUE,
        "enum": Holds.VALUE,
        "minimum": Holds.VALUE,
        "maximum": Holds.VALUE,
        "multipleOf": Holds.VALUE,
        "minLength": Holds.VALUE,
        "maxLength": Holds.VALUE,
        "pattern": Holds.VALUE,
        "format": Holds.VALUE,
        "minItems": Holds.VALUE,
        "maxItems": Holds.VALUE,
        "minContains": Holds.VALUE,
        "maxContains": Holds.VALUE,
        "required": Holds.VALUE,
        "dependentRequired": Holds.VALUE,
        "items": Holds.SCHEMA,
        "contains": Holds.SCHEMA,
        "additionalProperties": Holds.SCHEMA,
        "if": Holds.SCHEMA,
        "then": Holds.SCHEMA,
        "else": Holds.SCHEMA,
        "allOf": Holds.SCHEMAS,
        "anyOf": Holds.SCHEMAS,
        "properties": Holds.NAMED_SCHEMAS,
    }
)

#: Keywords that say something about a value without refusing it, and who reads them.
NOTES: Mapping[str, str] = MappingProxyType(
    {
        "$schema": "the loader: only JSON Schema 2020-12 is read",
        "$id": "the loader: must name the file's own place",
        "title": "the schema pages",
        "description": "the schema pages",
        "examples": "the schema pages; tests hold every example against its schema",
        "default": "the engine: the value of a parameter that was left out",
        "writeOnly": "the error sentences: such a value is never shown",
        "contentMediaType": "the kit: what is drawn for a text that stands for a file",
        "x-expects": "the error sentences: what the value should be, where the rule itself is unreadable",
        "x-mend": "the error sentences: how to put the value right; one sentence, or several by a pattern of the value",
        "x-values": "the schema pages: what each value of an enumeration means",
        "x-errors": "the error catalogue: the code that a broken keyword becomes, where it is not the family's",
        "x-model": "the engine: what a model is called, takes in time, costs, and which pictures it takes",
        "x-task": "the engine: where a platform task is documented, and which pictures it takes",
    }
)

#: Keywords that only the loader sees: it puts what they point at in their place.
STRUCTURE: Mapping[str, Holds] = MappingProxyType({"$ref": Holds.VALUE, "$defs": Holds.NAMED_SCHEMAS})

#: Formats that both checkers know and assert.
FORMATS = frozenset({"uri"})
