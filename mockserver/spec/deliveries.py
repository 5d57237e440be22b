"""How deliveries are made: deadlines, waits between attempts, headers, read from `schema/deliveries.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.spec.shapes import TEXT, TEXTS, Schema, Shape, members, named

#: What is delivered.
KINDS = ("webhook", "upload")


@dataclass(frozen=True, slots=True)
class Header:
    """Headers that some addresses need.

    Attributes:
        names: parameters that the query of such an address has.
        send: the headers.
    """

    names: frozenset[str]
    send: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manner:
    """How one kind of delivery is made.

    Attributes:
        deadline_s: longest time for an attempt, from connecting to the status of the answer, in seconds.
        first_wait_ms: wait before the second attempt, in milliseconds.
        factor: how much longer each wait is than the one before.
        longest_wait_ms: no wait is longer, in milliseconds.
        jitter: by what part of itself a wait may be longer or shorter, 0 to 1.
        headers: headers that some addresses need.
    """

    deadline_s: float
    first_wait_ms: int
    factor: float
    longest_wait_ms: int
    jitter: float
    headers: Sequence[Header] = ()

    def headers_for(self, url: str) -> Mapping[str, str]:
        """Return the headers that an address needs beside the usual ones."""
        found: dict[str, str] = {}
        if self.headers:
            query = url.partition("#")[0].partition("?")[2]
            names = {part.partition("=")[0] for part in query.split("&")}
            for header in self.headers:
                if header.names <= names:
                    found.update(header.send)
        return found


def _number(least: float, most: float) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most, "x-expects": f"a number from {least} to {most}"}


_HEADER = members({"whenQueryHas": TEXTS, "send": named(TEXT)}, {"about": TEXT})
_MANNER = members(
    {
        "deadlineSeconds": _number(0.001, 3600),
        "firstWaitSeconds": _number(0, 3600),
        "factor": _number(1, 100),
        "longestWaitSeconds": _number(0, 86_400),
        "jitter": _number(0, 1),
    },
    {"headers": {"type": "array", "items": _HEADER, "x-expects": "a list of headers that some addresses need"}},
)
MANNERS = Shape(members(dict.fromkeys(KINDS, _MANNER), {"title": TEXT}))


def read_manners(document: Any) -> Mapping[str, Manner]:
    """Read `deliveries.json`: the manner of each kind of delivery.

    Raises:
        SchemaProblem: a member is missing, of the wrong type, out of its range, or read by nobody.
    """
    MANNERS.check("deliveries.json", document)
    return {kind: _read_manner(document[kind]) for kind in KINDS}


def _read_manner(entry: Mapping[str, Any]) -> Manner:
    headers = [Header(frozenset(each["whenQueryHas"]), each["send"]) for each in entry.get("headers", ())]
    return Manner(
        deadline_s=entry["deadlineSeconds"],
        first_wait_ms=round(entry["firstWaitSeconds"] * 1000),
        factor=entry["factor"],
        longest_wait_ms=round(entry["longestWaitSeconds"] * 1000),
        jitter=entry["jitter"],
        headers=headers,
    )
