"""How sure we are of what the schemas say, and where each fact comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.spec.catalogue import CONFIDENCES
from mockserver.spec.documents import Documents, is_schema_file, look_up, walk
from mockserver.spec.keywords import RULES
from mockserver.spec.problem import SchemaProblem


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


def check_claims(documents: Documents) -> None:
    """Refuse claims about places that do not exist, and from sources that are not listed.

    Raises:
        SchemaProblem: names the claim.
    """
    table = documents["sources.json"]
    for path, claims in table["claims"].items():
        for pointer, claim in claims.items():
            place = f"sources.json: {path}#{pointer}"
            try:
                look_up(documents[path], pointer)
            except LookupError as problem:
                raise SchemaProblem(place, "there is no such place", "mend the claim") from problem
            if claim["confidence"] not in CONFIDENCES:
                raise SchemaProblem(place, f"unknown confidence {claim['confidence']!r}", f"use {list(CONFIDENCES)}")
            for source in claim["from"]:
                if source not in table["sources"]:
                    raise SchemaProblem(place, f"unknown source {source!r}", "list it under sources")
