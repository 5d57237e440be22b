"""The last poll."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Exchange, Recording


def stops_when_done(recording: Recording) -> Iterator[Finding]:
    """Once a poll has told how every result ended, nothing more is asked."""
    is_done = False
    for exchange, _ in recording.polls:
        if is_done:
            yield Finding("polled although the poll before had told everything", exchange.number)
            return
        is_done = _tells_all(exchange)


def _tells_all(exchange: Exchange) -> bool:
    if exchange.is_transient or not (exchange.items or exchange.errors):
        return False
    return all(item.get("status") != "processing" for item in exchange.items)


CHECK = Check(
    "stops-when-done",
    MUST,
    stops_when_done,
    "documentation of task polling (stated)",
    "stop when no item says processing; failed results stand under errors",
)
