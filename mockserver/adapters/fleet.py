"""The agenda of a fleet: what is due stands in Redis beside the state, and an engine of tasks wakes one of all mocks.

The engine is pydocket: of those that are kept up and were measured (30 ms late on average with these settings, 2 s to
take over from a process that was killed) the only one that is neither late by hundreds of milliseconds nor loses what
a killed process had. It keeps what it is given, wakes, and renews the lease of whoever was woken; it cannot take part
in a unit of work. So a unit writes into an index what is due, the engine is told afterwards, and a look through the
index finds what it was not told because a process died in between. The engine knows entries by name and time, so that
it may be told twice.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mockserver.adapters.redis import PREFIX, Due, RedisStore
from mockserver.adapters.writing import read_key, write_key
from mockserver.ports import Clock, Key, Topic

if TYPE_CHECKING:
    from docket import Docket, Worker

#: How often the engine looks for what is due; a finer resolution costs more of a processor while nothing happens.
RESOLUTION = timedelta(milliseconds=40)
#: How long it waits at most for what became due before it looks around: for what others left, and what is over.
PATIENCE = timedelta(milliseconds=200)
#: After how long without a sign of life of whoever was woken another one is.
LEASE = timedelta(seconds=2)
#: How many may be awake in one mock at a time, and how many connections the engine may have for it.
MOST_AWAKE = 400
MOST_CONNECTIONS = MOST_AWAKE + 50
#: How often one of the fleet looks for what the engine was not told, and how late that must be, in milliseconds.
LOOK_EVERY_MS = 1000
#: How much overdue is looked at each time; what is left is overdue the next time as well.
MOST_OVERDUE = 1000
#: How often whoever is awake looks whether another mock has put or dropped the entry, in seconds.
ASK_EVERY_S = 1.0


class FleetAgenda:
    """Wakes in whichever mock of a fleet comes first, in real time. For one thread at a time.

    Args:
        store: the state to which it belongs.
        url: where Redis is.
        clock: tells the time.
        log: is told, in a sentence, of what went wrong.
    """

    def __init__(self, store: RedisStore, url: str, clock: Clock, log: Callable[[str], None]) -> None:
        self._store = store
        self._url = url
        self._clock = clock
        self._log = log
        self._wakes: dict[Topic, Callable[[Key], None]] = {}
        #: What was put here and the engine was not told yet.
        self._fresh: dict[str, int] = {}
        #: Who is awake here, each with what is set when its entry was put or dropped.
        self._awake: dict[tuple[str, int], asyncio.Event] = {}
        self._news: asyncio.Event | None = None
        self._docket: Docket | None = None
        self._life = AsyncExitStack()
        self._is_over = False
        store.on_due = self._hear

    def attend(self, topic: Topic, wake: Callable[[Key], None]) -> None:
        """Say who is woken about a topic."""
        self._wakes[topic] = wake

    def put(self, topic: Topic, key: Key, at_ms: int) -> None:
        """Have somebody woken about a thing at a time, in place of the one set before."""
        self._store.set_due(_name(topic, key), at_ms)

    def take(self, topic: Topic, key: Key) -> bool:
        """Have somebody woken soon about a thing that is due now."""
        self.put(topic, key, self._clock.now_ms())
        return False

    def drop(self, topic: Topic, key: Key) -> None:
        """Wake nobody about a thing any more."""
        self._store.set_due(_name(topic, key), None)

    async def open(self) -> None:
        """Begin to wake, in the running event loop, also about what was left undone.

        Raises:
            OSError: Redis is away.
        """
        from docket import Docket, Worker

        # Redis that is away is told of once, by whoever meets it; the engine would tell it with a traceback each time.
        logging.getLogger("docket").setLevel(logging.CRITICAL)
        self._news = asyncio.Event()
        docket = Docket(name=f"{PREFIX}docket", url=_with_connections(self._url), execution_ttl=timedelta(0))
        self._docket = await self._life.enter_async_context(docket)
        docket.register(self._ring, names=["ring"])
        worker = Worker(
            docket,
            name=secrets.token_hex(8),
            concurrency=MOST_AWAKE,
            redelivery_timeout=LEASE,
            reconnection_delay=timedelta(seconds=1),
            minimum_check_interval=PATIENCE,
            scheduling_resolution=RESOLUTION,
            schedule_automatic_tasks=False,
        )
        await self._life.enter_async_context(worker)
        for work in (self._work(worker), self._tell(), self._look()):
            self._life.push_async_callback(_end, asyncio.create_task(work))

    async def close(self) -> None:
        """Leave everything to the others, or to whoever comes next."""
        self._is_over = True
        self._life.callback(self._let_go)
        await self._life.aclose()
        self._docket = None

    def _let_go(self) -> None:
        for event in self._awake.values():
            event.set()

    def _hear(self, due: Due) -> None:
        """Take note of what was put or dropped, once it is there for good."""
        changed = {name for name, _ in due}
        for awake, event in self._awake.items():
            if awake[0] in changed:
                event.set()
        for name, at_ms in due:
            if at_ms is None:
                self._fresh.pop(name, None)
            else:
                self._fresh[name] = at_ms
        if self._fresh and self._news is not None:
            self._news.set()

    async def _work(self, worker: "Worker") -> None:
        """Let the engine wake, and again where a mistake of its own ended it."""
        while not self._is_over:
            try:
                # Where it is cancelled it comes to an end and returns.
                await worker.run_forever()
            except Exception as problem:
                self._log(f"the engine that wakes ended, and begins again: {problem!r}")
                await asyncio.sleep(LOOK_EVERY_MS / 1000)

    async def _tell(self) -> None:
        """Tell the engine what was put, as soon as it was."""
        if self._news is None:
            raise AssertionError("somebody tells the engine before the agenda was opened")
        while True:
            await self._news.wait()
            self._news.clear()
            fresh, self._fresh = self._fresh, {}
            # Where this fails the look through the index finds it.
            await self._hand_over(tuple(fresh.items()))

    async def _look(self) -> None:
        """Now and then tell the engine what is overdue: it may not know."""
        from redis.exceptions import RedisError

        while True:
            try:
                if self._store.is_mine("look", LOOK_EVERY_MS * 9 // 10):
                    before_ms = self._clock.now_ms() - LOOK_EVERY_MS
                    overdue = self._store.due_before(before_ms, MOST_OVERDUE)
                    await self._hand_over([each for each in overdue if each not in self._awake])
                    self._store.tidy()
            except (RedisError, OSError) as problem:
                self._log(f"what is overdue cannot be looked for: {problem}")
            await asyncio.sleep(LOOK_EVERY_MS / 1000)

    async def _hand_over(self, entries: Sequence[tuple[str, int]]) -> None:
        from redis.exceptions import RedisError

        docket = self._docket
        if docket is None or not entries:
            return
        calls = [
            docket.call(self._ring, when=datetime.fromtimestamp(at_ms / 1000, UTC), key=f"{name}@{at_ms}")(name, at_ms)
            for name, at_ms in entries
        ]
        with suppress(RedisError, OSError):
            await docket.add_many(calls)

    async def _ring(self, name: str, at_ms: int) -> None:
        """Wake somebody about an entry and wait until it is put anew or dropped: that long the lease is renewed."""
        from redis.exceptions import RedisError

        if self._is_over or self._store.due_at_ms(name) != at_ms:
            return
        topic, _, key = name.partition("\n")
        event = self._awake[name, at_ms] = asyncio.Event()
        try:
            self._wakes[Topic(topic)](read_key(key))
            while not event.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), ASK_EVERY_S)
                if self._store.due_at_ms(name) != at_ms:
                    return
        except (RedisError, OSError) as problem:
            self._log(f"what is due cannot be seen to now: {problem}")
        finally:
            del self._awake[name, at_ms]


def _name(topic: Topic, key: Key) -> str:
    return f"{topic.value}\n{write_key(key)}"


def _with_connections(url: str) -> str:
    """Return an address that lets the engine have as many connections as it may need."""
    return f"{url}{'&' if '?' in url else '?'}max_connections={MOST_CONNECTIONS}"


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
