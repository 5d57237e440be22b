"""Refusals for good."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def tries_nothing_hopeless(recording: Recording) -> Iterator[Finding]:
    """What was refused for good is not handed in again."""
    refused = None
    for exchange, _ in recording.submissions:
        if refused is not None:
            said = f"handed in again, although it was refused with {refused.errors[0].get('code')}"
            yield Finding(said, exchange.number)
            return
        if exchange.is_refused_for_good:
            refused = exchange


CHECK = Check(
    "tries-nothing-hopeless",
    MUST,
    tries_nothing_hopeless,
    "documentation of errors (stated)",
    "raise at once after 400, 401, 402, 403 and 404",
)
