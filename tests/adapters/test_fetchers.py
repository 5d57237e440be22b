"""Fetching files from addresses that clients chose: under the policy, within a time and a size."""

import asyncio

import pytest

from mockserver.adapters.fetchers import MOST_AT_ONCE, Nowhere, WebFetcher
from mockserver.outbound import Outbound
from mockserver.ports import Fetched, NotAllowed, TooLarge
from tests.support.receivers import Answer, Receiver, answering, silence, status

SHORT_S = 0.1
PICTURE = bytes(range(256)) * 4


def file(body: bytes = PICTURE, *headers: str) -> Answer:
    """Return what answers a request with a file."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return answering(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body)


async def endless(writer: asyncio.StreamWriter) -> None:
    """Answer with a body that does not end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65536))
        await writer.drain()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Answer a head and one byte of a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
    await writer.drain()
    await silence(writer)


def fetch(answer: Answer, most_bytes: int = 10_000, deadline_s: float = 20.0) -> Fetched:
    """Fetch a file from a server that answers as told."""

    async def live() -> Fetched:
        async with Receiver(answer) as receiver:
            fetched = await WebFetcher(Outbound(), deadline_s=deadline_s).fetch(
                f"{receiver.base}/a.png?b=%20c", most_bytes
            )
            assert [request.line for request in receiver.requests] == ["GET /a.png?b=%20c HTTP/1.1"]
            assert receiver.requests[0].headers["accept-encoding"] == "identity"
            return fetched

    return asyncio.run(live())


def test_a_file_is_fetched_with_its_type() -> None:
    """The address is used byte for byte, and what came is returned whole."""
    assert fetch(file(PICTURE, "Content-Type: Image/PNG; charset=x")) == Fetched(PICTURE, "image/png")
    assert fetch(file(b"")) == Fetched(b"", "")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (status(404), "the server answered 404"),
        (status(500), "the server answered 500"),
        (status(204), "the server answered 204"),
        (status(302, "Location: http://127.0.0.1:1/"), "the server answered 302, and redirects are not followed"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nshort"), "."),
        (answering(b"this is no HTTP\r\n\r\n"), "."),
    ],
)
def test_a_file_that_does_not_arrive_is_told_why(answer: Answer, problem: str) -> None:
    """Another status, a redirect, a broken answer: the reason says which."""

    async def closing(writer: asyncio.StreamWriter) -> None:
        await answer(writer)
        writer.close()

    with pytest.raises(OSError, match=problem):
        fetch(closing)


@pytest.mark.parametrize("answer", [file(bytes(10_001)), endless])
def test_a_file_that_is_too_large_is_not_read_to_its_end(answer: Answer) -> None:
    """Whether its length is told or not, no more is read than may be."""
    with pytest.raises(TooLarge):
        fetch(answer)


@pytest.mark.parametrize("answer", [silence, drip])
def test_one_deadline_covers_a_download(answer: Answer) -> None:
    """A server that is silent, from the first byte on or later, is given up when the time is over."""
    with pytest.raises(OSError, match=r"did not arrive within 0\.1 s"):
        fetch(answer, deadline_s=SHORT_S)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://10.0.0.1/a.png", "--allow-outbound 10.0.0.1 would open it"),
        ("https://example.com/a.png", "--allow-outbound example.com would open it"),
        ("http://2130706433/a.png", "unusual spelling"),
    ],
)
def test_what_is_not_open_is_not_fetched(url: str, reason: str) -> None:
    """The policy is asked before anything is connected to."""
    with pytest.raises(NotAllowed, match=reason):
        asyncio.run(WebFetcher(Outbound()).fetch(url, 100))


def test_a_name_that_stands_for_something_else_the_second_time_gains_nothing() -> None:
    """Names are looked up once for each download; the address that was checked is connected to."""
    answers = ["127.0.0.1", "169.254.169.254"]

    async def lookup(_name: str) -> list[str]:
        return [answers.pop(0)]

    async def live() -> None:
        fetcher = WebFetcher(Outbound.opened(["10.0.0.0/8"]), lookup)
        async with Receiver(file()) as receiver:
            url = receiver.base.replace("127.0.0.1", "rebound.example")
            assert (await fetcher.fetch(url, 10_000)).content == PICTURE
            assert answers == ["169.254.169.254"]
            with pytest.raises(NotAllowed, match=r"stands for 169\.254\.169\.254"):
                await fetcher.fetch(url, 10_000)
            assert len(receiver.requests) == 1

    asyncio.run(live())


def test_downloads_that_hang_do_not_pile_up() -> None:
    """Past a number of downloads under way further ones are refused at once, until some have ended."""

    async def live() -> None:
        async with Receiver(silence) as silent, Receiver(file()) as receiver:
            fetcher = WebFetcher(Outbound(), deadline_s=20)
            hanging = [asyncio.ensure_future(fetcher.fetch(silent.base, 10)) for _ in range(MOST_AT_ONCE)]
            await asyncio.sleep(0)  # lets each begin; no time passes
            with pytest.raises(OSError, match="too many downloads are under way"):
                await fetcher.fetch(receiver.base, 10_000)
            for download in hanging:
                download.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            assert (await fetcher.fetch(receiver.base, 10_000)).content == PICTURE

    asyncio.run(live())


def test_a_mock_inside_a_program_fetches_nothing() -> None:
    """Whatever the address, nothing is connected to."""
    with pytest.raises(NotAllowed, match="reaches no network"):
        asyncio.run(Nowhere().fetch("http://127.0.0.1:9/", 10))
