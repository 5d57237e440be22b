"""Where a mock keeps what must outlive a request, as the setting says: in memory, in a file, or in Redis.

Beside `app` this is the one place that names concrete adapters.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mockserver.adapters.agendas import ClockAgenda
from mockserver.adapters.dice import KeyedDice, make_secret
from mockserver.adapters.stores import MemoryStore, Room
from mockserver.config import BadSetting, MockConfig
from mockserver.forms import FORMS
from mockserver.ports import Agenda, Clock, Dice, Shelf, Store

MEMORY = "memory"
#: What addresses of Redis begin with: plain, secured, in this machine.
REDIS = ("redis://", "rediss://", "unix://")
#: How often a process looks for others that are no more, in seconds of real time.
LOOK_EVERY_S = 1.0


async def _nothing() -> None:
    """Do nothing: what is in memory is there from the start and needs no end."""


@dataclass(frozen=True, slots=True)
class State:
    """What a mock remembers, and what belongs to it.

    Attributes:
        store: keeps entries.
        agenda: wakes when something is due.
        secret: 32 bytes from which digests of keys and draws derive; lives as long as the store.
        dice: draws what looks random, and never the same for two processes that share the store.
        open: is awaited before the first request, in the event loop that serves.
        close: is awaited after the last one.
    """

    store: Store
    agenda: Agenda
    secret: bytes
    dice: Dice
    open: Callable[[], Awaitable[None]] = _nothing
    close: Callable[[], Awaitable[None]] = _nothing


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
        return State(MemoryStore(clock, rooms), ClockAgenda(clock), secret, KeyedDice(secret))
    if is_inline:
        raise BadSetting("state", "a mock inside a program keeps its state in memory; serve it to keep it elsewhere")
    if config.state.startswith(REDIS):
        return _in_redis(config, clock, rooms, say)
    return _in_file(config, Path(config.state), clock, rooms)


def _in_redis(config: MockConfig, clock: Clock, rooms: Mapping[Shelf, Room], say: Callable[[str], None]) -> State:
    if config.clock != 1:
        raise BadSetting("state", "a fleet that shares Redis lives in real time; leave --clock out")
    if find_spec("redis") is None or find_spec("docket") is None:
        raise BadSetting("state", "keeping it in Redis needs more packages; install the mock with its extra 'redis'")
    from mockserver.adapters.fleet import FleetAgenda
    from mockserver.adapters.redis import RedisStore
    from mockserver.adapters.redis_link import BadServer, RedisAway

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

    async def end() -> None:
        await agenda.close()
        store.close()

    return State(store, agenda, secret, KeyedDice(secret, number - 1), agenda.open, end)


def _in_file(config: MockConfig, path: Path, clock: Clock, rooms: Mapping[Shelf, Room]) -> State:
    try:
        from mockserver.adapters.sqlite import BadState, Database, SqliteAgenda, SqliteStore
    except ImportError as problem:
        raise BadSetting("state", f"this system cannot keep it in a file ({problem}); keep it in memory") from problem
    try:
        database = Database(path)
    except BadState as problem:
        raise BadSetting("state", str(problem)) from problem
    wanted = make_secret(config.seed)
    secret = database.fact("secret", wanted)
    if config.seed is not None and secret != wanted:
        database.close()
        raise BadSetting("state", f"{path} was begun without this seed; name another file, or leave the seed out")
    agenda = SqliteAgenda(database, clock)
    store = SqliteStore(database, FORMS, clock, rooms)
    watch: list[asyncio.Task[None]] = []

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            agenda.look()

    async def begin() -> None:
        if agenda.is_alone:
            store.settle(Shelf.SESSIONS)
        agenda.look()
        watch.append(asyncio.create_task(look()))

    async def end() -> None:
        for task in watch:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        agenda.close()
        database.close()

    return State(store, agenda, secret, KeyedDice(secret, agenda.number - 1), begin, end)
