"""How sure we are of what the schemas say, and where each fact comes from."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.spec.catalogue import CONFIDENCES
from mockserver.spec.documents import Documents, escape, is_schema_file, look_up, walk
from mockserver.spec.keywords import RULES
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.shapes import TEXT, TEXTS, Shape, members, named

_CLAIM = members({"confidence": {"enum": list(CONFIDENCES)}, "from": TEXTS}, {"note": TEXT})
SOURCES = Shape(
    members(
        {
            "schemaVersion": TEXT,
            "sources": named(members({"title": TEXT}, {"address": TEXT, "read": TEXT})),
            "claims": named(named(_CLAIM)),
        },
        {"title": TEXT, "confidence": members(dict.fromkeys(CONFIDENCES, TEXT))},
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a rule comes from.

    Attributes:
        confidence: "stated", "observed" or "assumed".
        sources: keys of the sources.
        note: what else there is to say, or "".
    """

    confidence: str
    sources: tuple[str, ...]
    note: str = ""


def claim_for(documents: Documents, path: str, pointer: str) -> Claim | None:
    """Return the claim for a place of a schema file: its own, or that of the nearest place around it."""
    claims: Mapping[str, Any] = documents["sources.json"]["claims"].get(path, {})
    here = pointer
    while True:
        if here in claims:
            found = claims[here]
            return Claim(found["confidence"], tuple(found["from"]), found.get("note", ""))
        if not here:
            return None
        here = here.rpartition("/")[0]


def unclaimed_rules(documents: Documents) -> Iterator[str]:
    """Yield every place that holds a rule and has no claim."""
    for path, document in documents.items():
        if is_schema_file(path):
            for pointer, node in walk(document):
                for keyword in node if isinstance(node, Mapping) else ():
                    if keyword in RULES and claim_for(documents, path, f"{pointer}/{keyword}") is None:
                        yield f"{path}#{pointer}/{keyword}"


def check_claims(documents: Documents, replaced: Collection[str] = ()) -> None:
    """Refuse a table of claims that lacks something, and claims about nothing or from sources that are not listed.

    Args:
        documents: the data files by path, as they were read.
        replaced: files that took the place of those that the table speaks of; claims about them are not looked at.

    Raises:
        SchemaProblem: names the claim.
    """
    table = documents["sources.json"]
    SOURCES.check("sources.json", table)
    for path, claims in table["claims"].items():
        for pointer, claim in claims.items() if path not in replaced else ():
            place = f"sources.json#/claims/{escape(path)}/{escape(pointer)}"
            try:
                look_up(documents[path], pointer)
            except LookupError as problem:
                raise SchemaProblem(place, "there is no such place", "mend the claim") from problem
            for source in claim["from"]:
                if source not in table["sources"]:
                    raise SchemaProblem(place, f"unknown source {source!r}", "list it under sources")
