"""Makes deliveries as the mock's own courier makes them, to the address that was named, and sees what comes of them."""

import asyncio
import importlib
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from http import HTTPStatus

from contracts.receivers.talk import WEBHOOK, Kind, Probe, Step, Talk, Turn, takes
from contracts.receivers.videos import closed
from mockserver.adapters.couriers import HttpCourier
from mockserver.adapters.web import Web, read_up_to
from mockserver.outbound import Outbound, Reach
from mockserver.ports import Delivery, Parcel
from mockserver.spec.deliveries import Manner

#: How long a receiver may take to notice that a connection broke off, in seconds.
NOTICED_WITHIN_S = 1.0
#: How long what a receiver keeps may go on changing after a delivery, and how long it must stand still, in seconds.
SETTLES_WITHIN_S, STILL_S = 5.0, 0.05
#: How much is read of what it keeps, in bytes.
MOST_KEPT_BYTES = 4 * 1024 * 1024
METHODS = {WEBHOOK: "POST", "upload": "PUT"}


class BadAddress(ValueError):
    """Nothing can be delivered to an address, or nothing that can be compared stands there."""


def policy_for(*urls: str) -> Outbound:
    """Return the policy that lets requests go to some addresses, and nowhere else but to this machine.

    Raises:
        BadAddress: the service would not call one of them either; says why.
    """
    verdicts = [Outbound().judge(url) for url in urls]
    for verdict in verdicts:
        if verdict.reach is Reach.REFUSED:
            raise BadAddress(f"nothing can be delivered there: {verdict.reason}")
    return Outbound.opened([verdict.host for verdict in verdicts])


class Sender:
    """Delivers to one receiver. For one event loop.

    Args:
        receiver: "webhook" or "upload".
        url: its address.
        manner: how deliveries are made.
        deadline_s: how long an answer is waited for, in seconds; as the manner has it unless given.
        let_go: is called when a delivery is over, before the next one is made.
        state: address that shows what the receiver keeps, or "".
    """

    def __init__(
        self,
        receiver: str,
        url: str,
        manner: Manner,
        deadline_s: float | None = None,
        let_go: Callable[[], None] = lambda: None,
        state: str = "",
    ) -> None:
        self._receiver = receiver
        self._url = url
        self._manner = manner
        self._deadline_s = deadline_s or manner.deadline_s
        self._let_go = let_go
        self._state = state
        self._policy = policy_for(url, *([state] if state else []))
        self._web = Web(self._policy)
        self._courier = HttpCourier(self._web)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._courier.close()

    async def deliver(self, steps: Iterable[Step], pulse: Callable[[str], Probe]) -> Talk:
        """Make every delivery that tells something, and return what became of them.

        Args:
            steps: what is delivered.
            pulse: returns a plain delivery that is made after something rough.
        """
        # The courier loads its library when it is first needed, which must not count as the receiver's time.
        await asyncio.to_thread(importlib.import_module, "aiohttp")
        turns: list[Turn] = []
        began_s = time.perf_counter()
        ended = await self._go(steps, pulse, turns)
        return Talk(self._receiver, self._url, turns, ended, time.perf_counter() - began_s)

    async def _go(self, steps: Iterable[Step], pulse: Callable[[str], Probe], turns: list[Turn]) -> str:
        """Deliver until it is over, and say why it is, if before its time."""
        for step in steps:
            if not _tells_something(step, turns):
                continue
            turns += (made := await self._compared(step) if self._compares(step) else await self._send(step.probes))
            if step.is_vital and not made[0].is_taken:
                return f"{made[0].probe.about} is not taken"
            if step.is_rough or not all(turn.is_answered for turn in made):
                [after] = await self._send([pulse(step.probes[0].about)])
                turns.append(after)
                if not after.is_taken:
                    return f"{after.probe.about} is not taken"
        return ""

    def _compares(self, step: Step) -> bool:
        """Say whether a step must leave what the receiver keeps as it is."""
        return bool(self._state) and all(probe.kind is Kind.AGAIN for probe in step.probes)

    async def _compared(self, step: Step) -> list[Turn]:
        """Make deliveries that change nothing, and look whether they do."""
        before = await self._kept()
        made = await self._send(step.probes)
        after = await self._kept()
        probe = Probe(Kind.KEPT, f"what is kept after {step.probes[0].about}", b"")
        parcel = Parcel("GET", self._state, b"", "", {}, self._deadline_s)
        return [*made, Turn(probe, Delivery(parcel, 200, excerpt=after), before)]

    async def _kept(self) -> str:
        """Return what the receiver keeps, once that stands still.

        Raises:
            BadAddress: it does not, or cannot be read.
        """
        text, until_s = await self._state_now(), time.monotonic() + SETTLES_WITHIN_S
        while True:
            await asyncio.sleep(STILL_S)
            text, earlier = await self._state_now(), text
            if text == earlier:
                return text
            if time.monotonic() > until_s:
                raise BadAddress("what stands there changes by itself; show what is kept, without times and counts")

    async def _state_now(self) -> str:
        try:
            async with asyncio.timeout(self._deadline_s), self._web.request("GET", self._state) as response:
                body = await read_up_to(response, MOST_KEPT_BYTES)
                status = response.status
        except (OSError, TimeoutError) as problem:
            raise BadAddress(f"it cannot be read: {str(problem) or 'no answer in time'}") from None
        if status != HTTPStatus.OK:
            raise BadAddress(f"it cannot be read: the answer is {status}")
        return body.decode(errors="replace")

    async def _send(self, probes: Sequence[Probe]) -> list[Turn]:
        """Make some deliveries at once."""
        made = await asyncio.gather(*(self._cut(probe) if probe.is_cut else self._carry(probe) for probe in probes))
        self._let_go()
        return list(made)

    async def _carry(self, probe: Probe) -> Turn:
        over: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self._courier.send(self._parcel(probe), over.set_result)
        return Turn(probe, await over)

    def _parcel(self, probe: Probe) -> Parcel:
        url = probe.url or self._url
        headers = self._manner.headers_for(url)
        return Parcel(METHODS[self._receiver], url, probe.body, probe.media_type, headers, self._deadline_s)

    async def _cut(self, probe: Probe) -> Turn:
        """Send the head and half of a body, and break the connection off."""
        parcel = self._parcel(probe)
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._deadline_s):
                await self._send_half(parcel)
        return Turn(probe, Delivery(parcel, None, "the connection was broken off"))

    async def _send_half(self, parcel: Parcel) -> None:
        verdict = self._policy.judge(parcel.url)
        secured = ssl.create_default_context() if parcel.url.lower().startswith("https:") else None
        reader, writer = await asyncio.open_connection(verdict.host, verdict.port, ssl=secured)
        try:
            writer.write(head_of(parcel) + parcel.body[: len(parcel.body) // 2])
            await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
                # Until the receiver has noticed, it tells nothing to ask it for more.
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(), NOTICED_WITHIN_S)
        finally:
            writer.transport.abort()
            await closed(writer)


def head_of(parcel: Parcel) -> bytes:
    """Return the head of a request as the courier writes it."""
    authority, _, rest = parcel.url.partition("://")[2].partition("#")[0].partition("/")
    if "?" in authority:
        authority, _, query = authority.partition("?")
        rest = f"?{query}"
    lines = [f"{parcel.method} /{rest} HTTP/1.1", f"Host: {authority}", f"Content-Type: {parcel.media_type}"]
    lines += [f"{name}: {value}" for name, value in parcel.headers.items()]
    lines.append(f"Content-Length: {len(parcel.body)}")
    return "\r\n".join([*lines, "", ""]).encode()


def _tells_something(step: Step, turns: Sequence[Turn]) -> bool:
    """Say whether a step is made: what it needs was taken, and none of its kind was waited for in vain."""
    kinds = {probe.kind for probe in step.probes}
    hung = {turn.probe.kind for turn in turns if turn.is_late}
    return all(takes(turns, kind) for kind in step.needs) and not (kinds - {Kind.PLAIN}) & hung
