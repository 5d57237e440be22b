"""A state that outlives its process without a file: what was committed stays, what was not is lost in a crash.

Values are written down and read back as any durable store has to, so that what cannot be is noticed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from mockserver.adapters.dice import KeyedDice
from mockserver.adapters.writing import Writing
from mockserver.forms import FORMS
from mockserver.ports import Amounts, Clock, Entry, Key, Shelf, Topic
from tests.simulation.base import SECRET, Opened

T = TypeVar("T")

WRITING = Writing(FORMS)
Row = tuple[Topic, Key]


@dataclass(slots=True)
class Unit:
    """Changes that are committed together; None stands for what is gone.

    Attributes:
        entries: of the store.
        rows: of the agenda: when somebody is woken.
        afterwards: what is done once they are committed.
    """

    entries: dict[tuple[Shelf, Key], bytes | None] = field(default_factory=dict)
    rows: dict[Row, int | None] = field(default_factory=dict)
    afterwards: list[Callable[[], object]] = field(default_factory=list)


class Disk:
    """What was committed. Nothing in it is dropped for its age or number.

    Attributes:
        shelves: entries as they were written.
        rows: of the agenda.
    """

    def __init__(self) -> None:
        self.shelves: dict[Shelf, dict[Key, bytes]] = {shelf: {} for shelf in Shelf}
        self.rows: dict[Row, int] = {}

    def commit(self, unit: Unit) -> None:
        """Make changes that stay."""
        for (shelf, key), written in unit.entries.items():
            _set(self.shelves[shelf], key, written)
        for row, at_ms in unit.rows.items():
            _set(self.rows, row, at_ms)


def _set(kept: dict[Any, Any], key: Any, value: Any | None) -> None:
    if value is None:
        kept.pop(key, None)
    else:
        kept[key] = value


class DurableStore:
    """The store of one process on a disk.

    Args:
        disk: what was committed.
    """

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.committed: Callable[[Unit], None] = lambda _: None
        self._unit: Unit | None = None

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or None."""
        written = self._written(shelf, key)
        return None if written is None else WRITING.read(shelf, written)

    def _written(self, shelf: Shelf, key: Key) -> bytes | None:
        if self._unit is not None and (shelf, key) in self._unit.entries:
            return self._unit.entries[shelf, key]
        return self.disk.shelves[shelf].get(key)

    def put(self, shelf: Shelf, key: Key, entry: Entry) -> None:
        """Keep an entry."""
        self._change(shelf, key, WRITING.write(entry.value))

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of its value."""
        entry, outcome = change(self.get(shelf, key))
        if entry is not None:
            self.put(shelf, key, entry)
        return outcome

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters kept under a key, unless the first would become too large."""
        del at_ms
        counters: dict[str, int] = self.get(shelf, key) or {}
        name, amount = amounts[0]
        if most is not None and counters.get(name, 0) + amount > most:
            return False
        for name, amount in amounts:
            counters[name] = counters.get(name, 0) + amount
        self._change(shelf, key, WRITING.write(counters))
        return True

    def drop(self, shelf: Shelf, key: Key) -> None:
        """Forget an entry, if it is there."""
        self._change(shelf, key, None)

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps."""
        changed = [key for of, key in self._unit.entries if of is shelf] if self._unit else []
        keys = dict.fromkeys([*self.disk.shelves[shelf], *changed])
        found = [(key, self.get(shelf, key)) for key in keys]
        return [(key, value) for key, value in found if value is not None]

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds, but for what is not committed."""
        return len(self.disk.shelves[shelf])

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Return how many entries of an owner there are: what has settled is not told apart here."""
        return sum(key[0] == owner for key in self.disk.shelves[shelf])

    def afterwards(self, call: Callable[[], object]) -> None:
        """Do something once the work under way has happened."""
        if self._unit is None:
            call()
        else:
            self._unit.afterwards.append(call)

    def when_kept(self, _tell: Callable[[bool], None]) -> bool:
        """Say that everything is there for good: each work is, when it is over."""
        return False

    def keep(self) -> None:
        """Do nothing: there is nothing that waits."""

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something whose changes happen all or not at all."""
        return self.within(lambda _: work())

    def within(self, work: Callable[[Unit], T]) -> T:
        """Change something, as part of the unit that is under way or as one of its own."""
        if self._unit is not None:
            return work(self._unit)
        self._unit = unit = Unit()
        try:
            made = work(unit)
        finally:
            self._unit = None
        self.disk.commit(unit)
        self.committed(unit)
        for call in unit.afterwards:
            call()
        return made

    def _change(self, shelf: Shelf, key: Key, written: bytes | None) -> None:
        self.within(lambda unit: unit.entries.__setitem__((shelf, key), written))


class DurableAgenda:
    """The agenda of one process on a disk: its entries are changes of the store, and timers once they are committed.

    Args:
        store: whose disk its entries are on.
        clock: tells when a time has come.
    """

    def __init__(self, store: DurableStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._wakes: dict[Topic, Callable[[Key], None]] = {}
        self._timers: dict[Row, Callable[[], None]] = {}
        store.committed = self._committed

    def attend(self, topic: Topic, wake: Callable[[Key], None]) -> None:
        """Say who is woken about a topic: also about what an earlier process left."""
        self._wakes[topic] = wake
        for row, at_ms in self._store.disk.rows.items():
            if row[0] is topic:
                self._set(row, at_ms)

    def put(self, topic: Topic, key: Key, at_ms: int) -> None:
        """Have somebody woken about a thing at a time."""
        self._store.within(lambda unit: unit.rows.__setitem__((topic, key), at_ms))

    def take(self, topic: Topic, key: Key) -> bool:
        """Put a thing that is due: nothing leaves before it is committed."""
        self.put(topic, key, self._clock.now_ms())
        return False

    def drop(self, topic: Topic, key: Key) -> None:
        """Wake nobody about a thing any more."""
        self._store.within(lambda unit: unit.rows.__setitem__((topic, key), None))

    def _committed(self, unit: Unit) -> None:
        for row, at_ms in unit.rows.items():
            self._set(row, at_ms)

    def _set(self, row: Row, at_ms: int | None) -> None:
        cancel = self._timers.pop(row, None)
        if cancel is not None:
            cancel()
        if at_ms is not None:
            topic, key = row
            self._timers[row] = self._clock.call_at(at_ms, partial(self._wakes[topic], key))


class InMemory:
    """A place for state in this process that outlives the simulated ones.

    Args:
        store: what keeps entries.
        agenda: what wakes.
    """

    def __init__(self, store: type[DurableStore] = DurableStore, agenda: type[DurableAgenda] = DurableAgenda) -> None:
        self._disk = Disk()
        self._store = store
        self._agenda = agenda
        self._opened = 0

    def open(self, clock: Clock) -> Opened:
        """Return what a new process has."""
        store = self._store(self._disk)
        self._opened += 1
        return Opened(store, self._agenda(store, clock), KeyedDice(SECRET, self._opened))

    def peek(self, shelf: Shelf, key: Key) -> Any | None:
        """Return what was committed, whatever a process would say of it."""
        written = self._disk.shelves[shelf].get(key)
        return None if written is None else WRITING.read(shelf, written)

    def close(self) -> None:
        """Nothing is held."""
