"""How many deliveries one key may have owed to its receivers: the next task that asks for some is refused with 429."""

import json
from typing import Any

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock
from mockserver.platform import Caller
from tests.support.couriers import SlowOutbox
from tests.support.mocks import answered, still_mock

HOOK, UPLOAD = "https://example.com/hook", "https://example.com/put"
LONG_ENOUGH_MS = 600_000


def submit(mock: Mock, number: int, key: str = "a-key", **parameters: Any) -> tuple[int, str]:
    """Submit the task of a number and return the status of the answer and its code, or "accepted"."""
    uuid = f"24cd5dff-cb81-4db5-8506-{number:012d}"
    task = {"taskType": "videoInference", "taskUUID": uuid, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    caller = Caller("http://mock.test", "http", mock.runtime.desk.keyring.owner(key))
    answers = answered(mock.runtime.exchange(json.dumps([{**task, **parameters}]).encode(), caller))
    return mock.runtime.desk.wire.envelope(answers).status, answers[0].outcome


ACCEPTED, REFUSED = (200, "accepted"), (429, "rateLimitExceeded")


def test_a_key_to_whose_receivers_enough_is_owed_is_refused_what_would_owe_more() -> None:
    """The last delivery that fits is taken on; others of the key are refused, other keys and plain tasks are not."""
    clock, courier = ManualClock(), SlowOutbox()
    mock = still_mock({"max-owed": "5"}, clock, courier)
    assert submit(mock, 1, webhookURL=HOOK, numberResults=3) == ACCEPTED
    clock.advance(LONG_ENOUGH_MS)
    assert len(courier.under_way) == 3
    assert submit(mock, 2, webhookURL=HOOK, numberResults=3) == REFUSED
    assert submit(mock, 2, webhookURL=HOOK, uploadEndpoint=UPLOAD, numberResults=2) == REFUSED
    assert submit(mock, 2, webhookURL=HOOK, uploadEndpoint=UPLOAD) == ACCEPTED
    assert submit(mock, 3) == ACCEPTED
    assert submit(mock, 4, key="another", webhookURL=HOOK, numberResults=3) == ACCEPTED
    clock.advance(LONG_ENOUGH_MS)
    assert submit(mock, 5, webhookURL=HOOK, numberResults=3) == REFUSED


def test_what_is_over_is_owed_no_longer() -> None:
    """Taken, given up or forgotten: each makes room again, and nothing is left to count."""
    clock, courier = ManualClock(), SlowOutbox()
    mock = still_mock({"max-owed": "2", "webhook-attempts": "2"}, clock, courier)
    owner = mock.runtime.desk.keyring.owner("a-key") or ""
    assert submit(mock, 1, webhookURL=HOOK, numberResults=2) == ACCEPTED
    clock.advance(LONG_ENOUGH_MS)
    courier.deliver()
    courier.deliver(status=500)
    assert (mock.runtime.dispatch.owed_by(owner), submit(mock, 2, webhookURL=HOOK, numberResults=2)) == (1, REFUSED)
    clock.advance(LONG_ENOUGH_MS)
    courier.deliver(status=500)
    assert (mock.runtime.dispatch.owed_by(owner), mock.runtime.dispatch.owed) == (0, 0)
    assert submit(mock, 2, webhookURL=HOOK, numberResults=2) == ACCEPTED
    clock.advance(LONG_ENOUGH_MS)
    assert mock.runtime.dispatch.owed_by(owner) == 2
    mock.runtime.dispatch.forget(owner)
    assert (mock.runtime.dispatch.owed_by(owner), submit(mock, 3, webhookURL=HOOK)) == (0, ACCEPTED)


def test_a_refused_task_is_refused_again_or_accepted_but_never_lost() -> None:
    """The UUID of a refused task is free: once there is room the same submission is taken on."""
    clock, courier = ManualClock(), SlowOutbox()
    mock = still_mock({"max-owed": "1"}, clock, courier)
    assert submit(mock, 1, webhookURL=HOOK) == ACCEPTED
    clock.advance(LONG_ENOUGH_MS)
    assert [submit(mock, 2, webhookURL=HOOK) for _ in range(2)] == [REFUSED, REFUSED]
    courier.deliver()
    assert submit(mock, 2, webhookURL=HOOK) == ACCEPTED
