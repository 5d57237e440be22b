"""The store that keeps everything in memory."""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from mockserver.ports import UNSETTLED_MS, Amounts, Clock, Entry, Key, Shelf

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Room:
    """How much a shelf keeps of what is settled.

    Attributes:
        max_entries: entries.
        max_bytes: sum of their weights; what is in use does not count.
        retention_ms: how long after it settled an entry is kept, in milliseconds.
    """

    max_entries: int
    max_bytes: int
    retention_ms: int


HOUR_MS = 3_600_000

#: Limits of each shelf unless told otherwise. All are assumed but two times: stored media is removed after 30 days
#: (DOC-IMGUP, stated; there counted from the last use), and what a broken connection is owed is kept for 120 s
#: (DOC-AUTH, stated). Source: schema/sources.json names both pages.
ROOMS: Mapping[Shelf, Room] = MappingProxyType(
    {
        Shelf.TASKS: Room(10_000, 64 * 1024 * 1024, 24 * HOUR_MS),
        Shelf.RESULTS: Room(200_000, 64 * 1024 * 1024, 24 * HOUR_MS),
        Shelf.REFUSALS: Room(500, 4 * 1024 * 1024, HOUR_MS),
        Shelf.MEDIA: Room(10_000, 16 * 1024 * 1024, 30 * 24 * HOUR_MS),
        Shelf.CONTENT: Room(10_000, 256 * 1024 * 1024, 30 * 24 * HOUR_MS),
        Shelf.PICTURES: Room(10_000, 128 * 1024 * 1024, 24 * HOUR_MS),
        Shelf.SESSIONS: Room(10_000, 16 * 1024 * 1024, 120_000),
        Shelf.PLANS: Room(10_000, 16 * 1024 * 1024, 24 * HOUR_MS),
        Shelf.DELIVERIES: Room(0, 256 * 1024 * 1024, 0),
        Shelf.ACCOUNTS: Room(10_000, 16 * 1024 * 1024, 31 * 24 * HOUR_MS),
        Shelf.RULES: Room(0, 16 * 1024 * 1024, 0),
        Shelf.COUNTS: Room(100_000, 32 * 1024 * 1024, 31 * 24 * HOUR_MS),
    }
)


class MemoryStore:
    """Keeps entries in dictionaries. Every method is atomic within one thread and never blocks.

    Args:
        clock: says when entries settle and expire.
        rooms: limits that differ from `ROOMS`.
    """

    def __init__(self, clock: Clock, rooms: Mapping[Shelf, Room] | None = None) -> None:
        self._clock = clock
        self._shelves = {shelf: _Shelf(room) for shelf, room in {**ROOMS, **(rooms or {})}.items()}

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or None."""
        place = self._shelves[shelf]
        return place.get(key, self._clock.now_ms()) if key in place.entries else None

    def put(self, shelf: Shelf, key: Key, entry: Entry) -> None:
        """Keep an entry, in place of the one that was there."""
        self._shelves[shelf].put(key, entry, self._clock.now_ms())

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of its value."""
        now_ms = self._clock.now_ms()
        place = self._shelves[shelf]
        entry, outcome = change(place.get(key, now_ms))
        if entry is not None:
            place.put(key, entry, now_ms)
        return outcome

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters kept under a key, unless the first would become too large."""
        place = self._shelves[shelf]
        entry = place.entries.get(key)
        if entry is None or at_ms > entry.settles_at_ms:
            entry = place.renew(key, self._clock.now_ms())
        counters: dict[str, int] = entry.value
        if most is not None:
            name, amount = amounts[0]
            if counters.get(name, 0) + amount > most:
                return False
        for name, amount in amounts:
            counters[name] = counters.get(name, 0) + amount
        return True

    def drop(self, shelf: Shelf, key: Key) -> None:
        """Forget an entry, if it is there."""
        self._shelves[shelf].forget(key)

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps, the oldest first."""
        place, now_ms = self._shelves[shelf], self._clock.now_ms()
        found = [(key, place.get(key, now_ms)) for key in tuple(place.entries)]
        return [(key, value) for key, value in found if value is not None]

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something. Nobody else changes anything meanwhile, and what was done before an exception stays."""
        return work()

    def afterwards(self, call: Callable[[], object]) -> None:
        """Do something at once: nothing is undone here."""
        call()

    def when_kept(self, _tell: Callable[[bool], None]) -> bool:
        """Say that everything is as much there as it will ever be."""
        return False

    def keep(self) -> None:
        """Do nothing: memory is not for good."""

    def tidy(self) -> int:
        """Drop what is too old though nothing comes that would take its place, and return how much that was."""
        now_ms = self._clock.now_ms()
        return sum(shelf.tidy(now_ms) for shelf in self._shelves.values())

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds."""
        return len(self._shelves[shelf].entries)

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Return how many entries of an owner are in use."""
        now_ms, entries = self._clock.now_ms(), self._shelves[shelf].entries
        return sum(1 for key, entry in entries.items() if key[0] == owner and entry.settles_at_ms > now_ms)


class _Shelf:
    """One shelf: entries in use wait in buckets by the time at which they settle, settled ones in a line.

    An entry that is replaced or dropped leaves the line at once, its bucket when the bucket is emptied. One that
    settles at no known time is in no bucket.
    """

    __slots__ = ("_buckets", "_room", "_settled", "_slots", "_swept", "_weight", "entries")

    def __init__(self, room: Room) -> None:
        self.entries: dict[Key, Entry] = {}
        self._room = room
        self._buckets: dict[int, list[Key]] = {}
        self._slots: list[int] = []
        self._swept = 0
        self._settled: OrderedDict[Key, Entry] = OrderedDict()
        self._weight = 0

    def get(self, key: Key, now_ms: int) -> Any | None:
        entry = self.entries.get(key)
        if entry is None:
            return None
        if now_ms > entry.settles_at_ms + self._room.retention_ms:
            self.forget(key)
            return None
        return entry.value

    def put(self, key: Key, entry: Entry, now_ms: int) -> None:
        if key in self.entries:
            self.forget(key)
        self.entries[key] = entry
        settles_at_ms = entry.settles_at_ms
        if settles_at_ms <= now_ms:
            if self._slots:
                self._gather(now_ms)
            self._settled[key] = entry
            self._weight += entry.weight
            self._shed(now_ms)
            return
        if settles_at_ms < UNSETTLED_MS:
            slot = settles_at_ms >> _SLOT
            bucket = self._buckets.get(slot)
            if bucket is None:
                self._buckets[slot] = [key]
                heapq.heappush(self._slots, slot)
            else:
                bucket.append(key)
        if self._swept < now_ms >> _SLOT:
            self._swept = now_ms >> _SLOT
            self._gather(now_ms)
            self._shed(now_ms)

    def renew(self, key: Key, now_ms: int) -> Entry:
        """Return the counters under a key, in use for a second from now."""
        counters = self.get(key, now_ms) or {}
        entry = Entry(counters, now_ms + COUNTERS_IN_USE_MS, COUNTER_BYTES * len(counters))
        self.put(key, entry, now_ms)
        return entry

    def forget(self, key: Key) -> None:
        entry = self.entries.pop(key, None)
        if entry is not None and self._settled.pop(key, None) is not None:
            self._weight -= entry.weight

    def tidy(self, now_ms: int) -> int:
        before = len(self.entries)
        self._gather(now_ms)
        self._shed(now_ms)
        return before - len(self.entries)

    def _gather(self, now_ms: int) -> None:
        """Move what has settled from the buckets into the line."""
        this_slot, entries, settled = now_ms >> _SLOT, self.entries, self._settled
        while self._slots and self._slots[0] < this_slot:
            slot = heapq.heappop(self._slots)
            for key in self._buckets.pop(slot):
                entry = entries.get(key)
                # One that was put anew lies in another bucket, or a second time in this one.
                if entry is not None and entry.settles_at_ms >> _SLOT == slot and key not in settled:
                    settled[key] = entry
                    self._weight += entry.weight

    def _shed(self, now_ms: int) -> None:
        """Drop from the head of the line what is too much or too old."""
        settled, room = self._settled, self._room
        oldest_ms = now_ms - room.retention_ms
        while settled:
            key, entry = next(iter(settled.items()))
            if entry.settles_at_ms >= oldest_ms and len(settled) <= room.max_entries and self._weight <= room.max_bytes:
                return
            del settled[key], self.entries[key]
            self._weight -= entry.weight


#: Roughly how many bytes a counter takes.
COUNTER_BYTES = 128
#: For how long counters that were added to are taken to be in use, so that not every addition moves them.
COUNTERS_IN_USE_MS = 1000
#: Settling is rounded up to 64 ms: that keeps the buckets few.
_SLOT = 6
