"""Who reaches a mock: who is warned, and what a page in a browser can do."""

import asyncio
import socket
from io import StringIO

import pytest
import websockets

from mockserver.config import MockConfig
from mockserver.serve import warn, warnings_for
from tests.support.mocks import still_mock
from tests.support.server import served
from tests.support.sockets import SocketClient


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost", "mock.localhost"])
def test_what_only_this_machine_reaches_needs_no_warning(host: str) -> None:
    """A mock as it is by default is silent."""
    assert list(warnings_for(MockConfig(host=host))) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "build-machine"])
@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, ["--api-key", "--control-token"]),
        ({"api_key": ("good",)}, ["--control-token"]),
        ({"control_token": "secret"}, ["--api-key"]),
        ({"api_key": ("good",), "control_token": "secret"}, []),
        ({"api_key": ("good",), "control": False}, []),
    ],
)
def test_what_others_reach_is_warned_of(host: str, settings: dict[str, object], options: list[str]) -> None:
    """Each thing that is left open is named with whom it is open to and the option that closes it; no key is told."""
    out = StringIO()
    warn(MockConfig(host=host, **settings), out)  # type: ignore[arg-type]
    lines = out.getvalue().splitlines()
    assert len(lines) == len(options)
    for line, option in zip(lines, options, strict=True):
        assert line.startswith("runware-mock: WARNING: everybody who reaches ")
        assert host in line
        assert option in line
        assert "secret" not in line


def test_the_default_listens_on_this_machine_alone() -> None:
    """At its own loopback address, and nowhere else that a program could ask for."""
    with served() as mock:
        assert mock.host == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", mock.port)):
            pass


def test_a_page_of_any_origin_may_connect_and_needs_a_key() -> None:
    """The official SDK runs in pages: a WebSocket is open to them, but nothing is answered without a key."""

    async def live(url: str) -> str:
        async with websockets.connect(url, origin="https://evil.example", proxy=None) as page:  # type: ignore[arg-type]
            await page.send('[{"taskType": "getResponse", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"}]')
            return str(await page.recv())

    with served("--api-key", "good") as mock:
        assert "missingApiKey" in asyncio.run(live(mock.ws_url))


def test_the_key_of_one_page_is_not_another_ones() -> None:
    """A connection that showed no key is not let in by one that did."""

    async def live() -> list[str]:
        app = still_mock().front(None)
        async with SocketClient(app) as one, SocketClient(app) as other:
            await one.say('[{"taskType": "authentication", "apiKey": "a-key"}]')
            return await other.say('[{"taskType": "getResponse", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"}]')

    [frame] = asyncio.run(live())
    assert "missingApiKey" in frame
