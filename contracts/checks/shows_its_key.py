"""Authentication."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def shows_its_key(recording: Recording) -> Iterator[Finding]:
    """Every request shows the key: as a bearer token, or in an authentication task that comes first."""
    authenticated: set[int] = set()
    for exchange in recording.exchanges:
        first = exchange.tasks[0] if exchange.tasks else {}
        is_shown = first.get("taskType") == "authentication" and first.get("apiKey") == recording.api_key
        if exchange.transport == "websocket":
            if is_shown:
                authenticated.add(exchange.connection)
            if exchange.connection not in authenticated and first.get("taskType") != "ping":
                said = "the first message on a connection is no authentication with the key"
                yield Finding(said, exchange.number, place="")
            continue
        scheme, _, key = exchange.header("authorization").partition(" ")
        if not is_shown and (scheme.lower() != "bearer" or key.strip() != recording.api_key):
            yield Finding(
                "the request does not show the key that the client was given",
                exchange.number,
                exchange.header("authorization") or None,
                "Bearer <key>",
                "authorization",
            )


CHECK = Check(
    "shows-its-key",
    MUST,
    shows_its_key,
    "documentation of authentication (stated)",
    "send Authorization: Bearer <key> with every request, submissions and polls alike",
)
