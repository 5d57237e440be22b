"""Every fault, driven through every transport: what raw clients see of it."""

from functools import cache

import pytest

from mockserver.faults import FAULTS
from tests.faults.conversation import Words, converse, differences
from tests.faults.wire import CLIENTS

#: What is not as usual, by fault and transport.
SEEN: dict[str, dict[str, Words]] = {
    "answer-503": {
        "HTTP": {"submit": "503, marked answer-503, serviceUnavailable", "submit again": "200, acknowledged"},
        "WebSocket": {"submit": "serviceUnavailable", "submit again": "acknowledged"},
        "in process": {"submit": "503, marked answer-503, serviceUnavailable", "submit again": "200, acknowledged"},
    },
    "drop-webhook": {transport: {"webhooks": "none"} for transport in CLIENTS},
}


@cache
def usual(transport: str) -> Words:
    """Return a conversation in which nothing goes wrong."""
    return converse(transport)


@pytest.mark.parametrize("transport", CLIENTS)
@pytest.mark.parametrize("fault", SEEN)
def test_a_fault_is_seen_as_described(fault: str, transport: str) -> None:
    """A magic value makes go wrong what the description says, and nothing else."""
    assert fault in FAULTS
    assert differences(converse(transport, f"[[{fault}]]"), usual(transport)) == SEEN[fault][transport]
