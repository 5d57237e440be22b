"""Connections under the outbound policy: names looked up once, every address checked, nothing else consulted."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from mockserver.adapters.web import Web, look_up, read_up_to
from mockserver.outbound import Outbound
from mockserver.ports import NotAllowed
from tests.support.receivers import Receiver, status

FORBIDDEN = ["10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "64:ff9b::7f00:1"]


class Names:
    """Says what names stand for: something else each time, as an attacker's name server does.

    Attributes:
        asked: every name that was looked up.
    """

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def look_up(self, name: str) -> Sequence[str]:
        """Return the next answer."""
        self.asked.append(name)
        return self._answers.pop(0)


def run(policy: Outbound, names: Names, live: Callable[[Web], Coroutine[Any, Any, None]]) -> None:
    """Run something with a client that is closed in the end."""

    async def with_web() -> None:
        web = Web(policy, names.look_up)
        try:
            await live(web)
        finally:
            await web.close()

    asyncio.run(with_web())


async def get(web: Web, url: str, most_bytes: int = 100) -> tuple[int, bytes]:
    """Return status and body of an answer."""
    async with web.request("GET", url) as response:
        return response.status, await read_up_to(response, most_bytes)


def port_of(receiver: Receiver) -> str:
    """Return the port of a receiver."""
    return receiver.base.rpartition(":")[2]


def test_a_name_is_looked_up_once_and_the_checked_address_is_connected_to() -> None:
    """A name that stands for something else a moment later gains nothing: nobody asks a second time."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])

    async def live(web: Web) -> None:
        async with Receiver() as receiver:
            assert await get(web, f"http://rebound.example:{port_of(receiver)}/x") == (200, b"")
            assert [request.headers["host"] for request in receiver.requests] == [
                f"rebound.example:{port_of(receiver)}"
            ]
            assert names.asked == ["rebound.example"]

    run(Outbound.opened(["10.0.0.0/8"]), names, live)


@pytest.mark.parametrize("ip", FORBIDDEN)
def test_a_name_that_stands_for_a_forbidden_address_is_not_called(ip: str) -> None:
    """Neither under a range nor as localhost does a name lead where its address may not."""

    async def live(web: Web) -> None:
        for name in ("files.example.com", "localhost"):
            with pytest.raises(NotAllowed, match=rf"{name} stands for .*; --allow-outbound {name} would open it"):
                await get(web, f"http://{name}:9/")

    run(Outbound.opened(["192.168.0.0/16"]), Names([ip], [ip]), live)


def test_of_several_addresses_the_forbidden_ones_are_left_out() -> None:
    """One good address among bad ones is connected to, and it alone."""

    async def live(web: Web) -> None:
        async with Receiver() as receiver:
            assert (await get(web, f"http://localhost:{port_of(receiver)}/x"))[0] == 200

    run(Outbound(), Names([*FORBIDDEN, "127.0.0.1"]), live)


def test_a_name_that_is_not_open_is_not_even_looked_up() -> None:
    """A request tells no name server what it names."""
    names = Names()

    async def live(web: Web) -> None:
        with pytest.raises(NotAllowed, match=r"--allow-outbound secret\.example\.com would open it"):
            await get(web, "http://secret.example.com/")
        assert names.asked == []

    run(Outbound(), names, live)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_is_refused_is_told_in_the_words_of_the_system(scheme: str) -> None:
    """Whoever reads the log learns what happened, and nothing of how the client library is set up."""

    async def live(web: Web) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(OSError, match=r"^no connection: Connection refused$"):
            await get(web, f"{scheme}://127.0.0.1:{port}/")

    run(Outbound(), Names(), live)


def test_a_redirect_is_told_and_not_followed() -> None:
    """The answer of a receiver cannot send the mock elsewhere."""

    async def live(web: Web) -> None:
        async with Receiver() as elsewhere, Receiver(status(302, f"Location: {elsewhere.base}/x")) as receiver:
            assert (await get(web, f"{receiver.base}/x"))[0] == 302
            assert elsewhere.requests == []

    run(Outbound(), Names(), live)


def test_the_mock_is_not_called_by_a_name_of_its_machine() -> None:
    """Its own port is refused on every address of this machine, also where a name or a range was opened."""

    async def live(web: Web) -> None:
        with pytest.raises(OSError, match="the mock itself listens there"):
            await get(web, "http://me.example:8080/v1")
        with pytest.raises(OSError, match="the mock itself listens there"):
            await get(web, "http://localhost:8080/v1")

    policy = Outbound.opened(["me.example"])
    policy.own_ports.add(8080)
    run(policy, Names(["127.0.0.1"]), live)


def test_a_proxy_of_the_environment_is_not_used() -> None:
    """Settings that send other programs through a proxy do not concern the mock."""

    async def live(web: Web) -> None:
        async with Receiver() as proxy, Receiver() as receiver:
            before = dict(os.environ)
            os.environ.update(dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), proxy.base))
            try:
                await get(web, f"{receiver.base}/x")
            finally:
                os.environ.clear()
                os.environ.update(before)
            assert (len(receiver.requests), proxy.requests) == (1, [])

    run(Outbound(), Names(), live)


def test_of_an_answer_no_more_is_read_than_was_asked_for() -> None:
    """The rest of a long answer is left where it is."""

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    async def live(web: Web) -> None:
        async with Receiver(endless) as receiver:
            assert await get(web, f"{receiver.base}/x", 100) == (200, bytes(100))

    run(Outbound(), Names(), live)


def test_the_system_knows_this_machine_by_name() -> None:
    """Without another lookup names are the system's."""
    assert set(asyncio.run(look_up("localhost"))) <= {"127.0.0.1", "::1"}
