"""The store in Redis, which any number of mocks on any number of machines share.

Calls are made directly and block for a round trip: on the network of a fleet that takes less than handing them to
a thread would, and a fleet grows by instances.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

from mockserver.adapters.redis_link import BadServer, Link, Script
from mockserver.adapters.stores import HOUR_MS, ROOMS, Room
from mockserver.adapters.writing import Forms, Writing, read_key, write_key
from mockserver.ports import UNSETTLED_MS, Amounts, Clock, Entry, Key, Shelf

T = TypeVar("T")

#: What all names begin with. Its number grows when entries are laid out in another way.
PREFIX = "runware-mock:1:"
#: How often a unit of work is tried while others change what it reads.
MOST_TRIES = 50
#: For how long Redis keeps what is past its retention, should no mock be there to drop it.
MARGIN_MS = HOUR_MS

#: The oldest version that has what the engine of the agenda needs.
OLDEST = (6, 2)
#: How a server has to treat full memory.
NO_LOSS = "noeviction"

_VERSION_BYTES = 8
_HEAD_BYTES = 16
#: The version of what is not there.
_NO_VERSION = 0
#: Names and times of what is due: what the agenda hears of after each change, None standing for no more.
Due = Sequence[tuple[str, int | None]]


class Contended(Exception):
    """Others changed what a unit of work reads, each time it was tried.

    Attributes:
        tries: how often.
    """

    def __init__(self, tries: int) -> None:
        super().__init__(tries)
        self.tries = tries

    def __str__(self) -> str:
        return f"others changed what this reads during each of {self.tries} tries; the client may try again"


class RedisStore:
    """Keeps entries in Redis. For one thread at a time; every method blocks for a round trip.

    A unit of work is optimistic: what it reads is remembered with its version, what it changes is held back, and one
    script carries all of it out unless something that was read has changed.

    Args:
        url: where Redis is; its database is the fleet's.
        forms: the type of the values of each shelf.
        clock: says when entries settle and expire. The clocks of a fleet agree to some milliseconds.
        rooms: limits that differ from `ROOMS`.

    Attributes:
        link: the way to the server.
        on_due: is told what became due, or is due no more, after it was carried out.
    """

    def __init__(self, url: str, forms: Forms, clock: Clock, rooms: Mapping[Shelf, Room] | None = None) -> None:
        self.link = Link(url)
        self.on_due: Callable[[Due], None] = lambda _: None
        self._writing = Writing(forms)
        self._clock = clock
        self._rooms = {**ROOMS, **(rooms or {})}
        self._script = Script(self.link, (files(__package__) / "commit.lua").read_text(encoding="utf-8"))
        self._unit: _Unit | None = None

    def check(self) -> None:
        """Make sure that the server is there and can do what is needed.

        Raises:
            RedisAway: it does not answer.
            BadServer: it is too old, or forgets what it has no room for.
        """
        (found,) = self.link.ask(("INFO", "everything"))
        said = dict(line.partition(":")[::2] for line in found.decode().splitlines())
        version, policy = said.get("redis_version", "0"), said.get("maxmemory_policy", NO_LOSS)
        if tuple(map(int, version.split(".")[:2])) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise BadServer(f"Redis at {self.link.where} is {version}; install {needed} or newer")
        if policy != NO_LOSS and said.get("maxmemory") != "0":
            raise BadServer(
                f"Redis at {self.link.where} forgets entries when its memory is full (maxmemory-policy {policy}), "
                f"so that tasks would be lost; set it to {NO_LOSS}"
            )

    def fact(self, name: str, value: bytes) -> bytes:
        """Return what is remembered under a name: from now on this value, unless there is one."""
        self.link.tell("SET", f"{PREFIX}fact:{name}", value, "NX")
        (kept,) = self.link.ask(("GET", f"{PREFIX}fact:{name}"))
        return bytes(kept)

    def enter(self) -> int:
        """Return which of all mocks that ever shared this state this one is, 1 being the first."""
        return int(self.link.tell("INCR", f"{PREFIX}mocks"))

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or None."""
        unit = self._unit
        if unit is None:
            return self._load(shelf, key)[1]
        place = (shelf, key)
        if place not in unit.values:
            version, unit.values[place] = self._load(shelf, key)
            if version is not None:
                unit.reads[_name(shelf, key)] = version
            else:
                unit.values[place] = _summed(unit.values[place], unit.added.pop(place, ()))
        return unit.values[place]

    def put(self, shelf: Shelf, key: Key, entry: Entry) -> None:
        """Keep an entry, in place of the one that was there."""
        unit = self._unit
        if unit is None:
            self.together(lambda: self.put(shelf, key, entry))
            return
        unit.change(shelf, key)
        unit.values[shelf, key] = entry.value
        unit.added.pop((shelf, key), None)
        settles_at_ms = entry.settles_at_ms
        value = settles_at_ms.to_bytes(8, "big") + self._writing.write(entry.value)
        stays_ms = 0 if settles_at_ms >= UNSETTLED_MS else self._stays_ms(shelf, settles_at_ms)
        unit.changes.append(
            ("put", shelf.value, write_key(key), settles_at_ms, entry.weight, len(unit.written), stays_ms)
        )
        unit.written.append(value)

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of its value.

        Who has added to a counter before is about to keep something new, as whoever hands in a task. So at first there
        is taken to be nothing, without asking; where that was wrong all is done again.
        """
        unit = self._unit
        if unit is None:
            return self.together(lambda: self.update(shelf, key, change))
        if unit.added and not unit.is_again and (shelf, key) not in unit.values:
            unit.is_guess = True
            unit.values[shelf, key] = None
            unit.reads[_name(shelf, key)] = _NO_VERSION
        entry, outcome = change(self.get(shelf, key))
        if entry is not None:
            self.put(shelf, key, entry)
        return outcome

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters kept under a key, unless the first would become too large.

        Nothing is read for it at first: it is taken to fit, and read where that was wrong. Only the answer must hold at
        the end, so that units that add to the same counters are not in each other's way.
        """
        unit = self._unit
        if unit is None:
            return self.together(lambda: self.add(shelf, key, amounts, at_ms, most))
        place = (shelf, key)
        if most is not None and unit.is_again and place not in unit.values:
            unit.values[place] = _summed(self._counters(shelf, key), unit.added.pop(place, ()))
        is_known = most is not None and place in unit.values
        fits = not is_known or _sum_of(unit.values[place], amounts[0]) <= (most or 0)
        told = tuple((name, str(amount)) for name, amount in amounts)
        stays_ms = self._stays_ms(shelf, at_ms)
        ceiling = -1 if most is None else most
        unit.changes.append(("add", shelf.value, write_key(key), at_ms, ceiling, fits, told, stays_ms))
        unit.shelves.add(shelf)
        if fits:
            unit.change(shelf, key)
            if place in unit.values:
                unit.values[place] = _summed(unit.values[place], amounts)
            else:
                unit.added[place] = (*unit.added.get(place, ()), *amounts)
        return fits

    def drop(self, shelf: Shelf, key: Key) -> None:
        """Forget an entry, if it is there."""
        unit = self._unit
        if unit is None:
            self.together(lambda: self.drop(shelf, key))
            return
        unit.change(shelf, key)
        unit.values[shelf, key] = None
        unit.added.pop((shelf, key), None)
        unit.changes.append(("drop", shelf.value, write_key(key)))

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps, the oldest first."""
        found = dict(self._scanned(shelf))
        for changed in self._unit.changed if self._unit is not None else ():
            if changed[0] is shelf:
                found.pop(changed[1], None)
                value = self.get(*changed)
                if value is not None:
                    found[changed[1]] = value
        return list(found.items())

    def _scanned(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        (names,) = self.link.ask(("HKEYS", f"{PREFIX}{shelf.value}.weights"))
        found: list[tuple[int, Key, Any]] = []
        for start in range(0, len(names), _AT_ONCE):
            some = [f"{PREFIX}{shelf.value}:".encode() + name for name in names[start : start + _AT_ONCE]]
            (kept,) = self.link.ask(("MGET", *some))
            for name, value in zip(names[start : start + _AT_ONCE], kept, strict=True):
                key = read_key(name.decode())
                version, read = self._read(shelf, value) if value is not None else self._load(shelf, key)
                if read is not None:
                    found.append((version or _NO_VERSION, key, read))
        return [(key, value) for _, key, value in sorted(found, key=lambda each: each[0])]

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds, without those of the unit of work under way."""
        old_ms = self._clock.now_ms() - self._rooms[shelf].retention_ms
        names = [f"{PREFIX}{shelf.value}.{part}" for part in ("weights", "open", "line")]
        kept, *gone = self.link.ask(("HLEN", names[0]), *(("ZCOUNT", name, "-inf", f"({old_ms}") for name in names[1:]))
        return int(kept - sum(gone))

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Return how many entries of an owner are in use."""
        kept, opened, line = (f"{PREFIX}{shelf.value}.{part}" for part in ("weights", "open", "line"))
        names, over, settled = self.link.ask(
            ("HKEYS", kept), ("ZRANGEBYSCORE", opened, "-inf", self._clock.now_ms()), ("ZRANGE", line, 0, -1)
        )
        own = write_key((owner, "")).encode()
        added = [write_key(key).encode() for of, key in self._unit.changed if of is shelf] if self._unit else ()
        return sum(name.startswith(own) for name in {*names, *added} - {*over, *settled})

    def afterwards(self, call: Callable[[], object]) -> None:
        """Do something once the unit of work under way has happened."""
        if self._unit is None:
            call()
        else:
            self._unit.afterwards.append(call)

    def when_kept(self, _tell: Callable[[bool], None]) -> bool:
        """Say that everything is there: each unit of work is, when it is over."""
        return False

    def keep(self) -> None:
        """Do nothing: there is nothing that waits."""

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something whose changes happen all or not at all, and return what it returns.

        Raises:
            Contended: somebody else changed what it reads, time and again.
            RedisAway: the server does not answer; whether the changes happened is unknown then.
        """
        if self._unit is not None:
            return work()
        for number in range(MOST_TRIES):
            unit = self._unit = _Unit(is_again=number > 0)
            try:
                outcome = work()
            except Exception:
                if not unit.is_guess:
                    raise
                continue
            finally:
                self._unit = None
            if self._commit(unit):
                for call in unit.afterwards:
                    call()
                return outcome
        raise Contended(MOST_TRIES)

    def set_due(self, name: str, at_ms: int | None) -> None:
        """Say when something is due, or that it is due no more; a part of the unit of work under way."""
        if self._unit is None:
            self.together(lambda: self.set_due(name, at_ms))
        else:
            self._unit.due[name] = at_ms

    def due_at_ms(self, name: str) -> int | None:
        """Return when something is due, or None."""
        (score,) = self.link.ask(("ZSCORE", f"{PREFIX}due", name))
        return None if score is None else int(score)

    def due_before(self, at_ms: int, most: int) -> list[tuple[str, int]]:
        """Return what is due before a time, the most overdue first."""
        (found,) = self.link.ask(("ZRANGEBYSCORE", f"{PREFIX}due", "-inf", f"({at_ms}", "WITHSCORES", "LIMIT", 0, most))
        return [(name.decode(), int(score)) for name, score in zip(found[::2], found[1::2], strict=True)]

    def is_mine(self, duty: str, for_ms: int) -> bool:
        """Say whether it falls to this mock to see to something that one of the fleet does now and then."""
        return self.link.tell("SET", f"{PREFIX}turn:{duty}", "taken", "NX", "PX", for_ms) is not None

    def tidy(self) -> None:
        """Drop what is too old or too much from all shelves."""
        unit = _Unit()
        unit.shelves.update(Shelf)
        self._carry_out(unit)

    def close(self) -> None:
        """Let go of the connection."""
        self.link.close()

    def _load(self, shelf: Shelf, key: Key) -> tuple[int | None, Any | None]:
        """Return version and value of an entry, or None and the counters kept there."""
        from redis.exceptions import ResponseError

        try:
            (kept,) = self.link.ask(("GET", PREFIX + _name(shelf, key)))
        except ResponseError as problem:
            if not str(problem).startswith("WRONGTYPE"):
                raise
            return None, self._counters(shelf, key)
        return (_NO_VERSION, None) if kept is None else self._read(shelf, kept)

    def _read(self, shelf: Shelf, kept: bytes) -> tuple[int, Any | None]:
        version = int.from_bytes(kept[:_VERSION_BYTES], "big")
        settles_at_ms = int.from_bytes(kept[_VERSION_BYTES:_HEAD_BYTES], "big")
        if settles_at_ms + self._rooms[shelf].retention_ms < self._clock.now_ms():
            return version, None
        return version, self._writing.read(shelf, kept[_HEAD_BYTES:])

    def _counters(self, shelf: Shelf, key: Key) -> Mapping[str, int] | None:
        (found,) = self.link.ask(("HGETALL", PREFIX + _name(shelf, key)))
        counters = {name.decode(): int(number) for name, number in zip(found[::2], found[1::2], strict=True)}
        settles_at_ms = counters.pop("", 0)
        return counters if settles_at_ms + self._rooms[shelf].retention_ms >= self._clock.now_ms() else None

    def _stays_ms(self, shelf: Shelf, settles_at_ms: int) -> int:
        """Say for how long Redis keeps an entry by itself: at least for its retention."""
        now_ms = self._clock.now_ms()
        return max(settles_at_ms, now_ms) - now_ms + self._rooms[shelf].retention_ms + MARGIN_MS

    def _commit(self, unit: "_Unit") -> bool:
        """Carry out what a unit of work changes, if it changes anything, and say whether nothing was in its way."""
        if not unit.changes and not unit.due:
            return not unit.is_guess
        if not self._carry_out(unit):
            return False
        if unit.due:
            self.on_due(tuple(unit.due.items()))
        return True

    def _carry_out(self, unit: "_Unit") -> bool:
        rooms = {shelf.value: self._room(shelf) for shelf in unit.shelves}
        due = [(name, -1 if at_ms is None else at_ms) for name, at_ms in unit.due.items()]
        told = (self._clock.now_ms(), tuple(unit.reads.items()), unit.changes, due, rooms)
        return bool(self._script.run(PREFIX, self._writing.write(told), *unit.written))

    def _room(self, shelf: Shelf) -> tuple[int, int, int]:
        room = self._rooms[shelf]
        return (room.max_entries, room.max_bytes, room.retention_ms)


class _Unit:
    """A unit of work under way: what it has read, as it would find it now, and what it is to change."""

    __slots__ = (
        "added",
        "afterwards",
        "changed",
        "changes",
        "due",
        "is_again",
        "is_guess",
        "reads",
        "shelves",
        "values",
        "written",
    )

    def __init__(self, *, is_again: bool = False) -> None:
        self.is_again = is_again
        #: Whether something was taken to be so without asking.
        self.is_guess = False
        self.reads: dict[str, int] = {}
        self.values: dict[tuple[Shelf, Key], Any] = {}
        self.added: dict[tuple[Shelf, Key], Amounts] = {}
        self.changes: list[tuple[Any, ...]] = []
        #: What is changed, in the order of the last changes.
        self.changed: dict[tuple[Shelf, Key], None] = {}
        self.due: dict[str, int | None] = {}
        self.shelves: set[Shelf] = set()
        self.written: list[bytes] = []
        self.afterwards: list[Callable[[], object]] = []

    def change(self, shelf: Shelf, key: Key) -> None:
        """Note that something is changed."""
        self.changed.pop((shelf, key), None)
        self.changed[shelf, key] = None
        self.shelves.add(shelf)


#: How many entries are read in one round trip.
_AT_ONCE = 500


def _name(shelf: Shelf, key: Key) -> str:
    return f"{shelf.value}:{write_key(key)}"


def _sum_of(counters: Mapping[str, int] | None, amount: tuple[str, int]) -> int:
    name, number = amount
    return (counters or {}).get(name, 0) + number


def _summed(counters: Mapping[str, int] | None, amounts: Amounts) -> Mapping[str, int] | None:
    """Return counters with something added to them."""
    if not amounts:
        return counters
    summed = dict(counters or {})
    for name, amount in amounts:
        summed[name] = summed.get(name, 0) + amount
    return MappingProxyType(summed)


__all__: Sequence[str] = ("PREFIX", "Contended", "RedisStore")
