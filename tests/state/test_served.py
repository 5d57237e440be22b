"""Mocks that are served with their state in a file: what one did the next one knows, and what all of them know."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.adapters.kept_clock import UNKEPT_MS, Line
from mockserver.app import make_mock
from mockserver.config import BadSetting, MockConfig
from mockserver.remote import ControlProblem
from mockserver.threaded import MockServer
from tests.support.ports import free_port
from tests.support.receivers import Receiver

RULES = {"rules": [{"faults": ["refuse-submit"], "times": 1}]}


def uuid_of(number: int) -> str:
    """Return the UUID of the task of a number."""
    return f"24cd5dff-cb81-4db5-8506-{number:012d}"


def video(number: int, **parameters: Any) -> dict[str, Any]:
    """Return the submission of the task of a number."""
    task = {"taskType": "videoInference", "taskUUID": uuid_of(number), "model": "minimax:3@1"}
    return {**task, "positivePrompt": "a lighthouse", **parameters}


def poll(number: int) -> dict[str, Any]:
    """Return a poll of the task of a number."""
    return {"taskType": "getResponse", "taskUUID": uuid_of(number)}


def ask(mock: MockServer, *tasks: dict[str, Any], key: str = "a-key") -> Any:
    """Send tasks and return the answer."""
    return httpx.post(mock.http_url, json=tasks, headers={"Authorization": f"Bearer {key}"}).json()


def served(tmp_path: Path, **settings: Any) -> MockServer:
    """Return a mock in real time with its state in a file."""
    return MockServer(state=str(tmp_path / "mock.db"), clock=1, **settings)


def shared(tmp_path: Path) -> MockServer:
    """Return the same, as one of two that share the file."""
    return served(tmp_path, speed="instant", workers=2)


def outcomes(told: Any) -> Sequence[str]:
    """Return the status, or the code of the error, of each task."""
    errors = [error["code"] for error in told.get("errors", ())]
    return [item.get("status", "accepted") for item in told["data"]] + errors


def test_a_mock_that_is_begun_anew_goes_on(tmp_path: Path) -> None:
    """With tasks and their results, stored media, balances, rules and their counts, the journal, and its keys."""
    port = free_port()
    picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    account = {"taskType": "accountManagement", "taskUUID": uuid_of(9), "operation": "getDetails"}
    stored = {"taskType": "mediaStorage", "taskUUID": uuid_of(8), "operation": "upload", "media": picture}
    with served(tmp_path, speed="instant", balance=5, port=port, media="prerendered") as mock:
        mock.control.play(RULES)
        assert outcomes(ask(mock, video(1))) != ["accepted"]
        assert outcomes(ask(mock, video(2, numberResults=2))) == ["accepted"]
        before = [ask(mock, each) for each in (poll(2), account)]
        kept = ask(mock, stored)["data"][0]["mediaURL"].partition("/media/")[2]
        entries = mock.control.journal()
    with served(tmp_path, speed="instant", balance=5, port=port, media="prerendered") as mock:
        after = [ask(mock, each) for each in (poll(2), account)]
        assert after == before
        assert outcomes(ask(mock, video(2))) == ["conflictTaskUUID"]
        assert outcomes(ask(mock, video(3))) == ["accepted"]
        assert outcomes(ask(mock, poll(2), key="another")) == ["taskNotFound"]
        assert httpx.get(f"{mock.base_url}/media/{kept}").status_code == 200
        assert httpx.get(after[0]["data"][0]["videoURL"]).status_code == 200
        assert mock.control.journal()[: len(entries)] == entries


def test_what_is_owed_is_delivered_after_the_end(tmp_path: Path) -> None:
    """A generation that was not finished finishes, and its webhook comes from the next mock, once."""

    async def story() -> list[bytes]:
        async with Receiver() as receiver:
            with served(tmp_path, speed=20) as mock:
                assert outcomes(await asyncio.to_thread(ask, mock, video(1, webhookURL=receiver.base))) == ["accepted"]
            assert receiver.requests == []
            with served(tmp_path, speed=20) as mock:
                await receiver.wait_for(1)
                told = await asyncio.to_thread(ask, mock, poll(1))
                assert outcomes(told) == ["success"]
            return [each.body for each in receiver.requests]

    [body] = asyncio.run(story())
    assert uuid_of(1).encode() in body


def test_all_who_share_a_file_know_the_same(tmp_path: Path) -> None:
    """Tasks, rules and their counts, and the journal, whoever was told of them."""
    with shared(tmp_path) as here, shared(tmp_path) as there:
        here.control.play(RULES)
        assert outcomes(ask(there, video(1))) != ["accepted"]
        assert outcomes(ask(here, video(1))) == ["accepted"]
        assert outcomes(ask(there, poll(1))) == ["success"]
        journals = [[(entry["number"], entry["target"]) for entry in each.control.journal()] for each in (here, there)]
        assert journals[0] == journals[1]
        assert len(journals[0]) == 3
        with pytest.raises(ControlProblem, match="each has a clock: none of them can be moved"):
            here.control.advance(1000)
        there.control.reset()
        assert outcomes(ask(here, poll(1))) == ["taskNotFound"]


def test_processes_that_share_a_file_make_different_results(tmp_path: Path) -> None:
    """Though they draw from one secret, and the same key asks both."""
    with shared(tmp_path) as here, shared(tmp_path) as there:
        for mock, number in ((here, 1), (there, 2)):
            ask(mock, video(number))
        told = ask(here, poll(1), poll(2))["data"]
        assert told[0]["videoUUID"] != told[1]["videoUUID"]


def test_a_file_is_begun_with_one_seed(tmp_path: Path) -> None:
    """Under another one nobody's keys would be known again; without one it goes on as it began."""
    for seed in (7, 7, None):
        with served(tmp_path, seed=seed):
            pass
    with pytest.raises(BadSetting, match="was begun without this seed; name another file"):
        make_mock(MockConfig(state=str(tmp_path / "mock.db"), seed=8))


def test_the_same_seed_draws_the_same_in_a_file(tmp_path: Path) -> None:
    """As in memory, in the first process that has the file."""
    told = []
    for settings in ({}, {"state": str(tmp_path / "mock.db")}):
        with MockServer(seed=7, speed="instant", **settings) as mock:
            ask(mock, video(1))
            told.append(ask(mock, poll(1))["data"][0]["videoUUID"])
    assert told[0] == told[1]


def test_a_mock_that_does_not_share_has_its_file_alone(tmp_path: Path) -> None:
    """Another one is told so when it begins, and what would help."""
    with (
        served(tmp_path),
        pytest.raises(
            BadSetting, match="is held by a mock without --workers: end that one, or begin both with --workers 2"
        ),
    ):
        make_mock(MockConfig(state=str(tmp_path / "mock.db")))


def test_a_clock_that_was_moved_goes_on_where_it_was(tmp_path: Path) -> None:
    """A mock that is begun anew is not earlier than it was: what was finished stays so."""
    with served(tmp_path) as mock:
        ask(mock, video(1))
        mock.control.advance(3_600_000)
        before_ms = mock.control.now_ms()
        assert outcomes(ask(mock, poll(1))) == ["success"]
    with served(tmp_path) as mock:
        assert mock.control.now_ms() >= before_ms
        assert outcomes(ask(mock, poll(1))) == ["success"]
    with shared(tmp_path) as mock:
        assert outcomes(ask(mock, poll(1))) == ["success"]


def test_a_clock_that_stands_still_stands_where_it_was(tmp_path: Path) -> None:
    """However long the mock was away; one that goes on at another rate begins there, and goes on from there."""
    state = str(tmp_path / "mock.db")
    with MockServer(state=state, clock=0, speed=1) as mock:
        ask(mock, video(1))
        mock.control.advance(1000)
        before_ms = mock.control.now_ms()
    with MockServer(state=state, clock=0, speed=1) as mock:
        assert mock.control.now_ms() == before_ms
        assert outcomes(ask(mock, poll(1))) == ["processing"]
        mock.control.set_rate(1000)
        before_ms = mock.control.now_ms()
    with MockServer(state=state, clock=0) as mock:
        assert before_ms <= mock.control.now_ms() < before_ms + 3_600_000


def test_time_passes_as_everywhere_while_nobody_serves() -> None:
    """However fast it went: a day is no thousand days. It is not before what was told last, which may not be kept."""
    day_ms = 86_400_000
    line = Line(1_000_000, 5_000_000, 1000)
    assert line.at(5_000_000 + UNKEPT_MS) == 1_000_000 + 1000 * UNKEPT_MS
    assert line.at(5_000_000 + UNKEPT_MS + day_ms) == 1_000_000 + 1000 * UNKEPT_MS + day_ms
    assert line.at(4_000_000) == 1_000_000
    assert line._replace(rate=0.5).at(5_000_000 + day_ms) == 1_000_000 + day_ms // 2


def test_a_start_that_is_refused_leaves_the_time_as_it_was(tmp_path: Path) -> None:
    """As one with another seed is."""
    state = str(tmp_path / "mock.db")
    with MockServer(state=state, clock=1, seed=1) as mock:
        before_ms = mock.control.now_ms()
    with pytest.raises(BadSetting, match="without this seed"):
        make_mock(MockConfig(state=state, clock=1_000_000, seed=2))
    with MockServer(state=state, clock=1, seed=1) as mock:
        assert before_ms <= mock.control.now_ms() < before_ms + 600_000


def test_a_time_of_its_own_is_not_shared(tmp_path: Path) -> None:
    """Several workers need time to go as everywhere, which it does once one mock alone was begun so."""
    path = tmp_path / "mock.db"
    for clock in (2, 1):
        with MockServer(state=str(path), clock=clock):
            pass
        if clock == 2:
            with pytest.raises(BadSetting, match="goes 2 times as fast as everywhere; serve it once without --workers"):
                make_mock(MockConfig(state=str(path), workers=2))
    with shared(tmp_path) as mock:
        assert outcomes(ask(mock, video(1))) == ["accepted"]
        with pytest.raises(ControlProblem, match="each has a clock: none of them can be moved"):
            mock.control.advance(1000)


def removed(path: Path) -> None:
    """Take a file away."""
    path.unlink()


def replaced(path: Path) -> None:
    """Put a copy of a file in its place."""
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


@pytest.mark.parametrize("settings", [{}, {"workers": 2}], ids=["alone", "shared"])
@pytest.mark.parametrize("spoil", [removed, replaced])
def test_a_mock_whose_file_is_not_there_any_more_is_not_ready(
    tmp_path: Path, spoil: Callable[[Path], None], settings: dict[str, int]
) -> None:
    """It answers for what it still has open, but whoever comes next would find nothing of that."""
    with served(tmp_path, **settings) as mock:
        url = mock.http_url.replace("/v1", "/health/ready")
        assert httpx.get(url).json()["checks"] == {"accepting": "ok", "store": "ok"}
        spoil(tmp_path / "mock.db")
        told = httpx.get(url)
        assert told.status_code == 503
        assert told.json()["checks"]["store"] == (
            "its file was removed or replaced: what is kept is lost at the end; begin the mock anew"
        )
        assert outcomes(ask(mock, video(1))) == ["accepted"]
