"""Where a mock keeps what must outlive a request, as the setting says: in memory, in a file, or in Redis.

Beside `app` this is the one place that names concrete adapters.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from mockserver.adapters.agendas import ClockAgenda
from mockserver.adapters.dice import KeyedDice, make_secret
from mockserver.adapters.stores import MemoryStore, Room
from mockserver.config import BadSetting, MockConfig
from mockserver.forms import FORMS
from mockserver.ports import Agenda, Clock, Dice, Ledger, Shelf, Store
from mockserver.settings import REDIS

MEMORY = "memory"
#: How often a process looks what others did, in seconds of real time.
STEP_EVERY_S = 0.05
#: After so many looks it looks for others that are no more.
STEPS_TO_LOOK = 20


async def _nothing() -> None:
    """Do nothing: what is in memory is there from the start and needs no end."""


@dataclass(frozen=True, slots=True)
class State:
    """What a mock remembers, and what belongs to it.

    Attributes:
        about: where it is, for people.
        store: keeps entries.
        agenda: wakes when something is due.
        secret: 32 bytes from which digests of keys and draws derive; lives as long as the store.
        dice: draws what looks random, and never the same for two processes that share the store.
        ledger: keeps what happened, or None where nobody else wants to know.
        has_company: says whether other processes may share the state.
        steps: what is done every now and then to keep in step with them.
        endings: what is done at the end, before the store is closed.
        open: is awaited before the first request, in the event loop that serves.
        close: is awaited after the last one.
        tidy: drops what is too old though nothing comes; returns how much memory that left behind, in entries.
        check: raises `NotGood` where what is kept now would not be found by whoever comes next.
        is_fleet: whether mocks at other addresses may share it.
    """

    about: str
    store: Store
    agenda: Agenda
    secret: bytes
    dice: Dice
    ledger: Ledger | None = None
    has_company: Callable[[], bool] = lambda: False
    steps: list[Callable[[], None]] = field(default_factory=list)
    endings: list[Callable[[], None]] = field(default_factory=list)
    open: Callable[[], Awaitable[None]] = _nothing
    close: Callable[[], Awaitable[None]] = _nothing
    tidy: Callable[[], int] = lambda: 0
    check: Callable[[], None] = lambda: None
    is_fleet: bool = False

    async def in_step(self) -> None:
        """Wait until all who share the state know what any of them did, or return at once where nobody else does."""
        if self.has_company():
            await asyncio.sleep(2 * STEP_EVERY_S)


def make_state(
    config: MockConfig, clock: Clock, rooms: Mapping[Shelf, Room], is_inline: bool, say: Callable[[str], None]
) -> State:
    """Return the state of a mock.

    Args:
        config: its settings.
        clock: its time.
        rooms: limits of shelves that differ from the usual ones.
        is_inline: whether it has no event loop of its own, so that nobody could take over what others left.
        say: is told, in a sentence, what went wrong outside of any request.

    Raises:
        BadSetting: the state cannot be kept as wanted.
    """
    if config.state == MEMORY:
        secret = make_secret(config.seed)
        store = MemoryStore(clock, rooms)
        return State("memory", store, ClockAgenda(clock), secret, KeyedDice(secret), tidy=store.tidy)
    if is_inline:
        raise BadSetting("state", "a mock inside a program keeps its state in memory; serve it to keep it elsewhere")
    if config.state.startswith(REDIS):
        return _in_redis(config, clock, rooms, say)
    return _in_file(config, Path(config.state), clock, rooms, say)


def _in_redis(config: MockConfig, clock: Clock, rooms: Mapping[Shelf, Room], say: Callable[[str], None]) -> State:
    if config.clock != 1:
        raise BadSetting("state", "a fleet that shares Redis lives in real time; leave --clock out")
    if find_spec("redis") is None or find_spec("docket") is None:
        raise BadSetting(
            "state", "Redis needs more packages; in the folder of the mock run pip install '.[media,redis]'"
        )
    from mockserver.adapters.fleet import FleetAgenda
    from mockserver.adapters.redis import RedisStore
    from mockserver.adapters.redis_link import BadServer, RedisAway, where

    try:
        store = RedisStore(config.state, FORMS, clock, rooms)
        store.check()
        wanted = make_secret(config.seed)
        secret = store.fact("secret", wanted)
        number = store.enter()
    except (BadServer, RedisAway) as problem:
        raise BadSetting("state", str(problem)) from problem
    if config.seed is not None and secret != wanted:
        store.close()
        raise BadSetting("state", "the fleet there was begun without this seed; name another database, or leave it out")
    agenda = FleetAgenda(store, config.state, clock, say)
    steps: list[Callable[[], None]] = []

    pulse = _Pulse(steps, lambda: None, say)

    async def begin() -> None:
        await agenda.open()
        pulse.begin()

    async def end() -> None:
        await pulse.end()
        await agenda.close()
        store.close()

    # Each mock of a fleet has a journal of its own: who wants to see what one did asks that one.
    about, dice = f"Redis at {where(config.state)}", KeyedDice(secret, number - 1)
    return State(about, store, agenda, secret, dice, None, lambda: True, steps, [], begin, end, is_fleet=True)


def _kept_or_told(keep: Callable[[], None], say: Callable[[str], None]) -> None:
    try:
        keep()
    except Exception as problem:  # noqa: BLE001, whoever waits for it is told so, with a number
        say(f"the state cannot be kept: {problem!r}")


class _Pulse:
    """Does some things every now and then, in real time, while it goes.

    Args:
        steps: what is done each time.
        look: what is done more rarely.
        say: is told once when some of it cannot be done; it is tried again each time.
    """

    def __init__(
        self, steps: Sequence[Callable[[], None]], look: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self._steps = steps
        self._look = look
        self._say = say
        #: What failed when it was last done, and was told.
        self._told: set[Callable[[], None]] = set()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._do([self._look])
        self._task = asyncio.create_task(self._go())

    async def _go(self) -> None:
        for number in count(1):
            await asyncio.sleep(STEP_EVERY_S)
            self._do(self._steps)
            if number % STEPS_TO_LOOK == 0:
                self._do([self._look])

    def _do(self, steps: Sequence[Callable[[], None]]) -> None:
        for step in steps:
            try:
                step()
            except Exception as problem:  # noqa: BLE001, the store may be away for a while, and all goes on then
                if step not in self._told:
                    self._say(f"the state cannot be kept in step now: {problem!r}")
                self._told.add(step)
            else:
                self._told.discard(step)

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


def _in_file(
    config: MockConfig, path: Path, clock: Clock, rooms: Mapping[Shelf, Room], say: Callable[[str], None]
) -> State:
    try:
        from mockserver.adapters.kept_clock import keep_time
        from mockserver.adapters.sqlite import BadState, Database
        from mockserver.adapters.sqlite_agenda import SqliteAgenda
        from mockserver.adapters.sqlite_ledger import SqliteLedger
        from mockserver.adapters.sqlite_store import SqliteStore
    except ImportError as problem:
        raise BadSetting("state", f"this system cannot keep it in a file ({problem}); keep it in memory") from problem
    try:
        database = Database(path, is_shared=config.workers > 1)
    except BadState as problem:
        raise BadSetting("state", str(problem)) from problem
    wanted = make_secret(config.seed)
    secret = database.fact("secret", wanted)
    if config.seed is not None and secret != wanted:
        database.close()
        raise BadSetting("state", f"{path} was begun without this seed; name another file, or leave the seed out")
    try:
        keep = keep_time(clock, database)
    except BadState as problem:
        database.close()
        raise BadSetting("state", str(problem)) from problem
    agenda = SqliteAgenda(database, clock)
    store = SqliteStore(database, FORMS, clock, rooms)
    steps, endings = [keep], list[Callable[[], None]]()
    pulse = _Pulse(steps, agenda.look, say)

    async def begin() -> None:
        if agenda.is_alone:
            store.settle(Shelf.SESSIONS)
        if not database.is_shared:
            loop = asyncio.get_running_loop()
            database.gather(lambda commit: loop.call_soon(_kept_or_told, commit, say))
        keep()
        pulse.begin()

    async def end() -> None:
        await pulse.end()
        for each in endings:
            with suppress(Exception):  # of the journal's last second, where the file cannot be written
                each()
        agenda.close()
        database.close()

    ledger = SqliteLedger(database, config.journal)
    dice = KeyedDice(secret, agenda.number - 1)
    ways = begin, end, store.tidy, database.check_place
    return State(str(path), store, agenda, secret, dice, ledger, lambda: database.is_shared, steps, endings, *ways)
