"""Pictures of tasks and stored pictures: where they come from, what they are kept under, what a task is refused for."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from contracts.pictures import BAD, GOOD, JPEG, WEBP, as_base64, as_data_uri, png
from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock, make_mock
from mockserver.engine.values import Task
from mockserver.media.darkroom import MOST_WAITING_BYTES, Busy, Darkroom
from mockserver.media.pictures import Picture
from mockserver.platform import Caller
from mockserver.platform.storage import digest_of
from mockserver.ports import Fetched, NotAllowed, Shelf, TooLarge
from mockserver.wire import Answer
from tests.support.couriers import SlowOutbox
from tests.support.loops import rest
from tests.support.mocks import answered, still_config, still_mock

Json = dict[str, Any]

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
ORIGIN = "http://mock.test"
ADDRESS = "http://127.0.0.1:9/a.png"
OUTSIDE = "https://example.com/first.png?token=secret"


class Shop:
    """Hands out files by address, and takes note of who asks.

    Args:
        files: what is at each address: a file, or why it does not come.
    """

    def __init__(self, files: dict[str, bytes | OSError]) -> None:
        self._files = files
        self.asked: list[str] = []

    async def fetch(self, url: str, _most_bytes: int, /) -> Fetched:
        """Return a file."""
        self.asked.append(url)
        found = self._files[url]
        if isinstance(found, OSError):
            raise found
        return Fetched(found, "image/png")


def mock_with(shop: Shop, **settings: str) -> Mock:
    """Return a mock whose time stands still and that gets its pictures from a shop."""
    config = still_config({name.replace("_", "-"): value for name, value in settings.items()})
    return make_mock(config, ManualClock(), SlowOutbox(), fetcher=shop, darkroom=Darkroom(at_once=True))


def ask(mock: Mock, *tasks: Json, key: str = "a-key") -> list[Answer]:
    """Send tasks and return what each is answered with."""
    owner = mock.runtime.desk.keyring.owner(key)
    exchanged = mock.runtime.exchange(json.dumps(tasks).encode(), Caller(ORIGIN, "http", owner))
    return answered(asyncio.run(mock.runtime.settle(exchanged)))


def video(*images: Any, uuid: str = UUID, **parameters: Any) -> Json:
    """Return a submission with pictures."""
    task = {"taskType": "videoInference", "taskUUID": uuid, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    return {**task, "inputs": {"frameImages": list(images)}, **parameters}


def upload(image: str) -> Json:
    """Return an upload."""
    return {"taskType": "imageUpload", "taskUUID": UUID, "image": image}


def stored(mock: Mock, image: str, key: str = "a-key") -> Json:
    """Store a picture and return the item of the answer."""
    (answer,) = ask(mock, upload(image), key=key)
    assert not answer.errors, answer.errors
    return dict(answer.data[0])


def kept(mock: Mock, uuid: str = UUID, key: str = "a-key") -> Task:
    """Return a task as stored."""
    task = mock.store.get(Shelf.TASKS, (mock.runtime.desk.keyring.owner(key) or "", uuid))
    assert isinstance(task, Task)
    return task


def codes(answer: Answer) -> Sequence[str]:
    """Return the codes of an answer's errors."""
    return [error["code"] for error in answer.errors]


BLACK, WHITE = png(300, 300), png(300, 300, is_white=True)
FIRST, LAST = as_data_uri("image/png", BLACK), as_base64(WHITE)
ONE, OTHER = digest_of(BLACK), digest_of(WHITE)


def test_a_checked_picture_is_found_by_its_digest() -> None:
    """Whoever draws a video gets the file of a picture, or learns that it is not kept."""
    desk = still_mock().runtime.desk
    desk.keep(Shelf.PICTURES, ("a1",), Picture(b"the file", "PNG", 300, 300))
    assert desk.find_picture("a1") == b"the file"
    assert desk.find_picture("b2") is None


@pytest.mark.parametrize(
    ("images", "pictures"),
    [
        ([FIRST], ((0, ONE),)),
        ([FIRST, LAST], ((0, ONE), (-1, OTHER))),
        ([{"image": FIRST}], ((0, ONE),)),
        ([{"image": FIRST, "frame": "first"}], ((0, ONE),)),
        ([{"image": FIRST, "frame": "last"}], ((-1, ONE),)),
        ([{"image": FIRST, "frame": -1}], ((-1, ONE),)),
        ([{"image": FIRST, "frame": -1}, {"image": LAST, "frame": 0}], ((0, OTHER), (-1, ONE))),
        ([{"image": FIRST, "frame": "last"}, LAST], ((0, OTHER), (-1, ONE))),
        ([FIRST, {"image": LAST, "frame": "first"}], ((0, OTHER), (-1, ONE))),
        ([FIRST, FIRST], ((0, ONE), (-1, ONE))),
    ],
)
def test_a_task_carries_its_pictures_by_frame_and_digest(
    images: list[Any], pictures: tuple[tuple[int, str], ...]
) -> None:
    """Claimed frames count first; what claims none takes the first frame that is left."""
    mock = still_mock()
    (answer,) = ask(mock, video(*images))
    assert (answer.outcome, answer.errors) == ("accepted", ())
    assert kept(mock).pictures == pictures
    assert {mock.runtime.desk.find_picture(digest) for _, digest in pictures} <= {BLACK, WHITE}


def test_a_task_without_pictures_waits_for_nothing() -> None:
    """Without frame images a submission is answered at once, as ever."""
    mock = still_mock()
    owner = mock.runtime.desk.keyring.owner("a-key")
    task = {**video(), "inputs": {}}
    (answer,) = mock.runtime.exchange(json.dumps([task]).encode(), Caller(ORIGIN, "http", owner))
    assert isinstance(answer, Answer)
    assert kept(mock).pictures == ()


@pytest.mark.parametrize("name", GOOD)
def test_every_little_picture_of_the_kit_is_accepted_both_ways(name: str) -> None:
    """What the kit's strategies draw is good for submissions and uploads."""
    mock = still_mock()
    media_type, content = GOOD[name]
    for image in (as_data_uri(media_type, content), as_base64(content)):
        stored(mock, image)
        assert ask(mock, video(image))[0].outcome in ("accepted", "conflictTaskUUID")


@pytest.mark.parametrize("name", BAD)
def test_every_bad_little_picture_is_refused_where_it_stands(name: str) -> None:
    """The error names the parameter and place of the picture; no task comes of it, and the archive has the refusal."""
    mock = still_mock()
    code, content = BAD[name]
    (answer,) = ask(mock, video({"image": as_base64(content), "frame": "last"}, FIRST))
    (error,) = answer.errors
    assert (error["code"], error["pointer"], answer.http) == (code, "/inputs/frameImages/0/image", 400)
    assert error["documentation"] == "https://runware.ai/docs/models/minimax-hailuo-02#request-inputs-frameimages-image"
    (poll,) = ask(mock, {"taskType": "getResponse", "taskUUID": UUID})
    assert codes(poll) == ["taskNotFound"]
    (details,) = ask(mock, {"taskType": "getTaskDetails", "taskUUID": UUID})
    assert details.data[0]["response"] == {"errors": [error]}
    assert codes(ask(mock, video(FIRST))[0]) == []


def test_both_pictures_of_a_task_are_told_of_in_document_order() -> None:
    """Two bad pictures are two reasons."""
    (answer,) = ask(still_mock(), video(as_base64(png(300, 200)), as_base64(png(200, 300))))
    assert codes(answer) == ["invalidFrameImageHeight", "invalidFrameImageWidth"]
    assert [error["pointer"] for error in answer.errors] == ["/inputs/frameImages/0", "/inputs/frameImages/1"]
    assert answer.errors[0]["message"].endswith("Expected 300 to 2048 pixels, got 200.")
    assert (answer.errors[0]["min"], answer.errors[0]["max"]) == (300, 2048)


def test_a_picture_is_decoded_once_and_held_against_the_rules_each_time() -> None:
    """The same bytes are not looked at again, but a wrong declaration is still one."""
    mock = still_mock()
    ask(mock, video(FIRST))
    marked = Picture(b"the kept one", "PNG", 300, 300)
    mock.runtime.desk.keep(Shelf.PICTURES, (ONE,), marked)
    uuid = UUID.replace("24cd", "34cd")
    assert ask(mock, video(as_base64(BLACK), uuid=uuid))[0].outcome == "accepted"
    assert mock.runtime.desk.find_picture(ONE) == b"the kept one"
    (answer,) = ask(mock, video(as_data_uri("image/jpeg", BLACK), uuid=uuid))
    assert answer.errors[0]["message"].endswith("The picture is declared as image/jpeg, but is image/png.")


def test_two_tasks_under_one_uuid_are_one_task_and_a_conflict() -> None:
    """Whoever's pictures are looked at first gets the UUID."""
    mock = still_mock()
    first, second = ask(mock, video(FIRST), video(LAST))
    assert [first.outcome, second.outcome] == ["accepted", "conflictTaskUUID"]
    assert kept(mock).pictures == ((0, ONE),)


# Stored pictures


def test_tasks_are_counted_when_they_are_taken_on() -> None:
    """Not when they begin to wait for their pictures, as several may at a time."""
    mock = mock_with(Shop({}), max_running="1")
    uuids = [UUID, UUID.replace("2", "3")]
    answers = ask(mock, *(video(FIRST, uuid=uuid) for uuid in uuids))
    assert sorted(answer.outcome for answer in answers) == ["accepted", "rateLimitExceeded"]


def test_a_stored_picture_outlives_its_deletion_in_the_tasks_that_use_it() -> None:
    """By its UUID or by its address here, a task takes the picture with it when it is handed in."""
    mock = still_mock()
    item = stored(mock, FIRST)
    ask(mock, video(item["imageUUID"], item["imageURL"]))
    assert kept(mock).pictures == ((0, ONE), (-1, ONE))
    delete = {"taskType": "mediaStorage", "taskUUID": UUID, "operation": "delete", "media": item["imageUUID"]}
    assert ask(mock, delete)[0].outcome == "deleted"
    assert mock.runtime.desk.find_picture(ONE) == BLACK
    uuid = UUID.replace("24cd", "34cd")
    assert codes(ask(mock, video(item["imageUUID"], uuid=uuid))[0]) == ["mediaNotFound"]


def test_a_picture_that_is_deleted_in_the_same_request_is_still_the_tasks() -> None:
    """Requests are read in their order: what a task names is there when it is handed in."""
    mock = still_mock()
    uuid = stored(mock, FIRST)["imageUUID"]
    delete = {"taskType": "mediaStorage", "taskUUID": UUID, "operation": "delete", "media": uuid}
    assert [answer.outcome for answer in ask(mock, video(uuid), delete)] == ["accepted", "deleted"]
    assert kept(mock).pictures == ((0, ONE),)


def test_the_same_content_is_kept_once_and_as_long_as_somebody_has_it() -> None:
    """Of two equal uploads one can be deleted and the other stays; the content goes with the last."""
    mock = still_mock()
    one, other = stored(mock, FIRST), stored(mock, as_base64(BLACK), key="b-key")
    assert mock.store.get(Shelf.CONTENT, (ONE,)) == (BLACK, 2)
    for item, key, left in ((one, "a-key", (BLACK, 1)), (other, "b-key", None)):
        delete = {"taskType": "mediaStorage", "taskUUID": UUID, "operation": "delete", "media": item["imageUUID"]}
        assert ask(mock, delete, key="c-key")[0].outcome == "mediaNotFound"
        assert ask(mock, delete, key=key)[0].outcome == "deleted"
        assert mock.store.get(Shelf.CONTENT, (ONE,)) == left
        if left:
            assert ask(mock, video(other["imageUUID"]), key="b-key")[0].outcome == "accepted"


def test_content_that_was_dropped_for_lack_of_room_is_missing() -> None:
    """Past its room the oldest content goes; who names it learns that it is not there."""
    clock = ManualClock()
    mock = still_mock({"keep-media-bytes": "600"}, clock)
    uuid = stored(mock, as_data_uri("image/jpeg", JPEG))["imageUUID"]
    assert ask(mock, video(uuid))[0].outcome == "accepted"
    for _ in range(3):
        clock.advance(1000)
        stored(mock, FIRST)
    assert codes(ask(mock, video(uuid, uuid=UUID.replace("24cd", "34cd")))[0]) == ["mediaNotFound"]


@pytest.mark.parametrize(("name", "lost"), [("imageUUID", "mediaNotFound"), ("imageURL", "downloadFailed")])
def test_a_stored_picture_is_kept_for_thirty_days_after_its_last_use(name: str, lost: str) -> None:
    """A task that names it, by its UUID or its address, uses it."""
    clock = ManualClock()
    mock = still_mock({"outside-images": "refuse"}, clock)
    day_ms = 24 * 3_600_000
    picture = stored(mock, FIRST)[name]
    for days, outcome in ((29, "accepted"), (29, "accepted"), (31, lost)):
        clock.advance(days * day_ms)
        task = video(picture, uuid=f"24cd5dff-cb81-4db5-8506-{clock.now_ms():012d}"[:36])
        assert ask(mock, task)[0].outcome == outcome


@pytest.mark.parametrize("kind", ["imageUpload", "mediaStorage"])
def test_uploads_are_looked_at_too(kind: str) -> None:
    """What is no picture, or not the one it is called, is not stored; a picture of any size is."""
    mock = still_mock()
    name = "image" if kind == "imageUpload" else "media"
    task = {"taskType": kind, "taskUUID": UUID, **({"operation": "upload"} if name == "media" else {})}
    wrong = as_data_uri("image/png", JPEG)
    (answer,) = ask(mock, {**task, name: wrong})
    assert codes(answer) == ["invalidImage" if name == "image" else "invalidMedia"]
    assert answer.errors[0]["message"].endswith("The picture is declared as image/png, but is image/jpeg.")
    assert codes(ask(mock, {**task, name: as_base64(BLACK[:-30])})[0]) == codes(answer)
    assert ask(mock, {**task, name: as_base64(png(1, 1))})[0].outcome == "stored"
    told = ask(mock, {**task, name: as_base64(b"no picture at all, however long" * 9)})[0]
    assert told.outcome == ("invalidImage" if name == "image" else "stored")


# Addresses


def test_a_picture_is_fetched_from_an_address_that_is_open() -> None:
    """Its bytes count like those of any other picture."""
    shop = Shop({ADDRESS: BLACK})
    mock = mock_with(shop)
    assert ask(mock, video(ADDRESS, LAST))[0].outcome == "accepted"
    assert kept(mock).pictures == ((0, ONE), (-1, OTHER))
    item = stored(mock, ADDRESS)
    assert item["imageURL"].endswith(".png")
    assert shop.asked == [ADDRESS] * 2


@pytest.mark.parametrize(
    ("found", "code", "told"),
    [
        (OSError("the server answered 404"), "downloadFailed", "From its address: the server answered 404."),
        (TooLarge(), "valueTooLarge", "the file at the address has more than 20,971,520 bytes."),
        (b"<html>", "invalidImage", "The bytes are no picture. Send PNG, JPEG or WEBP."),
        (png(200, 300), "invalidFrameImageWidth", "Expected 300 to 2048 pixels, got 200."),
    ],
)
def test_a_picture_that_does_not_come_is_refused(found: bytes | OSError, code: str, told: str) -> None:
    """The error says whether the download failed or the picture is bad."""
    mock = mock_with(Shop({ADDRESS: found}))
    (answer,) = ask(mock, video(ADDRESS))
    assert codes(answer) == [code]
    assert answer.errors[0]["message"].endswith(told)


def test_a_placeholder_stands_in_for_a_picture_that_is_not_fetched() -> None:
    """Requests as they go to the real service work offline; the log says what stands in, without its secrets."""
    shop = Shop({ADDRESS: NotAllowed("not allowed: --allow-outbound me would open it")})
    mock = mock_with(shop)
    (answer,) = ask(mock, video(OUTSIDE, ADDRESS))
    assert answer.outcome == "accepted"
    assert list(answer.notes) == [
        "the picture at https://example.com/first.png is a placeholder: "
        "not allowed: --allow-outbound example.com would open it",
        f"the picture at {ADDRESS} is a placeholder: not allowed: --allow-outbound me would open it",
    ]
    (_, one), (_, other) = kept(mock).pictures
    assert one != other
    for digest in (one, other):
        assert (mock.runtime.desk.find_picture(digest) or b"").startswith(b"\x89PNG")
    assert shop.asked == [ADDRESS]
    uuid = stored(mock, OUTSIDE)["imageUUID"]
    assert ask(mock, video(uuid, uuid=UUID.replace("24cd", "34cd")))[0].outcome == "accepted"
    assert kept(mock, UUID.replace("24cd", "34cd")).pictures == ((0, one),)


def test_a_picture_that_is_not_fetched_can_be_refused() -> None:
    """With the setting, submissions and uploads say what would open the address."""
    mock = mock_with(
        Shop({ADDRESS: NotAllowed("not allowed: --allow-outbound me would open it")}), outside_images="refuse"
    )
    for address, host in ((OUTSIDE, "example.com"), (ADDRESS, "me")):
        for task in (video(address), upload(address)):
            (answer,) = ask(mock, task)
            assert codes(answer) == ["downloadFailed"]
            assert answer.errors[0]["message"].endswith(f"--allow-outbound {host} would open it.")


@pytest.mark.parametrize("address", ["http://169.254.169.254/a.png", "http://2130706433/a.png", "http://a@127.0.0.1/"])
def test_an_address_that_hides_its_host_is_refused_before_anything_else(address: str) -> None:
    """No picture is fetched, and none of the other pictures is looked at."""
    shop = Shop({})
    mock = mock_with(shop)
    for task in (video(address, as_base64(b"no picture" * 9)), upload(address)):
        (answer,) = ask(mock, task)
        assert len(answer.errors) == 1
        assert codes(answer)[0] in ("invalidFrameImages", "invalidImage")
    assert shop.asked == []


# Waiting


def test_too_many_waiting_pictures_are_a_reason_to_slow_down() -> None:
    """What waits to be looked at is bounded; beyond it clients are told to come again."""

    async def live() -> None:
        darkroom = Darkroom()
        with pytest.raises(Busy):
            await darkroom.work(MOST_WAITING_BYTES + 1, lambda: None)
        assert await darkroom.work(MOST_WAITING_BYTES, lambda: 5) == 5
        assert await darkroom.work(MOST_WAITING_BYTES, lambda: 6) == 6
        darkroom.close()

    asyncio.run(live())


def test_a_submission_beyond_what_may_wait_is_answered_with_the_rate_limit() -> None:
    """Submissions and uploads get the error that tells clients to come again; nothing is kept of them."""
    mock = make_mock(still_config(), ManualClock(), SlowOutbox(), darkroom=Darkroom(most_waiting_bytes=10))
    for task in (video(FIRST), upload(LAST)):
        (answer,) = ask(mock, task)
        assert (codes(answer), answer.http) == (["rateLimitExceeded"], 429)


def test_a_synchronous_submission_waits_for_its_pictures_and_then_for_its_results() -> None:
    """Both waits are one answer."""

    async def live() -> None:
        clock = ManualClock()
        mock = still_mock({"profile": "compat", "speed": "100"}, clock)
        owner = mock.runtime.desk.keyring.owner("a-key")
        task = video(as_base64(WEBP), deliveryMethod="sync")
        held = mock.runtime.exchange(json.dumps([task]).encode(), Caller(ORIGIN, "http", owner))
        waiting = asyncio.ensure_future(mock.runtime.settle(held))
        await rest()
        assert not waiting.done()
        assert kept(mock).pictures == ((0, digest_of(WEBP)),)
        clock.advance(kept(mock).due_at_ms[0] - clock.now_ms())
        (answer,) = answered(await waiting)
        assert (answer.outcome, len(answer.data)) == ("success 1/1", 1)

    asyncio.run(live())
