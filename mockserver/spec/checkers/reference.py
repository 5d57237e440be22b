"""jsonschema: the reference implementation, which the fast checker is held against."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema
from jsonschema.exceptions import SchemaError, ValidationError

from mockserver.spec.checkers.base import Breach


class ReferenceChecker:
    """Holds documents against one schema with jsonschema."""

    def __init__(self, schema: Mapping[str, Any] | bool) -> None:
        try:
            _Validator.check_schema(schema)
        except SchemaError as problem:
            raise ValueError(problem.message) from problem
        self._validator = _Validator(schema, format_checker=_Validator.FORMAT_CHECKER)

    def accepts(self, document: Any) -> bool:
        """Say whether the document keeps every rule."""
        return bool(self._validator.is_valid(document))

    def breaches(self, document: Any) -> list[Breach]:
        """Return every broken rule."""
        return [
            Breach(tuple(error.absolute_path), tuple(error.absolute_schema_path))
            for error in self._validator.iter_errors(document)
        ]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile an ECMA-262 pattern: there `$` is the very end, in Python also before a last line feed."""
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern), re.ASCII)


def _check_pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"does not match {pattern}")


_Validator: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _check_pattern})
