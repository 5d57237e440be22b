"""jsonschema: the reference implementation, which the fast checker is held against."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jsonschema
from jsonschema.exceptions import SchemaError, ValidationError
from rfc3986_validator import validate_rfc3986

from mockserver.spec.checkers.base import Breach, Path, Sifted


class ReferenceChecker:
    """Holds documents against one schema with jsonschema."""

    def __init__(self, schema: Mapping[str, Any] | bool) -> None:
        try:
            _Validator.check_schema(schema)
        except SchemaError as problem:
            raise ValueError(problem.message) from problem
        self._validator = _Validator(_spelt_out(schema), format_checker=_FORMATS)

    def accepts(self, document: Any) -> bool:
        """Say whether the document keeps every rule."""
        return bool(self._validator.is_valid(document))

    def sift(self, document: Any) -> Sifted:
        """Return every broken rule; none by the name of a member."""
        return Sifted((), self.breaches(document))

    def member_breaches(self, _name: str, _value: Any, /) -> Sequence[Breach]:
        """Return nothing: no rule is told by the name of a member."""
        return ()

    def breaches(self, document: Any) -> Sequence[Breach]:
        """Return every broken rule."""
        return [
            Breach(tuple(error.absolute_path), _rule(tuple(error.absolute_schema_path)))
            for error in self._validator.iter_errors(document)
        ]


def _spelt_out(schema: Any) -> Any:
    """Return a schema whose `false` parts are written as `not: {}`: of `false` the library loses the place."""
    if isinstance(schema, list):
        return [_spelt_out(member) for member in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        keyword: {name: {"not": {}} if member is False else _spelt_out(member) for name, member in value.items()}
        if keyword == "properties"
        else _spelt_out(value)
        for keyword, value in schema.items()
    }


def _rule(path: Path) -> Path:
    return path[:-1] if path[-1] == "not" else path


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile an ECMA-262 pattern: there `$` is the very end, in Python also before a last line feed."""
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern), re.ASCII)


def _check_pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"does not match {pattern}")


_Validator: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _check_pattern})


def _is_uri(instance: object) -> bool:
    """Say whether a string is a URI (RFC 3986); the library's own check lets a last line feed through."""
    if not isinstance(instance, str):
        return True
    return not instance.endswith("\n") and validate_rfc3986(instance, rule="URI") is not None


_FORMATS: Any = jsonschema.FormatChecker(())
_FORMATS.checks("uri")(_is_uri)
