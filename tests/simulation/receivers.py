"""Who gets webhooks and uploads: receivers of every mood, and the post that carries parcels for one process."""

import json
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from mockserver.ports import Clock, Delivery, Parcel
from tests.simulation.history import History

#: Is told which invariant does not hold, and what shows it.
Break = Callable[[str, str], None]

BASE = "http://127.0.0.1"
#: How receivers answer: always, sometimes, late, only after a while, never well, not at all.
MOODS = ("good", "good", "flaky", "slow", "asleep", "broken", "hanging")
ASLEEP_MS = 20_000
#: What an answer that does not come has for a status.
NOTHING: None = None


class Arrival(NamedTuple):
    """A parcel that came.

    Attributes:
        at_ms: when.
        url: where.
        of: what it brought: the UUID of a video, or "error".
        is_taken: whether the receiver answered 2xx.
    """

    at_ms: int
    url: str
    of: str
    is_taken: bool


class Receivers:
    """All receivers.

    Args:
        clock: tells the time, whichever process lives.
        chance: decides what they answer, and when.
        history: is told.
        broken: is told of a parcel that breaks a rule.
        left: is told of every address to which something is sent.

    Attributes:
        arrivals: what came, by address, in order.
    """

    def __init__(
        self, clock: Clock, chance: Random, history: History, broken: Break, left: Callable[[str], None]
    ) -> None:
        self.clock = clock
        self.chance = chance
        self.arrivals: dict[str, list[Arrival]] = defaultdict(list)
        self._history = history
        self._broken = broken
        self._left = left
        self._moods = [chance.choice(MOODS) for _ in range(6)]
        self._wakes_at_ms = clock.now_ms() + chance.randrange(ASLEEP_MS)
        #: The uploads under way by address, each with who sends it, and the last that began.
        self._uploads: dict[str, dict[str, Post]] = defaultdict(dict)
        self._last: dict[tuple[str, str], int] = {}

    def address(self, kind: str, serial: int) -> str:
        """Return the address of a receiver for one task: "hook" or "put"."""
        return f"{BASE}/{kind}/{self.chance.randrange(len(self._moods))}/{serial}"

    def answer(self, parcel: Parcel) -> tuple[int, int | None]:
        """Return after how many milliseconds a receiver answers what."""
        mood = self._moods[int(parcel.url.split("/")[4])]
        chance = self.chance
        match mood:
            case "hanging":
                return round(parcel.deadline_s * 1000), NOTHING
            case "broken":
                return chance.randrange(200), chance.choice((500, 404, 302, NOTHING))
            case "asleep" if self.clock.now_ms() < self._wakes_at_ms:
                return chance.randrange(50), 503
            case "flaky" if chance.random() < 0.5:
                return chance.randrange(500), chance.choice((500, 429, NOTHING))
            case "slow":
                return chance.randrange(4000), 200
            case _:
                return chance.randrange(100), 204

    def begin(self, parcel: Parcel, post: "Post") -> None:
        """A parcel leaves: uploads of a task do so one at a time, in order."""
        self._left(parcel.url)
        if parcel.method == "PUT":
            nonce, index, _ = parcel.body.decode().split()
            under_way = self._uploads[parcel.url]
            if under_way:
                self._broken("one upload at a time", f"{parcel.url} gets {index} of {nonce} beside {[*under_way]}")
            if int(index) < self._last.get((parcel.url, nonce), 0):
                self._broken("uploads in order", f"{parcel.url} gets {index} of {nonce} after a later one")
            self._last[parcel.url, nonce] = int(index)
            under_way[f"{index} of {nonce}"] = post
        self._history.note("courier", f"sends {_shown(parcel)}")

    def arrive(self, parcel: Parcel, status: int | None) -> None:
        """A parcel is there, and answered."""
        is_taken = status is not None and 200 <= status < 300
        self._history.note("receiver", f"answers {status} to {_shown(parcel)}")
        self.arrivals[parcel.url].append(Arrival(self.clock.now_ms(), parcel.url, content_of(parcel), is_taken))

    def end(self, parcel: Parcel) -> None:
        """Whoever sent a parcel hears what became of it."""
        self._uploads.pop(parcel.url, None)

    def lose(self, post: "Post") -> None:
        """Somebody is dead, and with them what they were sending."""
        for url, under_way in self._uploads.items():
            self._uploads[url] = {name: by for name, by in under_way.items() if by is not post}


def content_of(parcel: Parcel) -> str:
    """Return which video a parcel is about, or "error"."""
    if parcel.method == "PUT":
        return parcel.body.decode().split()[2]
    document = json.loads(parcel.body)
    return str(document["data"][0]["videoUUID"]) if "data" in document else "error"


def _shown(parcel: Parcel) -> str:
    return f"{parcel.method} {parcel.url.removeprefix(BASE)} about {content_of(parcel)[:8]}"


class Post:
    """The courier of one process.

    Args:
        receivers: where parcels go.
        clock: that of the process: when it is dead, nobody hears of answers any more.
        is_alive: says whether it is not.
    """

    def __init__(self, receivers: Receivers, clock: Clock, is_alive: Callable[[], bool]) -> None:
        self._receivers = receivers
        self._clock = clock
        self._is_alive = is_alive

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Send a parcel: it arrives after a while, perhaps even if the process has died meanwhile."""
        # A courier returns at once: what it was handed leaves in the next turn of the process.
        self._clock.call_at(self._clock.now_ms(), partial(self._leave, parcel, done))

    def _leave(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        receivers = self._receivers
        way_ms, is_on_the_wire = receivers.chance.randrange(100), receivers.chance.random() < 0.5
        wait_ms, status = receivers.answer(parcel)
        receivers.begin(parcel, self)
        at_ms = receivers.clock.now_ms() + way_ms

        def arrive() -> None:
            if is_on_the_wire or self._is_alive():
                receivers.arrive(parcel, status)

        receivers.clock.call_at(at_ms, arrive)
        self._clock.call_at(at_ms + wait_ms, partial(self._end, parcel, status, done))

    def _end(self, parcel: Parcel, status: int | None, done: Callable[[Delivery], None]) -> None:
        self._receivers.end(parcel)
        is_good = status is not None and 200 <= status < 300
        done(Delivery(parcel, status, "" if is_good else "it was not taken"))

    async def close(self) -> None:
        """Nothing is held."""
