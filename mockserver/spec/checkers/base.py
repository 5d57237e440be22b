"""What a checker is: a JSON Schema library behind two questions."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

Path = tuple[str | int, ...]


class Breach(NamedTuple):
    """One broken rule.

    Attributes:
        instance: the way from the document to the value, names and 0-based positions.
        rule: the way from the schema to the broken keyword, which comes last; for a schema of
            `false` the last member is the place of that schema. For a wrong number of matching
            items libraries name `contains` or the keyword that bounds it.
    """

    instance: Path
    rule: Path


class Checker(Protocol):
    """Holds documents against one schema. Documents are parsed JSON; nothing here blocks."""

    def accepts(self, document: Any) -> bool:
        """Say whether the document keeps every rule."""

    def breaches(self, document: Any) -> list[Breach]:
        """Return every broken rule, in no particular order."""


class CheckerFactory(Protocol):
    """Builds a checker for one schema, without references in it."""

    def __call__(self, schema: Mapping[str, Any] | bool) -> Checker:
        """Build the checker.

        Raises:
            ValueError: the schema itself is not valid JSON Schema 2020-12.
        """
