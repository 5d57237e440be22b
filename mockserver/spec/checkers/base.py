"""What a checker is: a JSON Schema library behind two questions."""

from collections.abc import Mapping, Sequence
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


class Sifted(NamedTuple):
    """What is wrong with a document, with as much as possible told by the name of a member alone.

    Attributes:
        members: names of members whose value breaks rules that speak of it alone, in the order of the document.
        others: every other broken rule, in no particular order.
    """

    members: Sequence[str]
    others: Sequence[Breach]


class Checker(Protocol):
    """Holds documents against one schema. Documents are parsed JSON; nothing here blocks."""

    def accepts(self, document: Any) -> bool:
        """Say whether the document keeps every rule."""

    def breaches(self, document: Any) -> Sequence[Breach]:
        """Return every broken rule, in no particular order."""

    def sift(self, document: Any) -> Sifted:
        """Return every broken rule, those that speak of one member alone by the name of that member."""

    def member_breaches(self, name: str, value: Any, /) -> Sequence[Breach]:
        """Return the rules that a value breaks as a member of that name, whatever the others are."""


class CheckerFactory(Protocol):
    """Builds a checker for one schema, without references in it."""

    def __call__(self, schema: Mapping[str, Any] | bool) -> Checker:
        """Build the checker.

        Raises:
            ValueError: the schema itself is not valid JSON Schema 2020-12.
        """
