"""What is owed is delivered: attempts on schedule, nothing lost, nothing repeated, everything noted. In virtual time."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from mockserver.adapters.agendas import ClockAgenda
from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import MemoryStore
from mockserver.app import Mock
from mockserver.dispatch import Dispatch, insist, key_of
from mockserver.engine.deliveries import Owed
from mockserver.journal import Attempt, Entry, Journal
from mockserver.platform import Caller
from mockserver.ports import Courier, Delivery, Parcel, Shelf
from tests.support.couriers import Receivers, SlowOutbox
from tests.support.logs import Remarks
from tests.support.mocks import answered, still_mock

HOOK, UPLOAD = "https://example.com/hook?token=a%2Fb", "https://example.com/put?signature=a%2Fb"
LONG_ENOUGH_MS = 600_000
DAY_MS = 86_400_000
#: Waits of a webhook that is tried six times, in milliseconds; each may differ by a fifth.
EVEN_WAITS_MS = (250, 500, 1000, 2000, 4000)


def uuid_of(number: int) -> str:
    """Return the UUID of the task of a number."""
    return f"24cd5dff-cb81-4db5-8506-{number:012d}"


def video(number: int, **parameters: Any) -> dict[str, Any]:
    """Return the submission of the task of a number."""
    task = {"taskType": "videoInference", "taskUUID": uuid_of(number), "model": "minimax:3@1"}
    return {**task, "positivePrompt": "a lighthouse", **parameters}


def ask(mock: Mock, *tasks: dict[str, Any]) -> None:
    """Send tasks."""
    owner = mock.runtime.desk.keyring.owner("a-key")
    mock.runtime.exchange(json.dumps(tasks).encode(), Caller("http://mock.test", "http", owner))


def make(answer: Callable[[Parcel], int | None], **settings: str) -> tuple[Mock, ManualClock, Receivers, Remarks]:
    """Return a mock whose receivers answer at once, its clock, the receivers and its log."""
    clock, receivers, log = ManualClock(), Receivers(answer), Remarks()
    names = {name.replace("_", "-"): value for name, value in settings.items()}
    mock = still_mock({"journal": "1000000", **names}, clock, receivers, log)
    return mock, clock, receivers, log


def attempts(mock: Mock) -> Sequence[Attempt]:
    """Return every attempt that a mock made."""
    assert mock.journal
    return [entry for entry in mock.journal.entries() if isinstance(entry, Attempt)]


def failing(times: int) -> Callable[[Parcel], int]:
    """Return receivers that refuse each webhook so often, and then take it."""
    seen: Counter[bytes] = Counter()

    def answer(parcel: Parcel) -> int:
        seen[parcel.body] += 1
        return 200 if seen[parcel.body] > times else 500

    return answer


def test_a_thousand_webhooks_to_a_receiver_that_fails_each_twice_all_arrive() -> None:
    """None is lost, none is sent again once it was taken, and each is tried when the schedule says."""
    mock, clock, receivers, _ = make(failing(2))
    ask(mock, *(video(number, webhookURL=HOOK) for number in range(1000)))
    clock.advance(LONG_ENOUGH_MS)
    by_task: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts(mock):
        by_task[attempt.task_uuid].append(attempt)
    assert sorted(by_task) == [uuid_of(number) for number in range(1000)]
    for each in by_task.values():
        assert [(a.attempt, a.status, a.outcome) for a in each] == [
            (1, 500, "retry"),
            (2, 500, "retry"),
            (3, 200, "delivered"),
        ]
        for (before, after), even_ms in zip(pairwise(each), EVEN_WAITS_MS, strict=False):
            assert after.at_ms == before.next_at_ms
            assert 0.8 * even_ms - 1 <= after.at_ms - before.at_ms <= 1.2 * even_ms + 1
    bodies = Counter(parcel.body for parcel in receivers.sent)
    assert set(bodies.values()) == {3}
    assert len(bodies) == 1000
    assert len({each[0].next_at_ms for each in by_task.values()}) > 100, "they do not come back all at once"
    assert mock.runtime.dispatch.owed == 0


def test_a_webhook_that_nobody_takes_is_given_up_after_its_attempts() -> None:
    """Six attempts, each later than the one before, the same bytes to the same address; the task is a success."""
    mock, clock, receivers, log = make(lambda _: None)
    ask(mock, video(1, webhookURL=HOOK))
    clock.advance(LONG_ENOUGH_MS)
    made = attempts(mock)
    assert [a.attempt for a in made] == [1, 2, 3, 4, 5, 6]
    assert [a.outcome for a in made] == ["retry"] * 5 + ["given up"]
    waits = [after.at_ms - before.at_ms for before, after in pairwise(made)]
    for wait, even_ms in zip(waits, EVEN_WAITS_MS, strict=True):
        assert 0.8 * even_ms - 1 <= wait <= 1.2 * even_ms + 1
    assert {(a.kind, a.method, a.url, a.status, a.problem, a.excerpt, a.index) for a in made} == {
        ("webhook", "POST", HOOK, None, "it was not taken", "answer None", 0)
    }
    assert made[-1].next_at_ms is None
    assert len({(parcel.url, parcel.body, parcel.media_type) for parcel in receivers.sent}) == 1
    assert [parcel.deadline_s for parcel in receivers.sent] == [5] * 6
    assert len(log.remarks) == 6
    assert (
        log.remarks[-1]
        == "task 24cd5dff: POST https://example.com/hook failed: it was not taken; given up after 6 attempts"
    )
    assert statuses(mock, 1) == ["success"]


def statuses(mock: Mock, number: int) -> list[str]:
    """Return the statuses that a poll of a task has; of an error its code."""
    owner = mock.runtime.desk.keyring.owner("a-key")
    body = json.dumps([{"taskType": "getResponse", "taskUUID": uuid_of(number)}]).encode()
    answers = mock.runtime.exchange(body, Caller("http://mock.test", "http", owner))
    document = json.loads(mock.runtime.desk.wire.envelope(list(answered(answers))).body)
    return [item["status"] for item in document["data"]] + [error["code"] for error in document.get("errors", ())]


def day_of_retries() -> Sequence[Entry]:
    """Let a webhook be refused for a day, and return the journal."""
    mock, clock, _, _ = make(lambda _: 503, webhook_attempts="1000000", seed="11")
    ask(mock, video(1, webhookURL=HOOK))
    clock.advance(DAY_MS)
    assert mock.journal
    return mock.journal.entries()


def test_a_day_of_retries_takes_no_time_and_is_the_same_again() -> None:
    """The same seed gives the same attempts at the same times, thousands of them."""
    first, second = day_of_retries(), day_of_retries()
    assert first == second
    made = [entry for entry in first if isinstance(entry, Attempt)]
    assert DAY_MS / 8000 < len(made) < DAY_MS / 8000 * 1.3
    assert DAY_MS - LONG_ENOUGH_MS < made[-1].at_ms - made[0].at_ms < DAY_MS
    assert max(after.at_ms - before.at_ms for before, after in pairwise(made)) <= 8000


def test_uploads_are_tried_once_unless_the_setting_says_otherwise() -> None:
    """upload-attempts lets a storage that fails once have the file all the same."""
    for most, outcomes in (("1", ["given up"]), ("3", ["retry", "delivered"])):
        mock, clock, receivers, _ = make(failing(1), upload_attempts=most)
        ask(mock, video(1, uploadEndpoint=UPLOAD))
        clock.advance(LONG_ENOUGH_MS)
        assert [a.outcome for a in attempts(mock)] == outcomes
        assert {(a.kind, a.method, a.url) for a in attempts(mock)} == {("upload", "PUT", UPLOAD)}
        assert [parcel.deadline_s for parcel in receivers.sent] == [10] * len(outcomes)
        assert statuses(mock, 1) == ["success"]


def test_results_of_a_task_are_uploaded_one_after_the_other() -> None:
    """To one address go all results in their order, so that the last one stays there; each counts when it is through."""
    clock, courier = ManualClock(), SlowOutbox()
    mock = still_mock({}, clock, courier)
    ask(mock, video(1, uploadEndpoint=UPLOAD, webhookURL=HOOK, numberResults=3))
    clock.advance(LONG_ENOUGH_MS)
    for done in range(3):
        uploads = [parcel for parcel in courier.under_way if parcel.method == "PUT"]
        assert len(uploads) == 1
        assert statuses(mock, 1) == ["success"] * done + ["processing"] * (3 - done)
        courier.deliver(courier.under_way.index(uploads[0]))
    assert statuses(mock, 1) == ["success"] * 3
    assert Counter(parcel.method for parcel in courier.sent) == {"PUT": 3, "POST": 3}


def test_where_uploads_count_a_failed_one_fails_its_result_alone() -> None:
    """upload-failure fail: the result ends with uploadFailed, its webhook says so, and the others go on."""
    taken = iter([200, 403, 200])
    mock, clock, receivers, _ = make(
        lambda parcel: next(taken) if parcel.method == "PUT" else 200, upload_failure="fail"
    )
    ask(mock, video(1, uploadEndpoint=UPLOAD, webhookURL=HOOK, numberResults=3))
    clock.advance(LONG_ENOUGH_MS)
    assert statuses(mock, 1) == ["success", "success", "uploadFailed"]
    calls = [json.loads(parcel.body) for parcel in receivers.sent if parcel.method == "POST"]
    assert [list(call) for call in calls] == [["data"], ["errors"], ["data"]]
    assert calls[1]["errors"][0]["code"] == "uploadFailed"


def test_a_blob_at_a_signed_azure_address_is_told_its_kind() -> None:
    """The header goes with the upload and with nothing else."""
    signed = "https://acme.blob.core.windows.net/videos/clip.mp4?sv=2026-02-06&sr=b&sig=a%2Bb"
    mock, clock, receivers, _ = make(lambda _: 200)
    ask(mock, video(1, uploadEndpoint=signed, webhookURL=signed), video(2, uploadEndpoint=UPLOAD))
    clock.advance(LONG_ENOUGH_MS)
    assert {(p.method, p.url, tuple(p.headers.items())) for p in receivers.sent} == {
        ("PUT", signed, (("x-ms-blob-type", "BlockBlob"),)),
        ("POST", signed, ()),
        ("PUT", UPLOAD, ()),
    }


class Office:
    """A dispatch by itself, with everything around it in reach."""

    def __init__(self, courier: Courier, **options: Any) -> None:
        self.clock, self.log = ManualClock(), Remarks()
        self.store = MemoryStore(self.clock)
        self.journal = Journal(self.clock, 100)
        self.over: list[tuple[Owed, bool]] = []
        manners: Mapping[str, Any] = still_mock().spec.manners
        most = {"webhook": 6, "upload": 1}
        self.dispatch = Dispatch(
            self.store,
            ClockAgenda(self.clock),
            self.clock,
            courier,
            self.journal,
            manners,
            most,
            lambda _owed, take: take((b"a video", "video/mp4")),
            lambda owed, is_delivered: self.over.append((owed, is_delivered)),
            self.log.say,
            **options,
        )


def owed(number: int = 1, owner: str = "me", **members: Any) -> Owed:
    """Return a webhook that is owed."""
    usual: dict[str, Any] = {"kind": "webhook", "index": 0, "url": HOOK, "body": b"{}", "nonce": bytes([number] * 16)}
    return Owed(**{**usual, "owner": owner, "task_uuid": uuid_of(number).upper(), **members})


def test_what_is_owed_is_in_the_store_until_it_is_over() -> None:
    """From the first attempt to the last, with the attempt that comes next, as plain data."""
    courier = SlowOutbox()
    office = Office(courier)
    webhook = owed()
    office.dispatch.owe(webhook)
    assert office.store.get(Shelf.DELIVERIES, key_of(webhook)) == webhook
    courier.deliver(status=500)
    kept = office.store.get(Shelf.DELIVERIES, key_of(webhook))
    assert isinstance(kept, Owed)
    assert (kept.attempt, kept.at_ms) == (2, office.clock.next_at_ms)
    office.clock.advance(LONG_ENOUGH_MS)
    courier.deliver()
    assert office.store.get(Shelf.DELIVERIES, key_of(webhook)) is None
    assert [(each.attempt, is_delivered) for each, is_delivered in office.over] == [(2, True)]


def test_the_same_can_be_owed_twice() -> None:
    """Each copy has its own attempts."""
    courier = SlowOutbox()
    office = Office(courier)
    for _ in range(3):
        office.dispatch.owe(owed())
    assert office.dispatch.owed == office.dispatch.under_way == len(courier.sent) == 3
    for _ in range(3):
        courier.deliver()
    assert [each.copy for each, _ in office.over] == [0, 1, 2]


def test_a_delivery_can_be_owed_for_later() -> None:
    """Its first attempt is made when its time has come."""
    courier = SlowOutbox()
    office = Office(courier)
    office.dispatch.owe(owed(at_ms=office.clock.now_ms() + 1000))
    office.clock.advance(999)
    assert courier.sent == []
    office.clock.advance(1)
    assert len(courier.sent) == 1


def test_a_receiver_may_be_taken_to_have_answered_without_being_asked() -> None:
    """The first attempts then end as it was said, on schedule, and the next ones are sent."""
    courier = SlowOutbox()
    office = Office(courier)
    office.dispatch.owe(owed(answers=(503, 404)))
    office.clock.advance(LONG_ENOUGH_MS)
    courier.deliver()
    made = [entry for entry in office.journal.entries() if isinstance(entry, Attempt)]
    assert [(each.status, each.outcome) for each in made] == [(503, "retry"), (404, "retry"), (200, "delivered")]
    assert [each.problem for each in made[:2]] == [f"the receiver is taken to have answered {n}" for n in (503, 404)]
    assert len(courier.sent) == 1


def test_what_an_owner_is_owed_can_be_forgotten() -> None:
    """Nothing more is sent for it, attempts under way end unnoticed, and others are served as before."""
    courier = SlowOutbox()
    office = Office(courier)
    office.dispatch.owe(owed(1))
    office.dispatch.owe(owed(2, owner="you"))
    office.dispatch.owe(owed(3))
    courier.deliver(status=500)
    office.dispatch.forget("me")
    assert (office.dispatch.owed, office.clock.next_at_ms) == (1, None)
    assert office.store.count(Shelf.DELIVERIES) == 1
    courier.deliver(1)
    courier.deliver()
    assert [each.owner for each, _ in office.over] == ["you"]
    assert office.dispatch.under_way == 0
    office.dispatch.owe(owed(4))
    office.dispatch.forget()
    assert office.dispatch.owed == 0


def test_whoever_waits_for_rest_is_told_when_no_attempt_is_under_way() -> None:
    """At once where none is; deliveries that wait for their next attempt do not count."""
    courier = SlowOutbox()
    office = Office(courier)
    told: list[str] = []
    office.dispatch.when_idle(lambda: told.append("at once"))
    office.dispatch.owe(owed(1))
    office.dispatch.owe(owed(2))
    office.dispatch.when_idle(lambda: told.append("later"))
    courier.deliver()
    assert told == ["at once"]
    courier.deliver(status=500)
    assert told == ["at once", "later"]


def test_no_more_is_owed_than_there_is_room_for() -> None:
    """Beyond it a delivery is given up at once, and the log says why."""
    courier = SlowOutbox()
    office = Office(courier, most_owed=2)
    for number in range(3):
        office.dispatch.owe(owed(number))
    assert office.log.remarks == ["task 24CD5DFF: POST https://example.com/hook failed: too many deliveries are owed"]
    assert [(each.nonce[0], is_delivered) for each, is_delivered in office.over] == [(2, False)]
    assert (office.dispatch.owed, len(courier.sent)) == (2, 2)
    courier.deliver()
    office.dispatch.owe(owed(3))
    assert len(courier.sent) == 3


def test_a_journal_is_not_needed() -> None:
    """Where it is switched off deliveries go on."""
    clock, receivers = ManualClock(), Receivers(failing(2))
    mock = still_mock({"journal": "0"}, clock, receivers, Remarks())
    ask(mock, video(1, webhookURL=HOOK))
    clock.advance(LONG_ENOUGH_MS)
    assert len(receivers.sent) == 3


def test_a_delivery_that_cannot_succeed_is_not_tried_again() -> None:
    """What the outbound policy forbids is forbidden a second later, too."""

    class Forbidding(SlowOutbox):
        def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
            self.sent.append(parcel)
            done(Delivery(parcel, None, "not allowed", is_hopeless=True))

    courier = Forbidding()
    office = Office(courier)
    office.dispatch.owe(owed())
    assert office.log.remarks == ["task 24CD5DFF: POST https://example.com/hook failed: not allowed"]
    assert (len(courier.sent), office.dispatch.owed, office.clock.next_at_ms) == (1, 0, None)


def test_what_the_store_failed_at_is_done_again() -> None:
    """A second later, then after longer and longer waits, up to a minute; each failure is told."""
    clock = ManualClock(0)
    tried_at_ms: list[int] = []

    def work() -> None:
        tried_at_ms.append(clock.now_ms())
        if len(tried_at_ms) < 10:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        insist(clock, work)
    for _ in range(8):
        with pytest.raises(OSError, match="full"):
            clock.advance(DAY_MS)
    clock.advance(DAY_MS)
    waits_ms = [after - before for before, after in pairwise(tried_at_ms)]
    assert waits_ms == [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]
    assert clock.next_at_ms is None


def test_what_somebody_else_forgot_is_not_owed_again() -> None:
    """An attempt that is under way when another process drops what it is for ends unnoticed, however it ends."""
    courier = SlowOutbox()
    office = Office(courier)
    webhook = owed()
    office.dispatch.owe(webhook)
    office.store.drop(Shelf.DELIVERIES, key_of(webhook))
    courier.deliver(status=500)
    office.clock.advance(LONG_ENOUGH_MS)
    assert (office.dispatch.owed, office.over, len(courier.sent)) == (0, [], 1)


def test_a_dispatch_that_stopped_draws_no_conclusions() -> None:
    """What is owed stays owed as it was, for whoever comes next."""
    courier = SlowOutbox()
    office = Office(courier)
    webhook = owed()
    office.dispatch.owe(webhook)
    office.dispatch.stop()
    courier.deliver(status=500)
    office.clock.advance(LONG_ENOUGH_MS)
    assert office.store.get(Shelf.DELIVERIES, key_of(webhook)) == webhook
    assert (office.over, len(courier.sent)) == ([], 1)
