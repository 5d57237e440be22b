"""The client of the control API, against mocks that are served."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import respx

from mockserver import MockControl, MockServer, Rule, Scenario
from mockserver.remote import PATIENCE_S, ControlProblem, NotVerified
from tests.support.asking import UUID, ask, poll, status_of, video

SECOND = "5f1c3c0e-9f0e-4d7e-8a53-3c3d4f9f2a10"
BUSY = {"rules": [{"name": "busy", "faults": ["answer-503"], "times": 1}]}


@pytest.fixture
def mock() -> Iterator[MockServer]:
    """A mock whose videos take as long as the real service's."""
    with MockServer(speed=1) as served:
        yield served


@pytest.fixture
def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


# Time


def test_the_clock_moves_by_so_much_as_it_is_told(mock: MockServer) -> None:
    """What is returned is the time afterwards, and time stands still in between."""
    began_ms = mock.control.now_ms()
    assert mock.control.advance(1500) == began_ms + 1500
    assert mock.control.now_ms() == began_ms + 1500


def test_the_clock_moves_until_one_task_is_over(mock: MockServer) -> None:
    """Another one, handed in later, is then still under way."""
    ask(mock, video())
    mock.control.advance(1000)
    ask(mock, video(taskUUID=SECOND))
    over_ms = mock.control.advance_until_finished(UUID)
    assert over_ms == mock.control.now_ms()
    assert status_of(mock) == "success"
    [first, second] = mock.control.tasks()
    assert (first["dueAtMs"], first["status"]) == ([over_ms], "success")
    assert second["status"] == ("processing" if second["dueAtMs"][-1] > over_ms else "success")


def test_the_clock_moves_until_nothing_is_due(mock: MockServer) -> None:
    """Then every task is over, and there is nothing more to move for."""
    ask(mock, video(), video(taskUUID=SECOND))
    idle_ms = mock.control.advance_until_idle()
    assert [task["status"] for task in mock.control.tasks()] == ["success", "success"]
    assert mock.control.advance_until_idle() == idle_ms


def test_the_clock_runs_at_the_rate_that_is_set(mock: MockServer) -> None:
    """It can be let go, and stopped again."""
    began_ms = mock.control.now_ms()
    mock.control.set_rate(1000)
    assert any(mock.control.now_ms() > began_ms for _ in range(1000))
    mock.control.set_rate(0)
    assert mock.control.now_ms() == mock.control.now_ms()


# Rules


@pytest.mark.parametrize(
    "of_kind",
    [
        lambda _: BUSY,
        lambda _: Scenario([Rule(name="busy", faults=["answer-503"], times=1)]),
        lambda folder: written(folder / "busy.yaml", "rules: [{ name: busy, faults: [answer-503], times: 1 }]"),
    ],
    ids=["data", "value", "file"],
)
def test_a_scenario_is_played_whatever_it_is_written_as(
    mock: MockServer, tmp_path: Path, of_kind: Callable[[Path], Any]
) -> None:
    """The first task meets the rule, and the rule counts it."""
    mock.control.play(of_kind(tmp_path))
    assert "errors" in ask(mock, video())
    assert "errors" not in ask(mock, video())
    [rule] = mock.control.rules()
    assert (rule["name"], rule["took"]) == ("busy", 1)


def written(path: Path, text: str) -> Path:
    """Return a file that holds a text."""
    path.write_text(text, encoding="utf-8")
    return path


def test_playing_none_ends_the_rules(mock: MockServer) -> None:
    """No rule is in force then, as at the start."""
    assert mock.control.rules() == []
    mock.control.play(BUSY)
    mock.control.play(None)
    assert mock.control.rules() == []
    assert "errors" not in ask(mock, video())


def test_a_scenario_that_cannot_be_used_is_refused_with_its_place(mock: MockServer) -> None:
    """The one before stays in force."""
    mock.control.play(BUSY)
    with pytest.raises(ControlProblem, match="did you mean 'drop-webhook'") as refusal:
        mock.control.play({"rules": [{"faults": ["drop-webhok"]}]})
    assert (refusal.value.status, refusal.value.errors[0]["pointer"]) == (400, "/rules/0/faults/0")
    assert [rule["name"] for rule in mock.control.rules()] == ["busy"]


# What happened


@pytest.fixture
def busy(mock: MockServer) -> MockServer:
    """A mock that has seen two submissions, one of them refused, and a poll."""
    ask(mock, video(duration=6))
    ask(mock, video(taskUUID=SECOND, duration=7))
    ask(mock, poll())
    return mock


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"kind": "webhook"}, []),
        ({"taskType": "getResponse"}, [3]),
        ({"taskUUID": UUID.upper()}, [1, 3]),
        ({"error": "unsupportedDuration"}, [2]),
        ({"status": 400}, [2]),
        ({"transport": "websocket"}, []),
        ({"after": 1, "limit": 1}, [3]),
        ({"params": {"duration": 6}}, [1]),
        ({"params": {"duration": {"one_of": [6, 7]}, "positivePrompt": {"contains": "light"}}}, [1, 2]),
        ({"params": {"duration": "6"}}, []),
    ],
    ids=str,
)
def test_the_journal_tells_what_is_asked_for(busy: MockServer, filters: dict[str, Any], numbers: list[int]) -> None:
    """Filters are those of `verify`; the archive holds the same entries."""
    assert [entry["number"] for entry in busy.control.journal(**filters)] == numbers
    assert len(busy.control.har(**filters)["log"]["entries"]) == len(numbers)


def test_a_filter_that_does_not_exist_is_refused(busy: MockServer) -> None:
    """A slip does not pass for an empty answer."""
    with pytest.raises(ControlProblem, match="did you mean taskUUID"):
        busy.control.journal(taskUuid=UUID)


def test_a_journal_that_was_forgotten_is_empty(busy: MockServer) -> None:
    """Tasks stay."""
    busy.control.forget_journal()
    assert busy.control.journal() == []
    assert len(busy.control.tasks()) == 1


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"count": 3},
        {"count": 0, "kind": "upload"},
        {"at_least": 1, "at_most": 2, "taskType": "videoInference"},
        {"at_most": 0, "params": {"duration": 10}},
        {"count": 1, "params": {"duration": 6}, "outcome": "accepted"},
    ],
    ids=str,
)
def test_what_was_expected_is_verified(busy: MockServer, expected: dict[str, Any]) -> None:
    """Nothing is raised."""
    busy.control.verify(**expected)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (
            {"count": 0, "taskType": "getResponse"},
            'expected no requests with taskType "getResponse", found 1 (entries 3)',
        ),
        ({"at_most": 1}, "expected at most 1 request, found 3 (entries 1, 2, 3)"),
        ({"kind": "webhook"}, "expected at least 1 webhook, found none"),
        (
            {"count": 1, "params": {"duration": 10}, "outcome": "accepted"},
            'expected exactly 1 request with outcome "accepted" and duration 10, found none; '
            "nearly: in entry 1 duration was 6",
        ),
    ],
    ids=str,
)
def test_what_was_not_expected_is_told(busy: MockServer, expected: dict[str, Any], said: str) -> None:
    """It is a failed assertion that says what was expected and what was found, and no chain of causes."""
    with pytest.raises(NotVerified) as failure:
        busy.control.verify(**expected)
    assert str(failure.value) == said
    assert isinstance(failure.value, AssertionError)
    assert failure.value.__suppress_context__


def test_a_number_that_contradicts_itself_is_refused_and_not_taken_for_a_failed_test(busy: MockServer) -> None:
    """The call is wrong, not what was tested."""
    with pytest.raises(ControlProblem, match="atMost is less than atLeast"):
        busy.control.verify(at_least=2, at_most=1)


def test_what_is_there_already_is_not_waited_for(busy: MockServer) -> None:
    """The entries are returned, each once."""
    entries = busy.control.wait(2, taskType="videoInference", within_s=0)
    assert [entry["number"] for entry in entries] == [1, 2]
    assert busy.control.wait(params={"duration": 7}, within_s=0)[0]["number"] == 2


def test_what_comes_later_is_waited_for(mock: MockServer) -> None:
    """Whoever waits is told as soon as it is there."""
    asking = Thread(target=lambda: ask(mock, video()))
    asking.start()
    [entry] = mock.control.wait(taskUUID=UUID, within_s=PATIENCE_S)
    asking.join()
    assert entry["tasks"][0]["taskUUID"] == UUID


def test_what_does_not_come_in_time_is_told_with_the_likely_reason(mock: MockServer) -> None:
    """A clock that stands still is what people forget."""
    with pytest.raises(NotVerified, match=r"found none within 10 ms of real time; the clock stands still, advance it"):
        mock.control.wait(kind="webhook", within_s=0.01)


def test_a_long_wait_is_not_cut_short() -> None:
    """The client has more patience than it asks of the mock."""
    with respx.mock(base_url="http://mock.test") as router, MockControl("http://mock.test") as control:
        route = router.post("/_mock/wait").respond(json={"entries": [], "lastEntry": 0})
        control.wait(within_s=500)
        assert route.calls.last.request.extensions["timeout"]["read"] > 500


def test_a_reset_forgets_what_tasks_left_behind(busy: MockServer) -> None:
    """Tasks and journal are empty; a task may be handed in anew."""
    busy.control.reset()
    assert (busy.control.tasks(), busy.control.journal()) == ([], [])
    assert "errors" not in ask(busy, video())


# Whose things are meant


def test_a_control_with_a_key_means_what_belongs_to_the_key(mock: MockServer) -> None:
    """Tests that share a mock, each with a key, do not see or disturb each other. Any key will do."""
    ask(mock, video(), key="one")
    with MockControl(mock.base_url, key="one") as one, MockControl(mock.base_url, key="zwölf") as other:
        assert [len(control.tasks()) for control in (one, other)] == [1, 0]
        one.verify(1)
        other.verify(0)
        other.play(BUSY)
        assert "errors" not in ask(mock, video(taskUUID=SECOND), key="one")
        other.reset()
        assert len(one.tasks()) == 2
        one.reset()
        assert mock.control.tasks() == []


def test_a_key_that_the_mock_does_not_accept_is_refused() -> None:
    """A control that could only ever see nothing says so."""
    with (
        MockServer(api_key="good") as mock,
        MockControl(mock.base_url, key="bad") as control,
        pytest.raises(ControlProblem, match="none that the mock accepts"),
    ):
        control.tasks()


# Where no mock is


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_address_for_tasks_is_good_for_the_control_too(mock: MockServer, path: str) -> None:
    """What a client was given need not be taken apart."""
    with MockControl(mock.base_url + path) as control:
        assert control.tasks() == []


def test_nobody_who_listens_is_told(free_port: int) -> None:
    """The error names the address."""
    with MockControl(f"http://127.0.0.1:{free_port}") as control, pytest.raises(ControlProblem) as problem:
        control.reset()
    assert problem.value.status == 0
    assert f"no mock answers at http://127.0.0.1:{free_port} (" in str(problem.value)


def test_an_address_without_scheme_is_told() -> None:
    """It is wrong at the first call, in words that say what is missing."""
    with MockControl("127.0.0.1:8080") as control, pytest.raises(ControlProblem, match="'http://'"):
        control.reset()


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    """A server that is no mock, and what it is going to answer."""
    answers: list[tuple[int, bytes]] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = answers.pop()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}", answers
        server.shutdown()
        serving.join()


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (200, b"<html>Welcome</html>"),
        (200, b"[]"),
        (302, b""),
        (404, b'{"detail":"Not Found"}'),
        (404, b'{"data":[],"errors":[{"code":"routeNotFound","message":"Nothing lives here"}]}'),
        (500, b'{"errors":"sorry"}'),
        (502, b'{"errors":[]}'),
    ],
)
def test_somebody_else_who_answers_is_told(
    stranger: tuple[str, list[tuple[int, bytes]]], code: int, body: bytes
) -> None:
    """The error names address and status, and asks the right question."""
    base_url, answers = stranger
    answers.append((code, body))
    with MockControl(base_url) as control, pytest.raises(ControlProblem) as problem:
        control.tasks()
    assert problem.value.status == code
    assert str(problem.value) == f"{base_url}/_mock/tasks answered {code}; is it a mock, and its control API on?"


def test_a_control_that_was_closed_is_told() -> None:
    """It is a mistake of the program, and said so by its name."""
    control = MockControl("http://127.0.0.1:1")
    control.close()
    with pytest.raises(RuntimeError, match="closed"):
        control.now_ms()
