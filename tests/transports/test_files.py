"""Downloads of finished videos and stored pictures."""

import asyncio
import base64
from collections.abc import Callable, Coroutine
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.pictures import JPEG, WEBP, as_base64, as_data_uri
from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock, server_app
from mockserver.engine.results import result_of
from mockserver.engine.values import Task
from mockserver.media.cache import Cache
from mockserver.media.clips import FOLDER
from mockserver.media.gallery import Studio
from mockserver.ports import Shelf
from tests.support.clips import Idle
from tests.support.loops import rest
from tests.support.mocks import still_mock

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
LONG_ENOUGH_MS = 1_000_000
HOUR_MS = 3_600_000
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
GIF = base64.b64decode("R0lGODdhAQABAIEAAICAgAAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw==")
BMP = base64.b64decode("Qk1CAAAAAAAAAD4AAAAoAAAAAQAAAAEAAAABAAEAAAAAAAQAAADEDgAAxA4AAAIAAAACAAAAAAAAAP///wCAAAAA")


class House:
    """A mock and a client of it."""

    def __init__(self, client: httpx.AsyncClient, mock: Mock, clock: ManualClock) -> None:
        self.client, self.mock, self.clock = client, mock, clock

    async def ask(self, task: dict[str, Any]) -> Any:
        """Send one task and return the items and errors of the answer."""
        answer = await self.client.post("/v1", json=[task], headers={"Authorization": "Bearer a-key"})
        return answer.json()

    async def submit(self, **parameters: Any) -> None:
        """Submit a task."""
        task = {
            "taskType": "videoInference",
            "taskUUID": UUID,
            "model": "minimax:3@1",
            "positivePrompt": "a lighthouse",
        }
        assert "errors" not in await self.ask({**task, **parameters})

    async def addresses(self) -> list[str]:
        """Poll the task and return the addresses of its finished videos."""
        items = (await self.ask({"taskType": "getResponse", "taskUUID": UUID}))["data"]
        return [item["videoURL"] for item in items if item["status"] == "success"]

    async def finished(self, **parameters: Any) -> str:
        """Submit a task, wait until it is done and return the address of its video."""
        await self.submit(**parameters)
        self.clock.advance(LONG_ENOUGH_MS)
        (address,) = await self.addresses()
        return address

    async def store(self, media: str) -> str:
        """Store media and return its address."""
        task = {"taskType": "mediaStorage", "taskUUID": UUID, "operation": "upload", "media": media}
        (item,) = (await self.ask(task))["data"]
        return str(item["mediaURL"])

    async def is_missing(self, address: str) -> bool:
        """Say whether an address is answered with 404 in the API's words."""
        answer = await self.client.get(address)
        if answer.status_code != 404:
            return False
        (error,) = answer.json()["errors"]
        return bool(error["code"] == "routeNotFound")


def run(live: Callable[[House], Coroutine[Any, Any, None]], **settings: Any) -> None:
    """Run a test with a mock and a client."""

    async def whole() -> None:
        clock = ManualClock()
        mock = still_mock(settings, clock)
        transport = httpx.ASGITransport(app=server_app(mock))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
            await live(House(client, mock, clock))

    asyncio.run(whole())


@pytest.mark.parametrize("choice", ["vm", "im"])
@pytest.mark.parametrize(
    ("parameters", "clip", "media_type"),
    [
        ({}, "1366x768-6s.mp4", "video/mp4"),
        ({"duration": 10}, "1366x768-10s.mp4", "video/mp4"),
        ({"width": 1366.0, "height": 768.0}, "1366x768-6s.mp4", "video/mp4"),
        ({"duration": 6.0, "outputFormat": "WEBM"}, "1366x768-6s.webm", "video/webm"),
        ({"width": 1920, "height": 1080, "outputFormat": "MOV"}, "1920x1080-6s.mov", "video/quicktime"),
    ],
)
def test_a_finished_video_is_downloaded_in_its_size_duration_and_format(
    parameters: dict[str, Any], clip: str, media_type: str, choice: str
) -> None:
    """The address of a result leads to a playable file of what was asked for; no key is needed."""

    async def live(house: House) -> None:
        answer = await house.client.get(await house.finished(**parameters))
        content = (FOLDER / clip).read_bytes()
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["accept-ranges"] == "bytes"
        name = str(answer.url).rpartition("/")[2]
        assert answer.headers["content-disposition"] == f'inline; filename="{name}"'

    run(live, **{"video-path": choice})


def test_head_tells_what_a_download_would_be() -> None:
    """HEAD has the headers of GET and no body."""

    async def live(house: House) -> None:
        address = await house.finished()
        got, head = await house.client.get(address), await house.client.head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers == got.headers

    run(live)


SIZE = (FOLDER / "1366x768-6s.mp4").stat().st_size


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, SIZE),
        ("bytes=-100", SIZE - 100, SIZE),
        (f"bytes={SIZE - 1}-{SIZE + 1000}", SIZE - 1, SIZE),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_range_is_sent_alone(method: str, wanted: str, start: int, stop: int) -> None:
    """Players that seek get the bytes that they ask for, and are told where they lie."""

    async def live(house: House) -> None:
        answer = await house.client.request(method, await house.finished(), headers={"Range": wanted})
        content = (FOLDER / "1366x768-6s.mp4").read_bytes()[start:stop]
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {start}-{stop - 1}/{SIZE}")
        assert answer.headers["content-length"] == str(stop - start)
        assert answer.content == (content if method == "GET" else b"")

    run(live)


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 10}"])
def test_a_range_behind_the_end_is_refused(wanted: str) -> None:
    """A range that holds nothing is answered with 416 and the size."""

    async def live(house: House) -> None:
        answer = await house.client.get(await house.finished(), headers={"Range": wanted})
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{SIZE}")

    run(live)


@pytest.mark.parametrize("wanted", ["bytes=5-1", "bytes=x-y", "lines=1-2", "bytes", "bytes=" + ",".join(["0-"] * 2000)])
def test_ranges_that_make_no_sense_are_no_failure(wanted: str) -> None:
    """A malformed or abusive range is refused or ignored; the answer is not larger than the file."""

    async def live(house: House) -> None:
        answer = await house.client.get(await house.finished(), headers={"Range": wanted})
        assert answer.status_code in (200, 206, 400, 416)
        assert len(answer.content) <= 2 * SIZE

    run(live)


def test_a_range_counts_only_for_the_file_that_the_client_knows() -> None:
    """With If-Range of another file the whole is sent; with the right one the range."""

    async def live(house: House) -> None:
        address = await house.finished()
        etag = (await house.client.head(address)).headers["etag"]
        for known, status in ((etag, 206), ('"other"', 200)):
            answer = await house.client.get(address, headers={"Range": "bytes=0-9", "If-Range": known})
            assert (answer.status_code, len(answer.content)) == (status, 10 if status == 206 else SIZE)

    run(live)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_the_client_has_is_not_sent_again(method: str) -> None:
    """If-None-Match with the ETag, weak or among others, or a star, is answered with 304."""

    async def live(house: House) -> None:
        address = await house.finished()
        etag = (await house.client.head(address)).headers["etag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await house.client.request(method, address, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
            assert "content-length" not in answer.headers
        answer = await house.client.request(method, address, headers={"If-None-Match": '"other"'})
        assert answer.status_code == 200

    run(live)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("later_s", "tag", "status"),
    [
        (0, None, 304),
        (3600, None, 304),
        (-1, None, 200),
        (0, '"other"', 200),
        (-3600, "*", 304),
    ],
)
def test_a_file_is_as_old_as_its_result(method: str, later_s: int, tag: str | None, status: int) -> None:
    """The date is when the result was made, by the mock's clock; a tag counts before it, as the standard has it."""

    async def live(house: House) -> None:
        address = await house.finished()
        task = house.mock.store.get(Shelf.TASKS, (house.mock.runtime.desk.keyring.owner("a-key") or "", UUID))
        assert isinstance(task, Task)
        made_at = (await house.client.head(address)).headers["last-modified"]
        assert made_at == formatdate(task.due_at_ms[0] // 1000, usegmt=True)
        since = formatdate(task.due_at_ms[0] // 1000 + later_s, usegmt=True)
        headers = {"If-Modified-Since": since, **({"If-None-Match": tag} if tag else {})}
        answer = await house.client.request(method, address, headers=headers)
        assert (answer.status_code, answer.headers["last-modified"]) == (status, made_at)
        for known, length in ((made_at, 10), (since if later_s else "Sun, 06 Nov 1994 08:49:37 GMT", SIZE)):
            answer = await house.client.get(address, headers={"Range": "bytes=0-9", "If-Range": known})
            assert len(answer.content) == length

    run(live)


@pytest.mark.parametrize("since", ["yesterday", "", "99", "Sun, 99 Nov 99999 08:49:37 GMT"])
def test_a_date_that_is_none_is_ignored(since: str) -> None:
    """The whole file is sent."""

    async def live(house: House) -> None:
        answer = await house.client.get(await house.finished(), headers={"If-Modified-Since": since})
        assert (answer.status_code, len(answer.content)) == (200, SIZE)

    run(live)


def test_several_ranges_are_sent_in_parts() -> None:
    """A client that wants two places of a file gets both in one answer, each with where it lies."""

    async def live(house: House) -> None:
        content = (FOLDER / "1366x768-6s.mp4").read_bytes()
        answer = await house.client.get(await house.finished(), headers={"Range": "bytes=0-3, 100-109, -5"})
        kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
        assert (answer.status_code, kind) == (206, "multipart/byteranges")
        assert int(answer.headers["content-length"]) == len(answer.content)
        parts = answer.content.split(f"--{boundary}".encode())
        assert (parts[0], parts[-1]) == (b"", b"--")
        bodies = [part.partition(b"\r\n\r\n") for part in parts[1:-1]]
        assert [body.removesuffix(b"\r\n") for _, _, body in bodies] == [content[:4], content[100:110], content[-5:]]
        for (head, _, _), place in zip(bodies, ("0-3", "100-109", f"{SIZE - 5}-{SIZE - 1}"), strict=True):
            assert f"content-range: bytes {place}/{SIZE}".encode() in head.lower()
            assert b"content-type: video/mp4" in head.lower()

    run(live)


@pytest.mark.parametrize("number", [1300, 5000])
def test_no_number_of_ranges_makes_an_answer_larger_than_the_file(number: int) -> None:
    """A request for very many small parts costs no more than one for the whole."""

    async def live(house: House) -> None:
        wanted = "bytes=" + ",".join(f"{3 * place}-{3 * place}" for place in range(number))
        answer = await house.client.get(await house.finished(), headers={"Range": wanted})
        assert (answer.status_code, len(answer.content)) == (200, SIZE)

    run(live)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Range": "bytes=0-9"}, 206),
        ({"Range": f"bytes={SIZE}-"}, 416),
        ({"If-None-Match": "*"}, 304),
        ({"wrong": "extension"}, 404),
    ],
)
def test_pages_of_any_origin_may_read_files(headers: dict[str, str], status: int) -> None:
    """Every answer, a refusal too, can be read by a page, with its place in the file and its tag."""

    async def live(house: House) -> None:
        address = await house.finished()
        address = address.replace(".mp4", ".mov") if "wrong" in headers else address
        answer = await house.client.get(address, headers={"Origin": "https://app.example", **headers})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "*"
        assert {"content-range", "etag"} <= {*answer.headers["access-control-expose-headers"].split(", ")}
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"

    run(live)


@pytest.mark.parametrize("path", ["/video/ws/5/vi/x.mp4", f"/image/ii/{UUID}.png", f"/media/ii/{UUID}"])
def test_browsers_may_ask_before_they_ask(path: str) -> None:
    """A page that sends a range itself is allowed to, before anything is known of the file."""

    async def live(house: House) -> None:
        headers = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
        answer = await house.client.options(path, headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        assert answer.headers["access-control-allow-headers"] == "*, authorization"
        assert answer.headers["access-control-allow-origin"] == "*"

    run(live)


def empty(folder: Path) -> None:
    """Remove the only file of a folder."""
    [path] = folder.iterdir()
    path.unlink()


class Rendering:
    """A house whose videos are rendered when the test says so."""

    def __init__(self, house: House, folder: Path) -> None:
        self.idle = Idle()
        find_picture = house.mock.runtime.desk.find_picture
        studio = Studio(Cache(folder, 10**6), lambda: self.idle, find_picture, "cover")
        front = replace(house.mock, gallery=studio).front(None)
        transport = httpx.ASGITransport(app=front)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://mock.test")

    async def begin(self, method: str, address: str) -> "asyncio.Task[httpx.Response]":
        """Send a request and let everything go on that can."""
        asked = asyncio.ensure_future(self.client.request(method, address))
        await rest()
        return asked


def test_a_video_is_rendered_for_the_first_who_asks_and_all_who_wait(tmp_path: Path) -> None:
    """HEAD and GET wait for one rendering; others are answered meanwhile; afterwards nobody waits."""

    async def live(house: House) -> None:
        rendering = Rendering(house, tmp_path)
        address = await house.finished()
        waiting = [await rendering.begin(method, address) for method in ("HEAD", "GET", "GET")]
        assert not any(each.done() for each in waiting)
        assert await house.addresses() == [address]
        rendering.idle.work()
        head, one, other = [await each for each in waiting]
        assert (head.status_code, head.content, head.headers) == (200, b"", one.headers)
        assert one.content == other.content != b""
        assert head.headers["content-length"] == str(len(one.content))
        assert (await rendering.client.get(address)).content == one.content
        assert len(rendering.idle.wanted) == 1

    run(live)


def test_whoever_goes_away_does_not_stop_the_rendering_for_others(tmp_path: Path) -> None:
    """A download that is broken off while its video is made costs nobody else theirs."""

    async def live(house: House) -> None:
        rendering = Rendering(house, tmp_path)
        address = await house.finished()
        gone, other = [await rendering.begin("GET", address) for _ in range(2)]
        gone.cancel()
        await rest()
        rendering.idle.work()
        assert (await other).status_code == 200

    run(live)


def test_a_file_that_vanished_is_made_again(tmp_path: Path) -> None:
    """Whoever empties the cache costs the next download a rendering; the bytes are the same."""

    async def live(house: House) -> None:
        rendering = Rendering(house, tmp_path)
        address = await house.finished()
        asked = await rendering.begin("GET", address)
        rendering.idle.work()
        content = (await asked).content
        empty(tmp_path)
        asked = await rendering.begin("GET", address)
        rendering.idle.work()
        assert (await asked).content == content

    run(live)


def test_a_file_that_is_dropped_as_soon_as_it_is_made_is_made_again(tmp_path: Path) -> None:
    """Another process that fills the same cache at that moment is survived."""

    async def live(house: House) -> None:
        rendering = Rendering(house, tmp_path)
        address = await house.finished()
        asked = await rendering.begin("GET", address)
        rendering.idle.work()
        empty(tmp_path)
        await rest()
        rendering.idle.work()
        assert (await asked).status_code == 200

    run(live)


def test_a_rendering_that_fails_is_a_failure_of_the_mock(tmp_path: Path) -> None:
    """Whoever waits for it is told, in the API's own words."""

    async def live(house: House) -> None:
        rendering = Rendering(house, tmp_path)
        asked = await rendering.begin("GET", await house.finished(positivePrompt="fail"))
        rendering.idle.work()
        answer = await asked
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "internalServerError")

    run(live)


def test_the_etag_names_the_content() -> None:
    """Two results of the same size, duration and format are the same file; others are not."""

    async def live(house: House) -> None:
        tags = []
        for number, parameters in enumerate(({}, {}, {"outputFormat": "WEBM"})):
            await house.submit(taskUUID=f"{UUID[:-1]}{number}", **parameters)
        house.clock.advance(LONG_ENOUGH_MS)
        for number in range(3):
            poll = {"taskType": "getResponse", "taskUUID": f"{UUID[:-1]}{number}"}
            (item,) = (await house.ask(poll))["data"]
            tags.append((await house.client.head(item["videoURL"])).headers["etag"])
        assert tags[0] == tags[1] != tags[2]

    run(live)


def test_a_result_that_is_not_finished_cannot_be_downloaded() -> None:
    """While one result of a task is told of, the others stay out of reach until they are done as well."""

    async def live(house: House) -> None:
        await house.submit(numberResults=2)
        while not (told := await house.addresses()):
            house.clock.advance(10_000)
        (first,) = told
        task = house.mock.store.get(Shelf.TASKS, (house.mock.runtime.desk.keyring.owner("a-key") or "", UUID))
        assert isinstance(task, Task)
        second = first.replace(result_of(task, 0).video_uuid, result_of(task, 1).video_uuid)
        assert second != first
        assert (await house.client.get(first)).status_code == 200
        assert await house.is_missing(second)
        house.clock.advance(LONG_ENOUGH_MS)
        assert (await house.client.get(second)).status_code == 200

    run(live)


def test_a_video_is_gone_with_its_task() -> None:
    """After the retention of the task the address leads nowhere."""

    async def live(house: House) -> None:
        address = await house.finished()
        house.clock.advance(HOUR_MS)
        assert await house.is_missing(address)

    run(live, **{"keep-hours": "1"})


def test_only_the_very_address_leads_to_a_video() -> None:
    """Another extension, another UUID, another spelling or a way around lead nowhere."""

    async def live(house: House) -> None:
        address = await house.finished()
        folder, _, name = address.rpartition("/")
        for wrong in (
            address.replace(".mp4", ".webm"),
            address.replace(".mp4", ".mov"),
            address.replace(".mp4", ".MP4"),
            address.replace(".mp4", ""),
            f"{address}/",
            f"{folder}/{UUID}.mp4",
            f"{folder}/{name.upper()}",
            f"{folder}/../../{name}",
            f"{folder}/%2e%2e/{name}",
            f"{folder}/..%2f..%2fclips.py",
            f"{folder}/1366x768-6s.mp4",
            f"{folder}/{name}%00",
            "/video/",
        ):
            assert await house.is_missing(wrong), wrong

    run(live)


def test_a_failed_generation_has_no_video() -> None:
    """What failed was never told of, and its UUID leads nowhere."""

    async def live(house: House) -> None:
        await house.submit(positivePrompt="[[providerError]]")
        house.clock.advance(LONG_ENOUGH_MS)
        task = house.mock.store.get(Shelf.TASKS, (house.mock.runtime.desk.keyring.owner("a-key") or "", UUID))
        assert isinstance(task, Task)
        assert await house.is_missing(f"/video/ws/5/vi/{result_of(task, 0).video_uuid}.mp4")

    run(live)


@pytest.mark.parametrize(
    ("media", "content", "media_type", "extension"),
    [
        (base64.b64encode(PNG).decode(), PNG, "image/png", "png"),
        ("data:image/png;base64," + base64.b64encode(PNG).decode(), PNG, "image/png", "png"),
        (as_data_uri("image/jpg", JPEG), JPEG, "image/jpeg", "jpg"),
        ("data:video/mp4;base64,AAAAIGZ0eXA=", base64.b64decode("AAAAIGZ0eXA="), "video/mp4", "mp4"),
        ("data:audio/x-wav;base64,AAAA", bytes(3), "audio/x-wav", None),
        (as_base64(JPEG), JPEG, "image/jpeg", "jpg"),
        (as_base64(GIF), GIF, "image/gif", "gif"),
        (as_base64(BMP), BMP, "image/bmp", "bmp"),
        (as_base64(WEBP), WEBP, "image/webp", "webp"),
        (base64.b64encode(bytes(36)).decode(), bytes(36), "application/octet-stream", None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_stored_media_is_downloaded_as_it_was_sent(
    media: str, content: bytes, media_type: str, extension: str | None
) -> None:
    """Stored bytes come back under the type that was declared or found in them, and browsers may not guess another."""

    async def live(house: House) -> None:
        address = await house.store(media)
        assert address.endswith(f".{extension}") if extension else "." not in address.rpartition("/")[2]
        got, head = await house.client.get(address), await house.client.head(address)
        assert (got.status_code, got.content, head.content) == (200, content, b"")
        assert (got.headers["content-type"], got.headers["x-content-type-options"]) == (media_type, "nosniff")
        assert head.headers == got.headers
        assert got.headers["content-length"] == str(len(content))

    run(live)


@pytest.mark.parametrize(
    ("source", "location"),
    [
        ("https://example.com/first.png?a=b%20c#d", "https://example.com/first.png?a=b%20c#d"),
        ("https://example.com/\u2603.png", "https://example.com/%E2%98%83.png"),
        ("HTTP://example.com", "HTTP://example.com"),
    ],
)
def test_media_given_by_address_lead_there(source: str, location: str) -> None:
    """The mock fetches nothing: its address passes the client on, in characters that a header may hold."""

    async def live(house: House) -> None:
        answer = await house.client.get(await house.store(source))
        assert (answer.status_code, answer.content) == (307, b"")
        assert answer.headers.raw.count((b"location", location.encode("ascii"))) == 1

    run(live)


def test_media_that_were_deleted_or_never_stored_lead_nowhere() -> None:
    """An unknown UUID, a deleted one and another spelling are answered alike."""

    async def live(house: House) -> None:
        address = await house.store("data:image/png;base64," + base64.b64encode(PNG).decode())
        stem = address.rpartition("/")[2].partition(".")[0]
        for wrong in (f"/media/ii/{UUID}", f"/media/ii/{UUID}.png", address.upper(), "/media/ii/", "/image/ii/x.png"):
            assert await house.is_missing(wrong.replace("HTTP://MOCK.TEST", "")), wrong
        assert (await house.client.get(f"/image/ii/{stem}")).content == PNG
        task = {"taskType": "mediaStorage", "taskUUID": UUID, "operation": "delete", "media": stem}
        assert "errors" not in await house.ask(task)
        assert await house.is_missing(address)

    run(live)


def test_a_stored_file_is_kept_for_thirty_days_after_its_last_download() -> None:
    """A file that somebody still downloads is in use."""

    async def live(house: House) -> None:
        address = await house.store("data:image/png;base64," + base64.b64encode(PNG).decode())
        for days, status in ((29, 200), (29, 200), (31, 404)):
            house.clock.advance(days * 24 * 3_600_000)
            assert (await house.client.get(address)).status_code == status

    run(live)
