"""The courier that really sends: each parcel once, as it is, to loopback only, within one deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from mockserver.adapters.couriers import MOST_SHOWN_BYTES, HttpCourier, Outbox
from mockserver.ports import Delivery, Parcel
from tests.support.receivers import Answer, Receiver, answering, silence, status

SHORT_S = 0.1
#: Longer than anything that does not wait for a deadline takes.
PATIENCE_S = 20.0


async def deliver(courier: HttpCourier, *parcels: Parcel) -> list[Delivery]:
    """Send parcels and wait until all deliveries ended."""
    ended: list[Delivery] = []
    all_ended = asyncio.Event()

    def done(delivery: Delivery) -> None:
        ended.append(delivery)
        if len(ended) == len(parcels):
            all_ended.set()

    for parcel in parcels:
        courier.send(parcel, done)
    await asyncio.wait_for(all_ended.wait(), PATIENCE_S)
    return ended


def post(url: str, body: bytes = b"{}", deadline_s: float = PATIENCE_S) -> Parcel:
    """Return a webhook call."""
    return Parcel("POST", url, body, "application/json", deadline_s=deadline_s)


def run(live: Callable[[HttpCourier], Coroutine[Any, Any, None]]) -> None:
    """Run something with a courier that is closed in the end."""

    async def with_courier() -> None:
        courier = HttpCourier()
        try:
            await live(courier)
        finally:
            await courier.close()

    asyncio.run(with_courier())


@pytest.mark.parametrize(
    "target",
    [
        "/hook",
        "/hook?token=a%2Fb&x=%7E~",
        "/put?X-Amz-Signature=a+b&X-Amz-Date=%20",
        "/a%2fb/../c//d;e",
        "/?a=b?c=%zz",
        "/%C3%A9",
    ],
)
def test_the_address_is_used_byte_for_byte(target: str) -> None:
    """Path and query reach the receiver as the client wrote them, however odd."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver() as receiver:
            await deliver(courier, post(receiver.base + target))
            assert [request.line for request in receiver.requests] == [f"POST {target} HTTP/1.1"]

    run(live)


@pytest.mark.parametrize(
    "parcel",
    [
        Parcel("POST", "", b'{"data":[]}', "application/json"),
        Parcel("PUT", "", bytes(range(256)) * 4096, "video/mp4"),
        Parcel("PUT", "", b"", "video/quicktime"),
        Parcel("PUT", "", bytes(range(256)) * 16384, "video/mp4"),
    ],
)
def test_a_parcel_is_sent_whole_with_its_length_and_type_and_nothing_about_us(parcel: Parcel) -> None:
    """The receiver gets body, Content-Length and Content-Type; no credentials, no cookie, no name of a program."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver(status(200, "Set-Cookie: a=b; Path=/")) as receiver:
            sent = Parcel(parcel.method, f"{receiver.base}/x", parcel.body, parcel.media_type)
            (first,) = await deliver(courier, sent)
            (second,) = await deliver(courier, sent)
            assert first == second == Delivery(sent, 200)
            for request in receiver.requests:
                assert (request.line, request.body) == (f"{parcel.method} /x HTTP/1.1", parcel.body)
                assert request.headers == {
                    "host": receiver.base.removeprefix("http://"),
                    "content-type": parcel.media_type,
                    "content-length": str(len(parcel.body)),
                }

    run(live)


@pytest.mark.parametrize(
    ("code", "is_delivered"),
    [
        (200, True),
        (201, True),
        (204, True),
        (299, True),
        (301, False),
        (302, False),
        (307, False),
        (308, False),
        (400, False),
        (404, False),
        (500, False),
        (503, False),
    ],
)
def test_any_2xx_is_delivered_and_nothing_else_and_each_parcel_is_sent_once(code: int, is_delivered: bool) -> None:
    """Redirects are not followed and failures not repeated; the delivery tells what the receiver answered."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver() as elsewhere, Receiver(status(code, f"Location: {elsewhere.base}/stolen")) as receiver:
            (delivery,) = await deliver(courier, post(f"{receiver.base}/hook"))
            assert (delivery.status, delivery.is_delivered) == (code, is_delivered)
            assert (str(code) in delivery.problem) != is_delivered
            assert (len(receiver.requests), elsewhere.requests) == (1, [])

    run(live)


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("10.0.0.1", "not allowed: --allow-outbound 10.0.0.1 would open it"),
        ("192.168.0.1", "not allowed: --allow-outbound 192.168.0.1 would open it"),
        ("example.com", "not allowed: --allow-outbound example.com would open it"),
        ("[fe80::1]", "not allowed: --allow-outbound fe80::1 would open it"),
        ("169.254.169.254", "credentials"),
        ("0.0.0.0", "not the address of one machine"),
        ("[::ffff:10.0.0.1]", "stands for an IPv4 one"),
    ],
)
def test_nothing_leaves_the_machine(host: str, problem: str) -> None:
    """An address that is not open is refused before a connection is tried, and the delivery says why."""

    async def live(courier: HttpCourier) -> None:
        began = time.monotonic()
        (delivery,) = await deliver(courier, post(f"http://{host}:9/hook"))
        assert delivery.status is None
        assert problem in delivery.problem
        assert time.monotonic() - began < PATIENCE_S / 2

    run(live)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LocalHost"])
def test_loopback_is_reached_by_its_names(name: str) -> None:
    """A name that resolves to this machine is a good address."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver() as receiver:
            (delivery,) = await deliver(courier, post(receiver.base.replace("127.0.0.1", name)))
            assert (delivery.status, delivery.problem) == (200, "")

    run(live)


def test_one_deadline_covers_a_whole_delivery() -> None:
    """A receiver that says nothing is given up when the time is over."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver(silence) as silent:
            (delivery,) = await deliver(courier, post(silent.base, deadline_s=SHORT_S))
            assert (delivery.status, delivery.problem) == (None, f"no answer within {SHORT_S:g} s")
            assert delivery.ms >= SHORT_S * 1000
            assert not delivery.is_hopeless

    run(live)


def test_nobody_waits_for_a_receiver_that_is_silent() -> None:
    """While some deliveries get no answer, others arrive."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver(silence) as silent, Receiver() as receiver:
            for _ in range(50):
                courier.send(post(silent.base), lambda _: None)
            (delivery,) = await deliver(courier, post(receiver.base))
            assert delivery.is_delivered

    run(live)


async def drip(writer: asyncio.StreamWriter) -> None:
    """Answer a head and one byte of a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
    await writer.drain()
    await silence(writer)


async def flood(writer: asyncio.StreamWriter) -> None:
    """Answer as many bytes as the other side takes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        writer.write(bytes(1_000_000))
        await writer.drain()


@pytest.mark.parametrize("answer", [drip, flood])
def test_answers_without_end_hold_nobody_up(answer: Answer) -> None:
    """Of a long answer the beginning is read; the status counts."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver(answer) as receiver:
            (delivery,) = await deliver(courier, post(receiver.base))
            assert (delivery.status, delivery.problem) == (200, "")

    run(live)


async def head_alone(writer: asyncio.StreamWriter) -> None:
    """Answer a head at once and its body never."""
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n")
    await silence(writer)


def test_a_status_counts_without_its_body() -> None:
    """A receiver that says 201 and then nothing more has taken the parcel; the rest is not waited for."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver(head_alone) as receiver:
            (delivery,) = await deliver(courier, post(receiver.base))
            assert (delivery.status, delivery.problem, delivery.excerpt) == (201, "", "")
            assert delivery.ms < PATIENCE_S * 1000 / 2

    run(live)


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        (b"", ""),
        (b"thank you", "thank you"),
        ("\u00fc \u2603".encode(), "\u00fc \u2603"),
        (b"\xff\x00", "\ufffd\x00"),
        (b"x" * 100_000, "x" * MOST_SHOWN_BYTES),
    ],
)
def test_the_beginning_of_an_answer_is_kept(body: bytes, excerpt: str) -> None:
    """So that one can see what a receiver had to say; not more than the beginning, whatever its bytes."""

    async def live(courier: HttpCourier) -> None:
        head = f"HTTP/1.1 500 No\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        async with Receiver(answering(head + body)) as receiver:
            (delivery,) = await deliver(courier, post(receiver.base))
            assert (delivery.status, delivery.excerpt) == (500, excerpt)
            assert not delivery.is_hopeless

    run(live)


def test_headers_of_a_parcel_are_sent_with_it() -> None:
    """Some storage needs a word that others do not."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver() as receiver:
            await deliver(courier, replace(post(receiver.base), headers={"x-ms-blob-type": "BlockBlob"}))
            assert receiver.requests[0].headers["x-ms-blob-type"] == "BlockBlob"
            assert receiver.requests[0].headers["content-type"] == "application/json"

    run(live)


def test_a_redirect_is_told_from_other_failures() -> None:
    """Whoever looks into the journal sees that it was not followed."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver(status(307, "Location: /elsewhere")) as receiver:
            (delivery,) = await deliver(courier, post(receiver.base))
            assert delivery.problem == "the receiver answered 307, and redirects are not followed"

    run(live)


def test_connections_are_used_again() -> None:
    """A receiver that is called one hundred times, one after the other, has one connection to serve."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver() as receiver:
            for _ in range(100):
                await deliver(courier, post(receiver.base))
            assert receiver.connections == 1

    run(live)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without an answer."""
    writer.close()


@pytest.mark.parametrize(
    "answer",
    [hang_up, answering(b"nonsense\r\n\r\n"), answering(b"HTTP/1.1 abc OK\r\n\r\n"), answering(b"\0" * 100_000)],
)
def test_receivers_that_speak_no_http_fail_their_delivery(answer: Answer) -> None:
    """Whatever comes back, the delivery ends with a problem and the courier goes on."""

    async def live(courier: HttpCourier) -> None:
        async with Receiver(answer) as broken, Receiver() as receiver:
            (delivery,) = await deliver(courier, post(broken.base))
            assert delivery.status is None
            assert delivery.problem
            (delivery,) = await deliver(courier, post(receiver.base))
            assert delivery.is_delivered

    run(live)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/nobody",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://[::1",
        "http://[v1.x]/",
        "http://%31%32%37.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://167772161/",
        "http://0x0a000001/",
        "http://a..b/",
        f"http://{'a' * 300}/",
        "http://127.0.0.1:1/\u2603",
        "ftp://127.0.0.1/",
        "http:///nowhere",
        "nonsense",
        "",
    ],
)
def test_addresses_that_lead_nowhere_fail_their_delivery(url: str) -> None:
    """An address that cannot be used is a problem of the delivery; nothing is raised."""

    async def live(courier: HttpCourier) -> None:
        (delivery,) = await deliver(courier, post(url))
        assert delivery.status is None
        assert delivery.problem

    run(live)


def test_a_connection_that_the_receiver_closed_is_not_used_again() -> None:
    """Receivers that close after each answer, without saying so, get every webhook all the same."""

    async def answer_and_close(writer: asyncio.StreamWriter) -> None:
        await status(200)(writer)
        writer.close()

    async def live(courier: HttpCourier) -> None:
        async with Receiver(answer_and_close) as receiver:
            for number in range(5):
                (delivery,) = await deliver(courier, post(receiver.base, str(number).encode()))
                assert delivery.is_delivered
            assert [request.body for request in receiver.requests] == [b"0", b"1", b"2", b"3", b"4"]

    run(live)


def test_a_receiver_has_few_connections_at_once() -> None:
    """A storm of parcels for one receiver waits in line; each arrives once."""
    number = 60

    async def live(courier: HttpCourier) -> None:
        async with Receiver() as receiver:
            bodies = [str(index).encode() for index in range(number)]
            deliveries = await deliver(courier, *(post(receiver.base, body) for body in bodies))
            assert all(delivery.is_delivered for delivery in deliveries)
            assert sorted(request.body for request in receiver.requests) == sorted(bodies)
            assert receiver.most_open <= 16

    run(live)


def test_closing_stops_what_is_under_way() -> None:
    """After closing nothing is under way any more and nobody is told of what was."""

    async def live() -> None:
        courier = HttpCourier()
        told: list[Delivery] = []
        async with Receiver(silence) as receiver:
            courier.send(post(receiver.base), told.append)
            await receiver.wait_for(1)
            await courier.close()
        assert told == []
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(live())


@pytest.mark.parametrize("close", [HttpCourier().close, Outbox().close])
def test_a_courier_that_had_nothing_to_do_can_be_closed(close: Callable[[], Awaitable[None]]) -> None:
    """Closing needs no delivery before it."""

    async def live() -> None:
        await close()

    asyncio.run(live())


def test_the_outbox_keeps_every_parcel_and_answers_as_it_is_told() -> None:
    """The courier for programs and tests sends nothing; receivers take everything unless told otherwise."""
    outbox, told = Outbox(), list[Delivery]()
    parcels = [post("https://example.com/1"), post("https://example.com/2")]
    for parcel in parcels:
        outbox.send(parcel, told.append)
    assert outbox.parcels == parcels
    outbox.statuses[parcels[0].url] = 503
    outbox.send(parcels[0], told.append)
    assert told.pop() == Delivery(parcels[0], 503, "the receiver answered 503")
    assert told == [Delivery(parcel, 200) for parcel in parcels]
