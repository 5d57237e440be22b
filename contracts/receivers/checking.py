"""Holds a receiver of webhooks or uploads against everything that the service may do to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from contracts.receivers.bodies import Bodies
from contracts.receivers.sending import Sender
from contracts.receivers.talk import UPLOAD, Talk
from contracts.receivers.uploads import clip, plain_video, upload_steps
from contracts.receivers.videos import Videos
from contracts.receivers.webhooks import plain_result, webhook_steps
from mockserver.spec.load import Spec


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a receiver is to be checked.

    Attributes:
        receiver: "webhook" or "upload".
        url: its address.
        chance: what shapes of bodies are drawn from.
        deadline_s: how long an answer is waited for, in seconds, or None for as long as the service does.
        origin: begin of the addresses of videos; "" has them served on this machine meanwhile.
        known: taskUUIDs that the receiver knows.
        state: address that shows what it keeps, or "".
        fresh: returns 16 bytes that it never returned before.
    """

    receiver: str
    url: str
    chance: int = 0
    deadline_s: float | None = None
    origin: str = ""
    known: Sequence[str] = ()
    state: str = ""
    fresh: Callable[[], bytes] = lambda: uuid4().bytes


async def talk_with(wanted: Wanted, spec: Spec) -> Talk:
    """Deliver everything to a receiver, and return what it answered.

    Raises:
        BadAddress: nothing can be delivered to its address, or what it keeps cannot be read.
    """
    videos = Videos(clip("MP4"))
    manner = spec.manners[wanted.receiver]
    sender = Sender(wanted.receiver, wanted.url, manner, wanted.deadline_s, videos.let_go, wanted.state)
    try:
        if wanted.receiver == UPLOAD:
            return await sender.deliver(upload_steps(wanted.url), plain_video)
        if not wanted.origin:
            await videos.open()
        bodies = Bodies(spec, wanted.chance, wanted.origin or videos.origin, wanted.known, wanted.fresh)
        steps = webhook_steps(bodies, wanted.url, None if wanted.origin else videos.slow_address)
        return await sender.deliver(steps, lambda after: plain_result(bodies, after))
    finally:
        await sender.close()
        await videos.close()
