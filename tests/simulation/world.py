"""A whole mock in a simulated world: one thread, one clock that is moved by hand, one seed from which all else follows."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from mockserver.tally import Tally
from mockserver.transports.http import HttpDesk
from mockserver.wire import Envelope
from tests.simulation.base import Opened, Place
from tests.simulation.clients import uuid_from
from tests.simulation.crashes import Boundaries, Crash, CrashingAgenda, CrashingCourier, CrashingStore, Strike
from tests.simulation.history import History
from tests.simulation.invariants import ATTEMPTS, BALANCE_USD, NO_REPLY, Ledger, Reply
from tests.simulation.receivers import Post, Receivers
from tests.support.loops import rest
from tests.support.mocks import still_mock

#: How long after the last crash everything that is owed is over.
SETTLED_MS = 300_000
#: How often processes that share the state look for others that have died.
LOOK_MS = 5000
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


class Process(NamedTuple):
    """One life of a mock.

    Attributes:
        number: which of those that live at a time, 0 being the first.
        clock: its time.
        runtime: answers requests.
        desk: answers them over HTTP.
        opened: its part of the place where state is kept.
        post: its courier.
    """

    number: int
    clock: LivingClock
    runtime: Runtime
    desk: HttpDesk
    opened: Opened
    post: Post


class Waiting(NamedTuple):
    """An answer that is awaited.

    Attributes:
        process: who gives it.
        answer: what it will be.
        key: whose request it answers.
        hear: hears it.
        place: where in time it was asked for.
    """

    process: Process
    answer: "asyncio.Future[Envelope | Outgoing]"
    key: str
    hear: Hear
    place: tuple[int, int]


@lru_cache
def pattern() -> Mock:
    """Return the mock after which those of all worlds are made."""
    attempts = {"webhook-attempts": str(ATTEMPTS["hook"]), "upload-attempts": str(ATTEMPTS["put"])}
    return still_mock({"speed": "12", "balance": str(BALANCE_USD), "journal": "0", **attempts})


class World:
    """A mock, its receivers, and the ledger of what clients know.

    Args:
        seed: everything follows from it.
        place: where the mock's state is.
        runtime: what answers requests.
        plays_scenario: whether rules decide, too.
        processes: how many share the state.

    Attributes:
        chance: decides everything that is drawn.
        boundaries: where the mock dies.
        crashes: how often it did.
    """

    def __init__(
        self,
        seed: int,
        place: Place,
        runtime: type[Runtime] = Runtime,
        plays_scenario: bool = False,
        processes: int = 1,
    ) -> None:
        self.chance = Random(seed)
        self.clock = ManualClock()
        self.history = History(self.clock)
        self.boundaries = Boundaries()
        self.receivers = Receivers(self.clock, self.chance, self.history, self.broken, self._left)
        self.place = place
        self.crashes = 0
        self._runtime = runtime
        self._shares = processes > 1
        self._plays_scenario = plays_scenario
        self._serial = self._asked = 0
        self._problems: list[Broken] = []
        self._mean_boundaries: int | None = None
        keyring = pattern().runtime.desk.keyring
        self.keys = tuple(f"key-{name}" for name in "abc")
        owners = {key: keyring.owner(key) or "" for key in self.keys}
        self.ledger = Ledger(owners, self.place.peek, self.clock, self.broken)
        self._waiting: list[Waiting] = []
        self._living = [self._start(number) for number in range(processes)]

    # What clients see

    async def ask(self, key: str, tasks: Sequence[Any] | bytes, hear: Hear) -> None:
        """Send a request, and have somebody hear the answer: now, later, or that there is none."""
        body = tasks if isinstance(tasks, bytes) else orjson.dumps(tasks)
        self.history.note(key, _shown(tasks))
        self._asked += 1
        headers = {**HEAD, b"authorization": f"Bearer {key}".encode()}
        process = self.chance.choice(self._living)
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
                self._waiting.append(Waiting(process, awaited, key, hear, self._place_in_time()))
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
            except Strike as strike:
                self.history.note("store", f"fails {strike}")
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
            self.boundaries.end_in(None)
        else:
            self.boundaries.end_in(self.chance.randint(1, 4 * self._mean_boundaries))

    async def _rest(self) -> None:
        """Let what is awaited go on, and tell those whose answers are there."""
        while self._waiting:
            await rest()
            ready = next((each for each in self._waiting if each.answer.done()), None)
            if ready is None:
                return
            self._waiting.remove(ready)
            problem = ready.answer.exception()
            if isinstance(problem, Crash):
                await self._restart(problem)
                ready.hear(NO_REPLY)
            else:
                self._tell(ready.key, ready.answer.result(), ready.hear, ready.place != self._place_in_time())

    async def _restart(self, crash: Crash) -> None:
        """A mock has died; start another on what was committed."""
        self.crashes += 1
        [dead] = [process for process in self._living if process.number == crash.who]
        self.history.note(f"mock {crash.who}", f"dies {crash.where}")
        dead.clock.is_alive = False
        dead.opened.die()
        self.receivers.lose(dead.post)
        lost = [each for each in self._waiting if each.process is dead]
        self._waiting = [each for each in self._waiting if each.process is not dead]
        for each in lost:
            each.answer.cancel()
        if lost:
            await rest()
        self._arm()
        self._living.remove(dead)
        if self._living and self.chance.random() < 0.5:
            # It stays dead for a while, so that others take over what it had.
            self.clock.call_at(self.clock.now_ms() + 3 * LOOK_MS, partial(self._revive, crash.who))
        else:
            self._revive(crash.who)
        for each in lost:
            each.hear(NO_REPLY)

    def _revive(self, number: int) -> None:
        self._living.append(self._start(number))

    def _start(self, number: int) -> Process:
        clock, mock = LivingClock(self.clock), pattern()
        opened, reach = self.place.open(clock), self.boundaries.of(number)
        post = Post(self.receivers, clock, lambda: clock.is_alive)
        desk = replace(mock.runtime.desk, store=CrashingStore(opened.store, reach), clock=clock, dice=opened.dice)
        runtime = self._runtime(
            desk,
            CrashingAgenda(opened.agenda, reach),
            CrashingCourier(post, reach),
            partial(self._fetch_media, clock),
            mock.runtime.limits,
            mock.config.speed,
            SETTLED_MS,
            self._hear_log,
            None,
            {"webhook": ATTEMPTS["hook"], "upload": ATTEMPTS["put"]},
        )
        rules = read_scenario(SCENARIO, mock.spec.failures, mock.spec.models) if self._plays_scenario else None
        runtime.plans.begin(rules)
        http = HttpDesk(runtime, None, None, lambda *_: "http://mock.test", self._hear_log, Tally())
        process = Process(number, clock, runtime, http, opened, post)
        opened.begin()
        if self._shares:
            self._look_later(process)
        return process

    def _look_later(self, process: Process) -> None:
        def look() -> None:
            process.opened.begin()
            process.runtime.plans.refresh()
            self._look_later(process)

        process.clock.call_at(self.clock.now_ms() + LOOK_MS, look)

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
        if self.boundaries.is_spent:
            self._arm()
        if self._problems:
            raise self._problems[0]

    def check_end(self) -> None:
        """Hold what is left against what should be."""
        for key, uuid in self.ledger.tasks:
            self.ledger.is_over(key, uuid)
        self.ledger.delivered(self.receivers.arrivals)
        if owed := self._living[0].runtime.dispatch.owed:
            self.broken("every delivery ends", f"{owed} are still owed")
        self._check()

    def _hear_log(self, said: str) -> None:
        if said.startswith("internal failure") and not self.boundaries.struck:
            self.broken("the mock never fails", said)

    async def close(self) -> None:
        """Let go of everything."""
        for each in self._waiting:
            each.answer.cancel()
        await rest()
        for process in self._living:
            process.clock.is_alive = False
            process.opened.die()
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
