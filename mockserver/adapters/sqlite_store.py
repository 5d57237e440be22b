"""The store in a file: entries, written as bytes, and what is remembered of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from mockserver.adapters.sqlite import Database
from mockserver.adapters.stores import COUNTER_BYTES, COUNTERS_IN_USE_MS, ROOMS, Room
from mockserver.adapters.writing import Forms, Writing, read_key, write_key
from mockserver.ports import UNSETTLED_MS, Amounts, Clock, Entry, Key, Shelf

T = TypeVar("T")

_GET = "SELECT value, settles_at_ms FROM kept WHERE shelf = ? AND key = ?"
_PUT = (
    "INSERT INTO kept (shelf, key, value, settles_at_ms, weight, number) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET value = excluded.value, settles_at_ms = excluded.settles_at_ms,"
    " weight = excluded.weight, number = excluded.number"
)
_DROP = "DELETE FROM kept WHERE shelf = ? AND key = ?"
_SCAN = "SELECT key, value FROM kept WHERE shelf = ? AND settles_at_ms >= ? ORDER BY number"
_IN_USE = "SELECT count(*) FROM kept WHERE shelf = ? AND key >= ? AND key < ? AND settles_at_ms > ?"
_OUTDATED = "DELETE FROM kept WHERE shelf = ? AND settles_at_ms < ?"
_SETTLED = "SELECT key, weight FROM kept WHERE shelf = ? AND settles_at_ms <= ? ORDER BY settles_at_ms, number"
_LAST = "SELECT coalesce(max(number), 0) FROM kept"


class SqliteStore:
    """Keeps entries in a file. Every method is atomic; it blocks for as long as SQLite takes, some 20 microseconds.

    What is too much or too old is dropped every now and then, not with each entry.

    Args:
        database: the file.
        forms: the type of the values of each shelf.
        clock: says when entries settle and expire.
        rooms: limits that differ from `ROOMS`.
    """

    def __init__(
        self, database: Database, forms: Forms, clock: Clock, rooms: Mapping[Shelf, Room] | None = None
    ) -> None:
        self._database = database
        self._writing = Writing(forms)
        self._clock = clock
        self._rooms = {**ROOMS, **(rooms or {})}
        self.together = database.together
        self.afterwards = database.afterwards
        self.when_kept = database.when_kept
        self.keep = database.keep
        (self._number,) = database.execute(_LAST).fetchone()
        #: How many entries were put on each shelf since what is too much was last dropped.
        self._puts = dict.fromkeys(Shelf, 0)
        #: How many entries there were on a shelf when they were counted last, and how many changes there were since.
        self._counts: dict[Shelf, int] = {}
        self._changes = dict.fromkeys(Shelf, 0)
        #: What was put or read last, where nobody else changes anything.
        self._recent: dict[tuple[Shelf, Key], tuple[Any, int]] = {}
        #: Shelves on which something may be.
        self._used = {Shelf(name) for (name,) in database.execute("SELECT DISTINCT shelf FROM kept")}
        database.undone.append(self._recent.clear)

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or None."""
        found = self._recent.get((shelf, key))
        if found is None:
            written = self._database.execute(_GET, (shelf.value, write_key(key))).fetchone()
            if written is None:
                return None
            found = (self._writing.read(shelf, written[0]), written[1])
            self._remember(shelf, key, *found)
        value, settles_at_ms = found
        return None if self._clock.now_ms() > settles_at_ms + self._rooms[shelf].retention_ms else value

    def _remember(self, shelf: Shelf, key: Key, value: Any, settles_at_ms: int) -> None:
        if self._database.is_shared or shelf in _LARGE:
            return
        if len(self._recent) >= MOST_RECENT:
            self._recent.clear()
        self._recent[shelf, key] = (value, settles_at_ms)

    def put(self, shelf: Shelf, key: Key, entry: Entry) -> None:
        """Keep an entry, in place of the one that was there."""
        self._used.add(shelf)
        self._number += 1
        written = self._writing.write(entry.value)
        values = (shelf.value, write_key(key), written, entry.settles_at_ms, entry.weight, self._number)
        self._database.change(_PUT, values)
        self._remember(shelf, key, entry.value, entry.settles_at_ms)
        self._puts[shelf] += 1
        self._changes[shelf] += 1
        most = self._rooms[shelf].max_entries
        if most and self._puts[shelf] > most // _OFTEN:
            self._puts[shelf] = 0
            self.together(partial(self._shed, shelf))

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of its value; other processes wait meanwhile."""
        return self.together(partial(self._update, shelf, key, change))

    def _update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        self._database.begin()
        entry, outcome = change(self.get(shelf, key))
        if entry is not None:
            self.put(shelf, key, entry)
        return outcome

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters kept under a key, unless the first would become too large."""
        return self.update(shelf, key, partial(_added, amounts, at_ms, most))

    def drop(self, shelf: Shelf, key: Key) -> None:
        """Forget an entry, if it is there."""
        if self._database.is_shared or shelf in self._used:
            self._recent.pop((shelf, key), None)
            self._changes[shelf] += 1
            self._database.change(_DROP, (shelf.value, write_key(key)))

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps, the oldest first."""
        oldest_ms = self._clock.now_ms() - self._rooms[shelf].retention_ms
        found = self._database.execute(_SCAN, (shelf.value, oldest_ms))
        return [(read_key(key), self._writing.read(shelf, value)) for key, value in found]

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds; of very many as it was some changes ago."""
        known = self._counts.get(shelf, 0)
        if known < MOST_COUNTED or self._changes[shelf] > known // MOST_COUNTED:
            (known,) = self._database.execute("SELECT count(*) FROM kept WHERE shelf = ?", (shelf.value,)).fetchone()
            self._counts[shelf], self._changes[shelf] = known, 0
        return known

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Return how many entries of an owner are in use."""
        first, behind = write_key((owner, "")), write_key((owner,)) + chr(ord("\n") + 1)
        found = self._database.execute(_IN_USE, (shelf.value, first, behind, self._clock.now_ms()))
        return int(found.fetchone()[0])

    def settle(self, shelf: Shelf) -> None:
        """Let everything on a shelf settle that is in use at no known time: nobody is left who would."""
        self._recent.clear()
        statement = "UPDATE kept SET settles_at_ms = ? WHERE shelf = ? AND settles_at_ms = ?"
        self._database.change(statement, (self._clock.now_ms(), shelf.value, UNSETTLED_MS))

    def tidy(self) -> int:
        """Drop what is too old or too much; of memory nothing is left behind."""
        for shelf in self._used:
            self.together(partial(self._shed, shelf))
        self._recent.clear()
        return 0

    def _shed(self, shelf: Shelf) -> None:
        """Drop what is too old, then of what is settled the oldest that is too much."""
        now_ms, room = self._clock.now_ms(), self._rooms[shelf]
        self._database.change(_OUTDATED, (shelf.value, now_ms - room.retention_ms))
        settled = self._database.execute(_SETTLED, (shelf.value, now_ms)).fetchall()
        number, total = len(settled), sum(weight for _, weight in settled)
        for key, weight in settled:
            if number <= room.max_entries and total <= room.max_bytes:
                return
            self._recent.pop((shelf, read_key(key)), None)
            self._database.change(_DROP, (shelf.value, key))
            number, total = number - 1, total - weight


#: Up to so many entries are counted anew each time; counting takes a microsecond for each.
MOST_COUNTED = 100
#: How many entries are remembered that were put or read last; past it all are read anew.
MOST_RECENT = 10_000
#: Shelves whose entries are too large to be remembered.
_LARGE = frozenset({Shelf.CONTENT, Shelf.PICTURES})
#: A shelf is looked through after so many parts of its room were put on it anew.
_OFTEN = 8


def _added(amounts: Amounts, at_ms: int, most: int | None, kept: Mapping[str, int] | None) -> tuple[Entry | None, bool]:
    counters = dict(kept or {})
    if most is not None:
        name, amount = amounts[0]
        if counters.get(name, 0) + amount > most:
            return None, False
    for name, amount in amounts:
        counters[name] = counters.get(name, 0) + amount
    return Entry(counters, at_ms + COUNTERS_IN_USE_MS, COUNTER_BYTES * len(counters)), True
