"""A whole mock in a simulated world: one thread, one clock that is moved by hand, one seed from which all else follows."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from random import Random
from typing import Any, NamedTuple

import orjson

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock
from mockserver.engine.results import result_of
from mockserver.engine.values import Task
from mockserver.faults.base import End, Outgoing
from mockserver.ports import Clock
from mockserver.runtime import Runtime, TakeMedia
from mockserver.scenario import read_scenario
from mockserver.transports.http import HttpDesk
from mockserver.wire import Envelope
from tests.simulation.base import Opened, Place
from tests.simulation.clients import uuid_from
from tests.simulation.crashes import Boundaries, Crash, CrashingAgenda, CrashingCourier, CrashingStore
from tests.simulation.durable import InMemory
from tests.simulation.history import History
from tests.simulation.invariants import ATTEMPTS, BALANCE_USD, NO_REPLY, Ledger, Reply
from tests.simulation.receivers import Post, Receivers
from tests.support.loops import rest
from tests.support.mocks import still_mock

#: How long after the last crash everything that is owed is over.
SETTLED_MS = 300_000
HEAD = {b"content-type": b"application/json", b"host": b"mock.test"}
#: A scenario that some seeds play. Its rules take nothing away that is owed.
SCENARIO = {
    "seed": 3,
    "rules": [
        {"match": {"probability": 0.15}, "faults": ["answer-503"]},
        {"match": {"probability": 0.15}, "faults": ["duplicate-webhook", {"slow-upload": {"delay_ms": 2000}}]},
        {"match": {"probability": 0.1}, "outcome": "providerError"},
    ],
}
Hear = Callable[[Reply], None]


class Broken(AssertionError):
    """An invariant does not hold.

    Attributes:
        invariant: which.
        history: what happened until then.
    """

    def __init__(self, invariant: str, shows: str, history: History) -> None:
        super().__init__(f"{invariant}: {shows}")
        self.invariant = invariant
        self.history = history


class LivingClock:
    """The clock of one process: it wakes nobody there any more once the process is dead.

    Args:
        clock: the world's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.is_alive = True

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return self._clock.now_ms()

    def call_at(self, at_ms: int, wake: Callable[[], None], *, is_limit: bool = False) -> Callable[[], None]:
        """Call somebody when a time has come, if they still live."""
        return self._clock.call_at(at_ms, lambda: wake() if self.is_alive else None, is_limit=is_limit)


class Waiting(NamedTuple):
    """An answer that is awaited.

    Attributes:
        answer: what it will be.
        key: whose request it answers.
        hear: hears it.
        place: where in time it was asked for.
    """

    answer: "asyncio.Future[Envelope | Outgoing]"
    key: str
    hear: Hear
    place: tuple[int, int]


@dataclass(slots=True)
class Process:
    """One life of the mock.

    Attributes:
        clock: its time.
        runtime: answers requests.
        desk: answers them over HTTP.
        opened: its part of the place where state is kept.
        waiting: answers that are awaited.
    """

    clock: LivingClock
    runtime: Runtime
    desk: HttpDesk
    opened: Opened
    waiting: list[Waiting] = field(default_factory=list)


@lru_cache
def pattern() -> Mock:
    """Return the mock after which those of all worlds are made."""
    attempts = {"webhook-attempts": str(ATTEMPTS["hook"]), "upload-attempts": str(ATTEMPTS["put"])}
    return still_mock({"speed": "12", "balance": str(BALANCE_USD), "journal": "0", **attempts})


class World:
    """A mock, its receivers, and the ledger of what clients know.

    Args:
        seed: everything follows from it.
        place: where the mock's state is; in memory unless given.
        runtime: what answers requests.
        plays_scenario: whether rules decide, too.

    Attributes:
        chance: decides everything that is drawn.
        boundaries: where the mock dies.
        crashes: how often it did.
    """

    def __init__(
        self,
        seed: int,
        place: Place | None = None,
        runtime: type[Runtime] = Runtime,
        plays_scenario: bool = False,
    ) -> None:
        self.chance = Random(seed)
        self.clock = ManualClock()
        self.history = History(self.clock)
        self.boundaries = Boundaries()
        self.receivers = Receivers(self.clock, self.chance, self.history, self.broken, self._left)
        self.place = place or InMemory()
        self.crashes = 0
        self._runtime = runtime
        self._plays_scenario = plays_scenario
        self._serial = self._asked = 0
        self._problems: list[Broken] = []
        self._mean_boundaries: int | None = None
        keyring = pattern().runtime.desk.keyring
        self.keys = tuple(f"key-{name}" for name in "abc")
        owners = {key: keyring.owner(key) or "" for key in self.keys}
        self.ledger = Ledger(owners, self.place.peek, self.clock, self.broken)
        self.process = self._start()

    # What clients see

    async def ask(self, key: str, tasks: Sequence[Any] | bytes, hear: Hear) -> None:
        """Send a request, and have somebody hear the answer: now, later, or that there is none."""
        body = tasks if isinstance(tasks, bytes) else orjson.dumps(tasks)
        self.history.note(key, _shown(tasks))
        self._asked += 1
        headers = {**HEAD, b"authorization": f"Bearer {key}".encode()}
        process = self.process
        try:
            answer = process.desk.answer(process.desk.read_head(headers, "http", "", "/v1"), body)
        except Crash as crash:
            await self._restart(crash)
            hear(NO_REPLY)
        else:
            if isinstance(answer, Envelope):
                self._tell(key, answer, hear)
            else:
                awaited = asyncio.ensure_future(answer)
                process.waiting.append(Waiting(awaited, key, hear, self._place_in_time()))
                await self._rest()
        self._check()

    def _tell(self, key: str, answer: Envelope | Outgoing, hear: Hear, is_late: bool = False) -> None:
        if isinstance(answer, Outgoing) and answer.end in (End.UNSENT, End.CUT, End.NEVER):
            self.history.note(key, "hears nothing whole")
            hear(Reply(None, None, is_late))
            return
        self.history.note(key, f"hears {answer.status} {answer.body.decode(errors='replace')[:300]}")
        hear(Reply(answer.body, _read(answer.body), is_late))

    def _place_in_time(self) -> tuple[int, int]:
        """Return what is another one once a client has asked again, or time has passed."""
        return self._asked, self.clock.now_ms()

    # Time and death

    async def pass_time(self, by_ms: int) -> None:
        """Let time pass, and everything happen that is due."""
        target_ms = self.clock.now_ms() + by_ms
        while (due_ms := self.clock.next_at_ms) is not None and due_ms <= target_ms:
            try:
                self.clock.advance_to(due_ms)
            except Crash as crash:
                await self._restart(crash)
            await self._rest()
            self._check()
        self.clock.advance_to(target_ms)

    async def settle(self) -> None:
        """Let everything come to its end: within a bounded time after the mock died last."""
        crashes = -1
        while crashes != self.crashes:
            crashes = self.crashes
            await self.pass_time(SETTLED_MS)

    def crash_every(self, boundaries: int | None) -> None:
        """Let the mock die again and again, on average after twice so many boundaries, or no more."""
        self._mean_boundaries = boundaries
        self._arm()

    def _arm(self) -> None:
        if self._mean_boundaries is None:
            self.boundaries.crash_in(None)
        else:
            self.boundaries.crash_in(self.chance.randint(1, 4 * self._mean_boundaries))

    async def _rest(self) -> None:
        """Let what is awaited go on, and tell those whose answers are there."""
        process = self.process
        while process.waiting:
            await rest()
            ready = [each for each in process.waiting if each.answer.done()]
            if not ready:
                return
            for each in ready:
                process.waiting.remove(each)
                problem = each.answer.exception()
                if isinstance(problem, Crash):
                    await self._restart(problem)
                    each.hear(NO_REPLY)
                    return
                self._tell(each.key, each.answer.result(), each.hear, each.place != self._place_in_time())

    async def _restart(self, crash: Crash) -> None:
        """The mock has died; start it again on what was committed."""
        self.crashes += 1
        self.history.note("mock", f"dies {crash}")
        dead = self.process
        dead.clock.is_alive = False
        dead.opened.die()
        self.receivers.lose()
        for each in dead.waiting:
            each.answer.cancel()
        if dead.waiting:
            await rest()
        self._arm()
        self.process = self._start()
        for each in dead.waiting:
            each.hear(NO_REPLY)

    def _start(self) -> Process:
        clock, mock = LivingClock(self.clock), pattern()
        opened = self.place.open(clock)
        post = Post(self.receivers, clock, lambda: clock.is_alive)
        desk = replace(mock.runtime.desk, store=CrashingStore(opened.store, self.boundaries), clock=clock, dice=opened.dice)
        runtime = self._runtime(
            desk,
            CrashingAgenda(opened.agenda, self.boundaries),
            CrashingCourier(post, self.boundaries),
            partial(self._fetch_media, clock),
            mock.runtime.limits,
            mock.config.speed,
            SETTLED_MS,
            self._hear_log,
            None,
            {"webhook": ATTEMPTS["hook"], "upload": ATTEMPTS["put"]},
        )
        if self._plays_scenario:
            runtime.plans.play(read_scenario(SCENARIO, mock.spec.failures, mock.spec.models))
        http = HttpDesk(runtime, None, None, lambda *_: "http://mock.test", self._hear_log)
        opened.begin()
        return Process(clock, runtime, http, opened)

    def _fetch_media(self, clock: LivingClock, task: Task, index: int, take: TakeMedia) -> None:
        """Make the file of a result: at once, or after a while."""
        content = f"{task.nonce.hex()} {index} {result_of(task, index).video_uuid}".encode(), "video/mp4"
        if self.chance.random() < 0.5:
            take(content)
        else:
            clock.call_at(clock.now_ms() + self.chance.randrange(1000), lambda: take(content))

    # What is drawn, and what is wrong

    def new_uuid(self) -> str:
        """Draw a UUID."""
        return uuid_from(self.chance)

    def next_serial(self) -> int:
        """Return the number of a new task."""
        self._serial += 1
        return self._serial

    def broken(self, invariant: str, shows: str) -> None:
        """Something does not hold. It is raised where no code of the mock's can catch it."""
        self.history.note("INVARIANT", f"{invariant}: {shows}")
        self._problems.append(Broken(invariant, shows, self.history))

    def _left(self, url: str) -> None:
        self.ledger.left(url)

    def _check(self) -> None:
        if self._problems:
            raise self._problems[0]

    def check_end(self) -> None:
        """Hold what is left against what should be."""
        for key, uuid in self.ledger.tasks:
            self.ledger.is_over(key, uuid)
        self.ledger.delivered(self.receivers.arrivals)
        if owed := self.process.runtime.dispatch.owed:
            self.broken("every delivery ends", f"{owed} are still owed")
        self._check()

    def _hear_log(self, said: str) -> None:
        if said.startswith("internal failure"):
            self.broken("the mock never fails", said)

    async def close(self) -> None:
        """Let go of everything."""
        self.process.clock.is_alive = False
        for each in self.process.waiting:
            each.answer.cancel()
        await rest()
        self.process.opened.die()
        self.place.close()


def _read(body: bytes) -> Any:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _shown(tasks: Sequence[Any] | bytes) -> str:
    if isinstance(tasks, bytes):
        return f"sends {tasks!r}"
    return f"asks {orjson.dumps(tasks).decode()}"
