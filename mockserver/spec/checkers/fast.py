"""jsonschema-rs: what the mock uses unless told otherwise, some eighty times faster than the reference.

Saying whether a document is good takes it a microsecond or two; listing what is wrong takes longer than everything else
that a refusal needs. So members that are wrong by themselves are told by name, and listed only for who asks; names that
the schema does not have are found by name too; everything else is listed where something else is wrong. What lists is
made with the first wrong document, so that it costs no time at the start.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import jsonschema_rs

from mockserver.spec.checkers.base import Breach, Sifted


class FastChecker:
    """Holds documents against one schema with jsonschema-rs."""

    def __init__(self, schema: Mapping[str, Any] | bool) -> None:
        #: The library's own method, since this is the hottest call of the mock.
        self.accepts = _validator(schema).is_valid
        self._schema = schema
        self._properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}

    @cached_property
    def _members(self) -> Mapping[str, jsonschema_rs.Draft202012Validator]:
        """What the schema says of each member of an object, whatever the others are."""
        return {name: _validator(node) for name, node in self._properties.items()}

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

    def breaches(self, document: Any) -> Sequence[Breach]:
        """Return every broken rule."""
        members, others = self.sift(document)
        return [*others, *(breach for name in members for breach in self.member_breaches(name, document[name]))]

    def sift(self, document: Any) -> Sifted:
        """Return every broken rule, those that speak of one member alone by the name of that member."""
        others = [] if self._rest.is_valid(document) else _listed(self._rest, document)
        wrong: list[str] = []
        if isinstance(document, dict):
            members, is_unknown = self._members, False
            for name, value in document.items():
                member = members.get(name)
                if member is None:
                    is_unknown = True
                elif not member.is_valid(value):
                    wrong.append(name)
            if is_unknown and self._is_closed:
                others.append(_UNKNOWN_NAME)
        return Sifted(wrong, others)

    def member_breaches(self, name: str, value: Any, /) -> Sequence[Breach]:
        """Return the rules that a value breaks as a member of that name, whatever the others are."""
        found = _listed(self._members[name], value)
        return [Breach((name, *instance), ("properties", name, *rule)) for instance, rule in found]


_UNKNOWN_NAME = Breach((), ("additionalProperties",))


def _validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(schema) if isinstance(schema, Mapping) else schema, validate_formats=True
    )


def _listed(validator: jsonschema_rs.Draft202012Validator, document: Any) -> list[Breach]:
    return [Breach(tuple(error.instance_path), tuple(error.schema_path)) for error in validator.iter_errors(document)]
