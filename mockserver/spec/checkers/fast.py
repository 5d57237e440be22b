"""jsonschema-rs: what the mock uses unless told otherwise, some eighty times faster than the reference.

Saying whether a document is good takes it a microsecond or two; listing what is wrong takes longer than everything else
that a refusal needs. So the members of an object are listed one by one, only those that are wrong, and what is wrong
with a value is remembered: whoever sends a wrong value mostly sends it again. Names that the schema does not have are
found by name, and everything else is listed only where something else is wrong. What lists is made with the first
wrong document, so that it costs no time at the start.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import jsonschema_rs

from mockserver.spec.checkers.base import Breach, Path

_SCALARS = frozenset({str, int, float, bool, type(None)})
#: Longest text for which it is remembered what is wrong with it.
LONGEST_REMEMBERED = 256


class FastChecker:
    """Holds documents against one schema with jsonschema-rs."""

    def __init__(self, schema: Mapping[str, Any] | bool) -> None:
        #: The library's own method, since this is the hottest call of the mock.
        self.accepts = _validator(schema).is_valid
        self._schema = schema
        self._properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}

    @cached_property
    def _members(self) -> Mapping[str, "_Member"]:
        return {name: _Member(name, node) for name, node in self._properties.items()}

    @cached_property
    def _rest(self) -> jsonschema_rs.Draft202012Validator:
        """What the schema says besides: of its members as a whole, and of what is no object."""
        if not isinstance(self._schema, Mapping):
            return _validator(self._schema)
        rest = {**self._schema, "properties": dict.fromkeys(self._properties, True)}
        if self._is_closed:
            del rest["additionalProperties"]
        return _validator(rest)

    @cached_property
    def _is_closed(self) -> bool:
        """Say whether the names of members are the properties, and no others."""
        schema = self._schema
        return (
            isinstance(schema, Mapping)
            and schema.get("additionalProperties") is False
            and "patternProperties" not in schema
        )

    def breaches(self, document: Any) -> list[Breach]:
        """Return every broken rule."""
        found = [] if self._rest.is_valid(document) else _listed(self._rest, document)
        if isinstance(document, dict):
            members, is_unknown = self._members, False
            for name, value in document.items():
                member = members.get(name)
                if member is None:
                    is_unknown = True
                elif not member.accepts(value):
                    found.extend(member.breaches(value))
            if is_unknown and self._is_closed:
                found.append(_UNKNOWN_NAME)
        return found


_UNKNOWN_NAME = Breach((), ("additionalProperties",))


class _Member:
    """What the schema says of one member of an object, whatever the others are."""

    def __init__(self, name: str, schema: Any) -> None:
        self._way: Path = ("properties", name)
        self._name = name
        self._validator = _validator(schema)
        self.accepts = self._validator.is_valid
        self._remembered = lru_cache(maxsize=256, typed=True)(self._list)

    def breaches(self, value: Any) -> tuple[Breach, ...]:
        """Return the rules that a wrong value breaks."""
        kind = type(value)
        is_small = kind in _SCALARS and (kind is not str or len(value) <= LONGEST_REMEMBERED)
        return self._remembered(value) if is_small else self._list(value)

    def _list(self, value: Any) -> tuple[Breach, ...]:
        return tuple(
            Breach((self._name, *instance), (*self._way, *rule)) for instance, rule in _listed(self._validator, value)
        )


def _validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(schema) if isinstance(schema, Mapping) else schema, validate_formats=True
    )


def _listed(validator: jsonschema_rs.Draft202012Validator, document: Any) -> list[Breach]:
    return [Breach(tuple(error.instance_path), tuple(error.schema_path)) for error in validator.iter_errors(document)]
