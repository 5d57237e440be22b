"""The mock in a thread of a Python program."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mockserver import MockControl, MockServer, Rule, Scenario
from mockserver.config import BadSetting
from mockserver.remote import ControlProblem
from mockserver.serve import PortTaken
from mockserver.threaded import UNUSABLE
from tests.support.asking import UUID, ask, poll, status_of, video
from tests.support.processes import children
from tests.support.receivers import Receiver

#: How long a client may wait for a server that ends, or for a video on a busy machine, in seconds.
PATIENCE_S = 60


def mock_threads() -> list[threading.Thread]:
    """Return the threads that serve a mock."""
    return [thread for thread in threading.enumerate() if thread.name == "runware-mock"]


def has_ipv6() -> bool:
    """Say whether the machine has an address ::1."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_video_is_ready_when_the_clock_was_moved() -> None:
    """The clock stands still, so a task is under way for as long as a test wants it to be."""
    with MockServer() as mock:
        assert ask(mock, video()) == {"data": [{"taskType": "videoInference", "taskUUID": UUID}]}
        assert mock.control.now_ms() == mock.control.now_ms()
        assert status_of(mock) == "processing"
        mock.control.advance_until_finished(UUID)
        assert status_of(mock) == "success"


def test_the_same_mock_answers_over_websocket() -> None:
    """The other address leads to the same tasks."""
    with MockServer() as mock:
        ask(mock, video())
        with connect(mock.ws_url, proxy=None) as socket_client:
            socket_client.send(json.dumps([{"taskType": "authentication", "apiKey": mock.api_key}]))
            assert "connectionSessionUUID" in str(socket_client.recv())
            socket_client.send(json.dumps([poll()]))
            assert json.loads(socket_client.recv())["data"][0]["status"] == "processing"


def test_time_passes_by_itself_where_it_is_told_to() -> None:
    """With clock="real" nobody has to move it."""
    with MockServer(clock="real") as mock:
        began_ms = mock.control.now_ms()
        assert any(mock.control.now_ms() > began_ms for _ in range(1000))


def test_mocks_beside_each_other_share_nothing() -> None:
    """Each has a port, tasks and money of its own."""
    with MockServer(balance=0.5) as poor, MockServer() as rich:
        assert poor.base_url != rich.base_url
        ask(poor, video())
        assert [len(mock.control.tasks()) for mock in (poor, rich)] == [1, 0]
        second = video(taskUUID="5f1c3c0e-9f0e-4d7e-8a53-3c3d4f9f2a10")
        assert ask(poor, second)["errors"][0]["code"] == "insufficientCredits"
        assert "errors" not in ask(rich, second)


def test_a_mock_that_is_entered_again_begins_anew() -> None:
    """One object may serve several tests, one after the other."""
    mock = MockServer()
    for _ in range(2):
        with mock:
            assert mock.control.tasks() == []
            ask(mock, video())


def test_a_mock_that_is_served_is_not_entered_once_more() -> None:
    """Otherwise the first server would be lost, and never end."""
    with MockServer() as mock:
        with pytest.raises(RuntimeError, match="served already"):
            mock.__enter__()
        assert mock.control.tasks() == []


def test_nothing_is_left_of_a_mock_that_has_ended() -> None:
    """Its thread is gone, nobody listens, and its control says so."""
    with MockServer() as mock, MockControl(mock.base_url) as control:
        assert len(mock_threads()) == 1
    assert mock_threads() == []
    with pytest.raises(ControlProblem, match=f"no mock answers at {mock.base_url}"):
        MockControl(mock.base_url).now_ms()
    with pytest.raises(RuntimeError, match="closed"):
        control.now_ms()


def test_a_client_that_still_waits_is_let_go_of(capfd: pytest.CaptureFixture[str]) -> None:
    """An answer that is held does not hold up the end, nor leave a socket behind or a word about it."""

    def submit(url: str) -> None:
        httpx.post(url, json=[task], headers={"Authorization": "Bearer any"}, timeout=PATIENCE_S, trust_env=False)

    task = video(deliveryMethod="sync")
    with ThreadPoolExecutor(1) as pool:
        with MockServer(choices={"delivery": "sync-too"}) as mock:
            held = pool.submit(submit, mock.http_url)
            while not mock.control.tasks():
                assert not held.done()
        with pytest.raises(httpx.RemoteProtocolError):
            held.result(PATIENCE_S)
    assert mock_threads() == []
    assert capfd.readouterr() == ("", "")


def test_how_a_program_logs_is_left_alone() -> None:
    """The loggers of uvicorn keep the handlers they had, so that a test sees warnings where it sees all others."""

    def handlers() -> list[logging.Handler]:
        return [handler for name in ("uvicorn", "uvicorn.error") for handler in logging.getLogger(name).handlers]

    before = handlers()
    with MockServer():
        assert handlers() == before


def test_connections_that_are_kept_do_not_hold_up_the_end() -> None:
    """A client that was not closed finds its connection closed, and a socket is told why."""
    with httpx.Client(trust_env=False) as client, ExitStack() as stack:
        with MockServer() as mock:
            assert client.get(f"{mock.base_url}/health").is_success
            socket_client = stack.enter_context(connect(mock.ws_url, proxy=None))
        with pytest.raises(httpx.ConnectError):
            client.get(f"{mock.base_url}/health")
        with pytest.raises(ConnectionClosed, match="1012"):
            socket_client.recv()


def test_a_port_that_is_taken_is_told_and_nothing_is_left(taken: int) -> None:
    """The error names the port; no thread was started, and the object can be tried again."""
    mock = MockServer(port=taken)
    for _ in range(2):
        with pytest.raises(PortTaken, match=str(taken)), mock:
            pass
    assert mock_threads() == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"speed": "quick"}, "MockConfig.speed: 'quick' is neither a number of 0.001 or more nor 'instant'"),
        ({"spee": 1}, "MockConfig.spee: there is no such setting; did you mean speed?"),
        ({"colour": 1}, "MockConfig.colour: there is no such setting"),
        ({"upload_failure": "fail"}, "MockConfig.upload_failure: it is a choice: choices={'upload-failure': …}"),
        ({"choices": {"upload-failure": "maybe"}}, "upload-failure"),
        ({"scenario": "nowhere.yaml"}, "nowhere.yaml: cannot be read"),
        ({"scenario": Scenario([Rule(faults=["drop-webhok"])])}, "did you mean 'drop-webhook'?"),
        ({"schema": Path(__file__).parent}, "tests"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_settings_that_cannot_be_used_are_told_in_one_line(settings: dict[str, Any], problem: str) -> None:
    """Every reason says what is wrong; all of them can be caught together."""
    with pytest.raises(UNUSABLE) as caught, MockServer(**settings):
        pass
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_setting_that_does_not_exist_is_told_before_anything_is_served() -> None:
    """It is known when the object is made."""
    with pytest.raises(BadSetting):
        MockServer(prot=1)


def test_a_mock_may_listen_on_ipv6() -> None:
    """Its addresses have brackets, and its control reaches it; a machine without such addresses says so."""
    if not has_ipv6():
        with pytest.raises(PortTaken, match="--host"):
            MockServer(host="::1").__enter__()
        return
    with MockServer(host="::1") as mock:
        assert mock.base_url.startswith("http://[::1]:")
        assert mock.ws_url.startswith("ws://[::1]:")
        assert ask(mock, video())["data"]
        assert len(mock.control.tasks()) == 1


def test_a_mock_that_listens_everywhere_is_called_at_an_address_that_exists() -> None:
    """0.0.0.0 is none that a program on every system can call."""
    with MockServer(host="0.0.0.0") as mock:
        assert mock.base_url.startswith("http://127.0.0.1:")
        assert mock.control.tasks() == []


def test_other_programs_are_told_where_the_mock_is() -> None:
    """Addresses and a good key are there as variables."""
    with MockServer(api_key=("first", "second")) as mock:
        assert mock.environment == {
            "RUNWARE_HTTP_URL": f"{mock.base_url}/v1",
            "RUNWARE_WS_URL": mock.ws_url,
            "RUNWARE_API_KEY": "first",
        }
        assert ask(mock, video())["data"]
        assert ask(mock, poll(), key="third")["errors"][0]["code"] == "invalidApiKey"


@pytest.mark.parametrize("token", ["secret", "ge heim ü"])
def test_a_control_token_is_shown_by_the_mock_s_own_control(token: str) -> None:
    """Others need it, too; any text will do."""
    with MockServer(control_token=token) as mock:
        assert mock.control.tasks() == []
        with MockControl(mock.base_url) as stranger, pytest.raises(ControlProblem) as refusal:
            stranger.tasks()
        assert refusal.value.status == 401


def test_a_mock_without_control_api_says_so() -> None:
    """Whoever switched it off, and moves the clock all the same, learns why that fails."""
    with MockServer(control=False) as mock, pytest.raises(ControlProblem, match="its control API on"):
        mock.control.advance(1)


def test_threads_may_have_mocks_of_their_own() -> None:
    """Several start, work and end at once."""

    def live(balance: int) -> tuple[str, int]:
        with MockServer(balance=balance) as mock:
            ask(mock, video())
            mock.control.advance_until_idle()
            return status_of(mock), len(mock.control.tasks())

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(live, range(10, 18))] == [("success", 1)] * 8
    assert mock_threads() == []


def test_threads_may_share_a_mock() -> None:
    """Its control can be called from all of them."""
    uuids = [f"24cd5dff-cb81-4db5-8506-b72a9425f9{number:02x}" for number in range(24)]

    def live(uuid: str) -> str:
        ask(mock, video(taskUUID=uuid))
        mock.control.advance_until_finished(uuid)
        return status_of(mock, uuid)

    with MockServer() as mock, ThreadPoolExecutor(4) as pool:
        assert [*pool.map(live, uuids)] == ["success"] * len(uuids)
        mock.control.verify(24, taskType="videoInference")


def test_a_mock_works_beside_an_event_loop_that_runs() -> None:
    """Clients and receivers in the loop of a test reach it; a call that waits for them is left to a thread."""

    async def live() -> None:
        with MockServer() as mock:
            async with Receiver() as receiver, httpx.AsyncClient(trust_env=False) as client:
                task = video(webhookURL=f"{receiver.base}/hook")
                await client.post(mock.http_url, json=[task], headers={"Authorization": "Bearer any"})
                await asyncio.to_thread(mock.control.advance_until_idle)
                [request] = await receiver.wait_for(1)
                assert json.loads(request.body)["data"][0]["taskUUID"] == UUID
                mock.control.verify(1, kind="webhook", outcome="delivered")

    asyncio.run(live())
    assert mock_threads() == []


def test_videos_are_rendered_where_that_is_wanted_and_no_process_is_left() -> None:
    """The address of a result is one of this mock, and what renders for it ends with it."""
    before = children()
    with MockServer(media="rendered") as mock:
        ask(mock, video())
        mock.control.advance_until_idle()
        [item] = ask(mock, poll())["data"]
        assert item["videoURL"].startswith(mock.base_url)
        file = httpx.get(item["videoURL"], timeout=PATIENCE_S, trust_env=False).content
        assert file[4:8] == b"ftyp"
    assert children() <= before
