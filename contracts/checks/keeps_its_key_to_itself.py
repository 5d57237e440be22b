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
            yield Finding("the key is part of the address, which proxies and servers log", exchange.number)
        for name, value in exchange.headers:
            if key in value and name not in _PLACES:
                yield Finding(f"the header {name} shows the key", exchange.number, name)
        for task in exchange.tasks:
            for name, value in task.items():
                if key in str(value) and (task.get("taskType"), name) != ("authentication", "apiKey"):
                    yield Finding(f"the parameter {name} shows the key", exchange.number, name)
    if key in recording.outcome.message:
        yield Finding("the message of the error shows the key", 0, recording.outcome.message.replace(key, "<key>"))


CHECK = Check(
    "keeps-its-key-to-itself",
    MUST,
    keeps_its_key_to_itself,
    "documentation of authentication (stated where it belongs)",
    "put the key into the Authorization header and nowhere else",
)
