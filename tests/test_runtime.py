"""What the runtime promises beyond single conversations: what is owed is sent, what is kept is bounded."""

import asyncio
import gc
import json
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from contracts.pictures import as_data_uri, png
from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.couriers import Outbox
from mockserver.adapters.stores import HOUR_MS, MemoryStore, Room
from mockserver.app import Mock
from mockserver.engine.values import Task
from mockserver.journal import LONGEST_KEPT_TEXT
from mockserver.platform import Caller, Held
from mockserver.ports import Parcel, Shelf
from mockserver.runtime import TakeMedia
from mockserver.spec.problem import SchemaProblem
from tests.support.couriers import SlowOutbox
from tests.support.logs import Remarks
from tests.support.mocks import answered, rebuilt, still_mock

HOOK, UPLOAD = "https://example.com/hook", "https://example.com/put"
LONG_ENOUGH_MS = 600_000


def uuid_of(number: int) -> str:
    """Return the UUID of the task of a number."""
    return f"24cd5dff-cb81-4db5-8506-{number:012d}"


def video(number: int, **parameters: Any) -> dict[str, Any]:
    """Return the submission of the task of a number."""
    task = {"taskType": "videoInference", "taskUUID": uuid_of(number), "model": "minimax:3@1"}
    return {**task, "positivePrompt": "a lighthouse", **parameters}


def ask(mock: Mock, *tasks: dict[str, Any], key: str = "a-key") -> list[dict[str, Any]]:
    """Send tasks and return what each is answered with."""
    owner = mock.runtime.desk.keyring.owner(key)
    answers = mock.runtime.exchange(json.dumps(tasks).encode(), Caller("http://mock.test", "http", owner))
    settled = asyncio.run(mock.runtime.settle(answers)) if any(isinstance(each, Held) for each in answers) else answers
    return [json.loads(mock.runtime.desk.wire.envelope([answer]).body) for answer in answered(settled)]


def statuses(mock: Mock, number: int) -> list[str]:
    """Return the statuses that a poll of a task has; of an error its code."""
    (answer,) = ask(mock, {"taskType": "getResponse", "taskUUID": uuid_of(number)})
    return [item["status"] for item in answer["data"]] + [error["code"] for error in answer.get("errors", ())]


def test_a_task_that_still_has_to_send_something_is_not_dropped() -> None:
    """However little room there is, a task is kept until its upload is through and its webhook called."""
    clock, courier = ManualClock(), SlowOutbox()
    mock = still_mock({"keep-tasks": "3"}, clock, courier)
    ask(mock, *(video(number, uploadEndpoint=UPLOAD, webhookURL=HOOK) for number in range(3)))
    clock.advance(LONG_ENOUGH_MS)
    for number in range(10, 20):
        ask(mock, video(number))
        clock.advance(LONG_ENOUGH_MS)
    for _ in range(3):
        courier.deliver()
    assert [parcel.method for parcel in courier.under_way] == ["POST"] * 3
    assert [statuses(mock, number) for number in range(3)] == [["success"]] * 3


def test_a_task_whose_webhook_was_called_makes_room_like_any_other() -> None:
    """When nothing is owed any more, the oldest finished tasks go first."""
    clock = ManualClock()
    mock = still_mock({"keep-tasks": "2"}, clock)
    for number in range(5):
        ask(mock, video(number, webhookURL=HOOK))
        clock.advance(LONG_ENOUGH_MS)
    ask(mock, video(5))
    assert [statuses(mock, number) for number in range(3)] == [["taskNotFound"]] * 3
    assert [statuses(mock, number) for number in (3, 4)] == [["success"]] * 2


@pytest.mark.parametrize("parameters", [{}, {"webhookURL": HOOK}, {"webhookURL": HOOK, "uploadEndpoint": UPLOAD}])
def test_tasks_are_weighed_whatever_happened_to_them(parameters: dict[str, Any]) -> None:
    """Long requests take room until they are dropped, also after a timer or an upload changed the task."""
    clock = ManualClock()
    room = Room(max_entries=1000, max_bytes=40_000, retention_ms=24 * HOUR_MS)
    store = MemoryStore(clock, {Shelf.TASKS: room})
    mock = rebuilt(still_mock(clock=clock), store=store)
    for number in range(20):
        ask(mock, video(number, positivePrompt="x" * 1900, **parameters))
        clock.advance(LONG_ENOUGH_MS)
    ask(mock, video(20))
    assert store.count(Shelf.TASKS) < 10


@pytest.mark.parametrize("status", [500, 404, 302, None])
def test_an_upload_that_fails_does_not_fail_the_task(status: int | None) -> None:
    """Whatever the receiver answers, the result counts when the upload has ended, and its webhook is called."""
    clock, courier = ManualClock(), SlowOutbox()
    mock = still_mock({}, clock, courier)
    ask(mock, video(1, uploadEndpoint=UPLOAD, webhookURL=HOOK))
    clock.advance(LONG_ENOUGH_MS)
    assert statuses(mock, 1) == ["processing"]
    courier.deliver(status=status)
    assert statuses(mock, 1) == ["success"]
    assert [parcel.method for parcel in courier.sent] == ["PUT", "POST"]


def test_a_failed_delivery_is_logged_without_its_query() -> None:
    """The log says what failed and where, and keeps the tokens of the address to itself."""
    clock, courier, log = ManualClock(), SlowOutbox(), Remarks()
    mock = still_mock({}, clock, courier, log)
    ask(mock, video(1, webhookURL=f"{HOOK}?token=secret"))
    clock.advance(LONG_ENOUGH_MS)
    courier.deliver(status=500)
    (remark,) = log.remarks
    assert remark.startswith(f"task {uuid_of(1)[:8]}: POST {HOOK} failed: it was not taken; attempt 2 in 0.")


def test_a_video_for_which_there_is_no_clip_is_not_uploaded_and_succeeds() -> None:
    """Where nothing was rendered the log says so, and the task goes on without the upload."""
    clock, log, outbox = ManualClock(), Remarks(), Outbox()
    whole = still_mock({}, clock, outbox, log)

    def fetch_some(task: Task, index: int, take: TakeMedia) -> None:
        if task.params["outputFormat"] == "MOV":
            take(None)
        else:
            whole.runtime.fetch_media(task, index, take)

    mock = rebuilt(whole, fetch_media=fetch_some)
    ask(mock, *(video(n, uploadEndpoint=UPLOAD, outputFormat=name) for n, name in ((1, "MOV"), (2, "WEBM"))))
    clock.advance(LONG_ENOUGH_MS)
    assert [statuses(mock, 1), statuses(mock, 2)] == [["success"], ["success"]]
    assert [parcel.method for parcel in outbox.parcels] == ["PUT"]
    (remark,) = log.remarks
    assert uuid_of(1) in remark


def test_an_upload_waits_for_its_file() -> None:
    """While a file is being made its upload has not begun, other tasks go on, and then the upload is made."""
    clock, outbox = ManualClock(), Outbox()
    wanted: list[TakeMedia] = []
    mock = rebuilt(still_mock({}, clock, outbox), fetch_media=lambda _task, _index, take: wanted.append(take))
    ask(mock, video(1, uploadEndpoint=UPLOAD), video(2))
    clock.advance(LONG_ENOUGH_MS)
    assert [statuses(mock, 1), statuses(mock, 2), outbox.parcels] == [["processing"], ["success"], []]
    (take,) = wanted
    take((b"a video", "video/mp4"))
    assert statuses(mock, 1) == ["success"]
    assert outbox.parcels == [Parcel("PUT", UPLOAD, b"a video", "video/mp4")]


@pytest.mark.parametrize("number", [1, 2])
def test_the_archive_keeps_the_beginning_of_long_pictures(number: int) -> None:
    """A picture in base64 is cut in the archive, of an accepted task as of a refused one; other texts are not."""
    mock = still_mock()
    picture = as_data_uri("image/png", png(300, 300, note="A" * 2 * LONGEST_KEPT_TEXT))
    sent = video(1, inputs={"frameImages": [picture]}, **({} if number == 1 else {"duration": 7}))
    ask(mock, sent)
    (answer,) = ask(mock, {"taskType": "getTaskDetails", "taskUUID": uuid_of(1)})
    (request,) = answer["data"][0]["request"]
    (kept,) = request["inputs"]["frameImages"]
    assert kept == f"{picture[:64]}… ({len(picture):,} characters)"
    assert {**request, "inputs": sent["inputs"]} == sent


@pytest.mark.parametrize(
    "parameters",
    [
        {"webhookURL": "https://example.com/" + "a" * 100_000},
        {"uploadEndpoint": "https://example.com/" + "a" * 100_000},
    ],
)
@pytest.mark.parametrize("beside", [0, 50])
def test_long_addresses_weigh_what_they_take(parameters: dict[str, Any], beside: int) -> None:
    """Tasks that are kept whole count whole, whatever else is in their batch."""
    clock = ManualClock()
    store = MemoryStore(clock, {Shelf.TASKS: Room(max_entries=1000, max_bytes=4_000_000, retention_ms=24 * HOUR_MS)})
    mock = rebuilt(still_mock(clock=clock), store=store)
    pings = [{"taskType": "ping", "taskUUID": uuid_of(1), "ping": True}] * beside
    for number in range(30):
        ask(mock, *pings, video(number, **parameters))
        clock.advance(LONG_ENOUGH_MS)
    assert store.count(Shelf.TASKS) < 12


@pytest.mark.parametrize("beside", [0, 50])
@pytest.mark.parametrize(
    "wrong", [{"positivePrompt": "x" * 200_000}, {"y" * 200_000: 1}, {"outputFormat": ["z"] * 5_000}]
)
def test_the_archive_of_refusals_is_bounded_whatever_is_refused(wrong: dict[str, Any], beside: int) -> None:
    """Long texts and names are cut, long lists count, and other tasks of the batch hide nothing."""
    clock = ManualClock()
    mock = still_mock(clock=clock)
    pings = [{"taskType": "ping", "taskUUID": uuid_of(1), "ping": True}] * beside
    for number in range(100):
        ask(mock, *pings, video(number, **wrong))
    store = mock.store
    assert isinstance(store, MemoryStore)
    kept = [store.get(Shelf.REFUSALS, (owner_of(mock), uuid_of(number))) for number in range(100)]
    assert sum(len(json.dumps(refusal.request)) for refusal in kept if refusal) < 2_000_000
    assert kept[-1] is not None


def owner_of(mock: Mock) -> str:
    """Return whose tasks `ask` submits."""
    return mock.runtime.desk.keyring.owner("a-key") or ""


@pytest.mark.parametrize("name", ["positivePrompt", "unheardOf" + "x" * 100_000])
def test_long_texts_of_clients_are_not_remembered(name: str) -> None:
    """However many long mistakes are made, memory does not keep them, and answers stay short."""
    mock = still_mock()
    tracemalloc.start()
    try:
        for number in range(40):
            (answer,) = ask(mock, video(number, **{f"{name}{number if 'x' in name else ''}": f"{number}" * 100_000}))
            assert len(json.dumps(answer)) < 20_000
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 3_000_000


def test_addresses_live_as_long_as_their_tasks() -> None:
    """Retention of tasks is the retention of what they made, and so is their number."""
    clock = ManualClock()
    mock = still_mock({"keep-hours": "48", "keep-tasks": "20000"}, clock)
    ask(mock, video(1))
    clock.advance(LONG_ENOUGH_MS)
    (answer,) = ask(mock, {"taskType": "getResponse", "taskUUID": uuid_of(1)})
    clock.advance(47 * HOUR_MS)
    assert mock.runtime.shown.find(answer["data"][0]["videoUUID"]) is not None


def test_refusals_without_a_usable_uuid_are_not_archived() -> None:
    """Only a video task with a UUID of the right length stands in the archive."""
    mock = still_mock()
    ask(mock, video(1, taskUUID="short"), video(1, taskUUID=5), {"taskType": "ping", "taskUUID": uuid_of(1), "ping": 0})
    assert isinstance(mock.store, MemoryStore)
    assert mock.store.count(Shelf.REFUSALS) == 0


def test_tasks_of_all_kinds_are_answered_or_the_data_is_refused() -> None:
    """A task type in the data that nothing answers is a mistake of the data, and said so at the start."""
    mock = still_mock()
    tasks = {**mock.spec.tasks, "newTask": mock.spec.tasks["ping"]}
    with pytest.raises(SchemaProblem, match="newTask"):
        rebuilt(mock, spec=replace(mock.spec, tasks=tasks))


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("a [[provideError]]", ['"[[provideError]]" in a prompt is plain text; did you mean [[providerError]]?']),
        ("a [[ProviderError]]", ['"[[ProviderError]]" in a prompt is plain text; did you mean [[providerError]]?']),
        ("a [[ providerError ]]", ['"[[ providerError ]]" in a prompt is plain text; did you mean [[providerError]]?']),
        ("a [[drop_webhook]]", ['"[[drop_webhook]]" in a prompt is plain text; did you mean [[drop-webhook]]?']),
        ("a [[drop-webhook times 2]]", ['"[[drop-webhook times 2]]" in a prompt is plain text; did you mean [[drop-webhook]]?']),
        ("a [[providerError]] [[sunset]] [[]] [[5]]", []),
        (f"a [[provideError {'x' * 200}]]", []),
    ],
)  # fmt: skip
def test_a_misspelt_magic_value_is_told_once(prompt: str, told: list[str]) -> None:
    """It does nothing, and that would not be noticed; other words in brackets are nobody's business."""
    log = Remarks()
    mock = still_mock(log=log)
    for number in range(2):
        ask(mock, video(number, positivePrompt=prompt))
    assert log.remarks == told


def test_a_failure_that_was_asked_for_is_not_blamed_on_the_mock() -> None:
    """The sentence of an inner error reads well for both: one that was wanted, and one that nobody wanted."""
    mock = still_mock({"speed": "instant"})
    ask(mock, video(1, positivePrompt="a lighthouse [[internalServerError]]"))
    (answer,) = ask(mock, {"taskType": "getResponse", "taskUUID": uuid_of(1)})
    assert answer["errors"][0]["message"] == "Something failed inside the server. The mock was asked for it."


def test_a_stored_picture_that_is_missing_is_told_with_its_place() -> None:
    """Of two pictures it is clear which one is meant, whether it is given bare or with its frame."""
    mock = still_mock()
    missing = {"image": uuid_of(9), "frame": "last"}
    (answer,) = ask(mock, video(1, inputs={"frameImages": ["https://example.com/first.png", missing]}))
    (error,) = answer["errors"]
    assert (error["code"], error["parameter"]) == ("mediaNotFound", "inputs.frameImages[1].image")
    assert error["pointer"] == "/inputs/frameImages/1/image"
    hidden = still_mock({"error-pointer": "hidden"})
    (answer,) = ask(
        hidden, {"taskType": "mediaStorage", "taskUUID": uuid_of(2), "operation": "delete", "media": uuid_of(9)}
    )
    assert answer["errors"][0]["parameter"] == "media"
    assert "pointer" not in answer["errors"][0]
