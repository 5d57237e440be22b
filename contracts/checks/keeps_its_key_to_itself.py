"""Where a key must not be."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording

_PLACES = frozenset({"authorization"})


def keeps_its_key_to_itself(recording: Recording) -> Iterator[Finding]:
    """The key is in no address, no other header, no other task and no message of an error."""
    key = recording.api_key
    for exchange in recording.exchanges:
        if key in exchange.target:
            said = "the key is part of the address, which proxies and servers log"
            yield Finding(said, exchange.number, exchange.target, "an address without it", ":path")
        for name, value in exchange.headers:
            if key in value and name not in _PLACES:
                said = f"the header {name} shows the key"
                yield Finding(said, exchange.number, value, "the key in Authorization alone", name)
        for task in exchange.tasks:
            for name, value in task.items():
                if key in str(value) and (task.get("taskType"), name) != ("authentication", "apiKey"):
                    place = exchange.pointer(task, name)
                    yield Finding(f"the parameter {name} shows the key", exchange.number, value, place=place)
    if key in recording.outcome.message:
        said = "the message of the error shows the key"
        yield Finding(said, 0, recording.outcome.message, "a message without it", "/error/message")


CHECK = Check(
    "keeps-its-key-to-itself",
    MUST,
    keeps_its_key_to_itself,
    "documentation of authentication (stated where it belongs)",
    "put the key into the Authorization header and nowhere else",
)
