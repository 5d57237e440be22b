"""Bodies."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def sends_json_lists(recording: Recording) -> Iterator[Finding]:
    """Every request is a JSON list of objects, and says so in its Content-Type."""
    for exchange in recording.exchanges:
        document = exchange.document
        if not isinstance(document, list) or not all(isinstance(task, dict) for task in document):
            begins = exchange.body[:60].decode(errors="replace")
            yield Finding("the body is no JSON list of objects", exchange.number, begins, "[{…}]", "")
        kind = exchange.header("content-type").partition(";")[0].strip().lower()
        if exchange.transport == "http" and kind != "application/json":
            yield Finding(f"Content-Type is {kind!r}", exchange.number, kind, "application/json", "content-type")


CHECK = Check(
    "sends-json-lists",
    MUST,
    sends_json_lists,
    "documentation of connections (stated)",
    "send a list even for a single task, with the header Content-Type: application/json",
)
