"""Rendered videos of mocks that run as users run them: in a server, and inside a program."""

import signal
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockConfig, MockRunware
from mockserver.media.clips import FOLDER
from tests.support.clips import UUID, probe
from tests.support.processes import children, command
from tests.support.server import Served, served

#: How long a download may take on a machine that is busy with other tests, in seconds.
RENDERED_WITHIN_S = 60
TASK = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
OPTIONS = ("--speed", "instant", "--seed", "7", "--log", "quiet")


def renderers(server: Served) -> set[int]:
    """Return the processes that render for a server."""
    found = {each for each in children(server.process.pid) if "mockserver.media.worker" in command(each)}
    assert len(found) <= 4
    return found


def downloaded(server: Served, **parameters: Any) -> bytes:
    """Have a video made and return its file."""
    with httpx.Client(trust_env=False, headers={"Authorization": "Bearer any"}, timeout=RENDERED_WITHIN_S) as client:
        assert "errors" not in client.post(server.http_url, json=[{**TASK, **parameters}]).json()
        [item] = client.post(server.http_url, json=[POLL]).json()["data"]
        return client.get(item["videoURL"]).raise_for_status().content


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_mock_that_is_stopped_leaves_no_process_and_no_file_behind(tmp_path: Path, number: int) -> None:
    """What rendered ends with it, and what was rendered is removed where nobody asked to keep it."""
    with served(*OPTIONS, temporary=tmp_path) as server:
        assert renderers(server) == set()
        assert downloaded(server)[4:8] == b"ftyp"
        [started] = renderers(server)
        assert len(list(tmp_path.rglob("*.mp4"))) == 1
        server.process.send_signal(number)
        assert server.process.wait(RENDERED_WITHIN_S) == 0
        assert command(started) == ""
        assert list(tmp_path.iterdir()) == []


def test_a_mock_that_is_stopped_tells_whoever_waits_for_a_video() -> None:
    """Downloads whose video is still to be rendered get an error in the API's words, and the log no traceback."""
    with served(*OPTIONS) as server, ThreadPoolExecutor(20) as pool:
        with httpx.Client(trust_env=False, headers={"Authorization": "Bearer any"}) as client:
            client.post(server.http_url, json=[{**TASK, "duration": 10, "numberResults": 20}])
            items = client.post(server.http_url, json=[POLL]).json()["data"]
        asked = [pool.submit(httpx.get, item["videoURL"], timeout=RENDERED_WITHIN_S) for item in items]
        wait(asked, return_when=FIRST_COMPLETED)
        server.process.send_signal(signal.SIGINT)
        answers = [each.result() for each in asked]
        assert server.process.wait(RENDERED_WITHIN_S) == 0
        refused = [answer for answer in answers if answer.status_code != 200]
        assert {(answer.status_code, answer.json()["errors"][0]["code"]) for answer in refused} == {
            (503, "serviceUnavailable")
        }
    printed = [server.lines.get_nowait() for _ in range(server.lines.qsize())]
    assert not [line for line in printed if "Traceback" in line or "Error" in line or "exception" in line]


def test_kept_videos_are_there_for_the_next_mock(tmp_path: Path) -> None:
    """With a folder of the user's the same task under the same seed is not rendered again."""
    options = (*OPTIONS, "--media-cache", str(tmp_path / "new" / "folder"))
    with served(*options) as server:
        content = downloaded(server, outputFormat="WEBM")
    with served(*options) as server:
        assert downloaded(server, outputFormat="WEBM") == content
        assert renderers(server) == set()


def test_without_rendering_the_shipped_videos_are_served() -> None:
    """The setting is heeded, and the ready block says what there is."""
    with served(*OPTIONS, "--media", "prerendered") as server:
        assert downloaded(server) == (FOLDER / "1366x768-6s.mp4").read_bytes()
        assert renderers(server) == set()


@pytest.mark.parametrize("media", ["rendered", None])
def test_a_mock_inside_a_program_renders_where_it_is_told_to(tmp_path: Path, media: str | None) -> None:
    """Without a server and without processes: the file is what the task asked for, or the shipped one."""
    before = children()
    with MockRunware(MockConfig(log="quiet", speed=float("inf"), media=media)) as mock, httpx.Client() as client:
        client.headers["Authorization"] = "Bearer any"
        upload = {**TASK, "width": 1920, "height": 1080, "uploadEndpoint": "https://example.com/put"}
        client.post("https://api.runware.ai/v1", json=[upload])
        [item] = client.post("https://api.runware.ai/v1", json=[POLL]).json()["data"]
        content = client.get(item["videoURL"]).content
        assert [parcel.body for parcel in mock.outbox.parcels] == [content]
    path = tmp_path / "clip"
    path.write_bytes(content)
    assert (probe(path)["streams"][0]["width"], children()) == (1920, before)
    assert (content == (FOLDER / "1920x1080-6s.mp4").read_bytes()) is (media is None)
