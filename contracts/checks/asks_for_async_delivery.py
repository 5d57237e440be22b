"""How results are delivered."""

from collections.abc import Iterator

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Recording


def asks_for_async_delivery(recording: Recording) -> Iterator[Finding]:
    """A video is asked for with deliveryMethod async, or without one, which says the same."""
    for exchange, task in recording.submissions:
        method = task.get("deliveryMethod", "async")
        if method != "async":
            place = exchange.pointer(task, "deliveryMethod")
            yield Finding(f"deliveryMethod is {method!r}", exchange.number, method, "async", place)


CHECK = Check(
    "asks-for-async-delivery",
    SHOULD,
    asks_for_async_delivery,
    "the parameter page, deliveryMethod (stated); official clients always send it (observed)",
    "send deliveryMethod async and poll: a video takes longer than most connections live",
)
