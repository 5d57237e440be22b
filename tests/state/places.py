"""The places where state can be kept, each with a store and an agenda that are made anew."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.adapters.agendas import ClockAgenda
from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.redis import RedisStore
from mockserver.adapters.sqlite import Database
from mockserver.adapters.sqlite_agenda import SqliteAgenda
from mockserver.adapters.sqlite_store import SqliteStore
from mockserver.adapters.stores import MemoryStore, Room
from mockserver.forms import FORMS
from mockserver.ports import Agenda, Shelf, Store
from tests.support.redis import redis_server


@dataclass(frozen=True)
class Place:
    """A store and its agenda.

    Attributes:
        store, agenda: the two.
        clock: their time.
    """

    store: Store
    agenda: Agenda
    clock: ManualClock


Rooms = Mapping[Shelf, Room]


@contextmanager
def in_memory(_folder: Path, rooms: Rooms) -> Iterator[Place]:
    """Give a place in memory."""
    clock = ManualClock()
    yield Place(MemoryStore(clock, rooms), ClockAgenda(clock), clock)


@contextmanager
def in_a_file(folder: Path, rooms: Rooms, *, is_shared: bool = False) -> Iterator[Place]:
    """Give a place in a file."""
    clock = ManualClock()
    database = Database(folder / "mock.db", is_shared=is_shared)
    agenda = SqliteAgenda(database, clock)
    try:
        yield Place(SqliteStore(database, FORMS, clock, rooms), agenda, clock)
    finally:
        agenda.close()
        database.close()


@contextmanager
def in_redis(folder: Path, rooms: Rooms) -> Iterator[Place]:
    """Give a place in a Redis of its own; its agenda lives in real time, and stands elsewhere."""
    clock = ManualClock()
    with redis_server(folder) as server:
        store = RedisStore(server.url(), FORMS, clock, rooms)
        try:
            yield Place(store, ClockAgenda(clock), clock)
        finally:
            store.close()


#: Makes a place in a folder that is empty or was used before.
PLACES: Mapping[str, Callable[[Path, Rooms], Any]] = MappingProxyType(
    {
        "memory": in_memory,
        "file": in_a_file,
        "shared file": partial(in_a_file, is_shared=True),
        "redis": in_redis,
    }
)
#: Those whose agenda keeps the time of a clock that can be moved.
TIMED = ("memory", "file", "shared file")
