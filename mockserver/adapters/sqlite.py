"""The store and the agenda in a file: SQLite, called directly, so that what was promised outlives its process.

Several processes of a machine may share the file. Which tables there are is said here, and nowhere else.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from mockserver.adapters.stores import COUNTERS_IN_USE_MS, ROOMS, Room
from mockserver.adapters.writing import Forms, Writing, read_key, write_key
from mockserver.ports import UNSETTLED_MS, Amounts, Clock, Entry, Key, Shelf, Topic, Written

T = TypeVar("T")

#: What marks a file as ours, in its head: "rwmk".
APPLICATION_ID = 0x72776D6B
#: How long a process waits for another one's change to end, in milliseconds; such changes take less than one.
BUSY_MS = 10_000
#: The same for a process that wants the file alone: one that ends lets go of it soon, another one does not.
SOON_MS = 1_000
#: After so many changes in a row the log of changes is worked into the file, in pages of 4 KiB.
CHECKPOINT_PAGES = 4000
#: How much of the file a process keeps in memory at most: UUIDs are all over the place.
CACHE_KIB = 64 * 1024

#: Scripts that bring a file up to date, one a version; the version of a file is how many were run.
MIGRATIONS = (
    """
    CREATE TABLE kept (
        shelf TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
        settles_at_ms INTEGER NOT NULL, weight INTEGER NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (shelf, key)
    ) WITHOUT ROWID;
    CREATE TABLE due (
        topic TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL, keeper INTEGER NOT NULL,
        PRIMARY KEY (topic, key)
    ) WITHOUT ROWID;
    CREATE TABLE keepers (number INTEGER PRIMARY KEY AUTOINCREMENT);
    CREATE TABLE ledger (
        number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, owner TEXT, content BLOB NOT NULL
    );
    CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    """,
)


class BadState(Exception):
    """A file cannot hold the state of a mock. Says why, and how to mend it."""


class Database:
    """One connection to the file, and the transaction that is under way on it. For one thread at a time.

    Args:
        path: the file; made where there is none, for its owner alone to read.
        is_shared: whether other processes may have it open too. One that has it alone needs no locks.

    Attributes:
        path, is_shared: as given.
        execute: carries out one statement.
        undone: is called, each, when something was undone.

    Raises:
        BadState: the file cannot be made or opened, or is none of ours.
    """

    def __init__(self, path: Path, *, is_shared: bool = True) -> None:
        self.path = path
        self.is_shared = is_shared
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            self.execute = self._connection.execute
            self._prepare()
        except (OSError, sqlite3.Error) as problem:
            if getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise BadState(f"{path} is in use; end the other mock, or begin one with --workers 2") from problem
            said = getattr(problem, "strerror", None) or str(problem)
            raise BadState(f"{path} cannot be used: {said}; name a file that can be written") from problem
        #: What is done once the transaction that is under way is there for good, and what if it is undone.
        self._afterwards: list[Callable[[], object]] = []
        self.undone: list[Callable[[], object]] = []
        self._is_open = True
        #: Who is told when that transaction is there for good.
        self._waiting: list[Callable[[bool], None]] = []
        self._soon: Callable[[Callable[[], None]], object] | None = None
        #: Whether `keep` will be called; whether a work is under way, joined a transaction, has marked where it began.
        self._is_called = self._is_inside = self._is_joining = self._is_marked = False

    def _prepare(self) -> None:
        if not self.is_shared:
            self.execute(f"PRAGMA busy_timeout = {SOON_MS}")
            self.execute("PRAGMA locking_mode = EXCLUSIVE")
        # In this order: another process that begins at the same time may make the file ours in between.
        is_new = not self.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        (found,), (version,) = self.execute("PRAGMA application_id"), self.execute("PRAGMA user_version")
        if found != (APPLICATION_ID,) and not is_new:
            raise BadState(f"{self.path} is a database of another program; name another file")
        if version[0] > len(MIGRATIONS):
            raise BadState(f"{self.path} was written by a newer runware-mock; name another file, or install that one")
        self.execute("PRAGMA journal_mode = WAL")
        # Outlives the death of processes; of what was promised in the last moments before the power fails some is lost.
        self.execute("PRAGMA synchronous = NORMAL")
        self.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._migrate()

    def _migrate(self) -> None:
        self.execute("BEGIN IMMEDIATE")
        version = self.execute("PRAGMA user_version").fetchone()[0]
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                self.execute(statement)
        self.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        self.execute("COMMIT")

    def gather(self, soon: Callable[[Callable[[], None]], object]) -> None:
        """Let changes that come at nearly the same time become there for good together: that costs as much as one does.

        Args:
            soon: has something called when everything that came at the same time is done.
        """
        self._soon = soon

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something of which all happens or nothing, in one transaction with what is waiting, if any is."""
        if self._is_inside:
            return work()
        self._look_for_loss()
        self._is_inside, self._is_joining = True, self._connection.in_transaction
        self._is_marked, before = False, len(self._afterwards)
        try:
            outcome = work()
            if self._is_marked:
                self.execute("RELEASE mark")
        except BaseException:
            self._undo(before)
            raise
        finally:
            self._is_inside = False
        if self._soon is None or not self._connection.in_transaction:
            self.keep()
        elif not self._is_called:
            self._is_called = True
            self._soon(self.keep)
        return outcome

    def _undo(self, before: int) -> None:
        """Undo what a work changed that failed, and nothing of what waits to be there for good."""
        self._look_for_loss()
        if self._is_joining and self._is_marked and self._connection.in_transaction:
            self.execute("ROLLBACK TO mark")
            self.execute("RELEASE mark")
        elif self._connection.in_transaction and not self._is_joining:
            self.execute("ROLLBACK")
        del self._afterwards[before:]
        for call in self.undone:
            call()

    def _look_for_loss(self) -> None:
        """Tell those who wait if all that they wait for was undone: SQLite does so by itself when a disk is full."""
        if self._is_called and not self._connection.in_transaction:
            self._lose()

    def _lose(self) -> None:
        self._is_called = False
        waiting, self._waiting = self._waiting, []
        del self._afterwards[:]
        for call in self.undone:
            call()
        for tell in waiting:
            tell(False)

    def keep(self) -> None:
        """Make what was changed be there for good now, and tell those who wait for it.

        Raises:
            sqlite3.Error: it cannot be, so that all of it is undone.
        """
        if not self._is_open:
            return
        self._look_for_loss()
        self._is_called = False
        try:
            if self._connection.in_transaction:
                self.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self.execute("ROLLBACK")
            self._lose()
            raise
        waiting, self._waiting = self._waiting, []
        while self._afterwards:
            self._afterwards.pop(0)()
        for tell in waiting:
            tell(True)

    def when_kept(self, tell: Callable[[bool], None]) -> bool:
        """Have somebody told when what was changed so far is there for good; False, and nothing, where it is."""
        if not self._connection.in_transaction:
            return False
        self._waiting.append(tell)
        return True

    def change(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        """Carry out a statement that changes something, within the work that is under way if one is."""
        if self._is_inside:
            self.begin()
        return self.execute(statement, values)

    def begin(self) -> None:
        """Keep others from changing anything until the work that is under way is there for good."""
        if not self._connection.in_transaction:
            self.execute("BEGIN IMMEDIATE")
        elif self._is_joining and not self._is_marked:
            self.execute("SAVEPOINT mark")
            self._is_marked = True

    def afterwards(self, call: Callable[[], object]) -> None:
        """Do something once what was changed is there for good."""
        if self._connection.in_transaction:
            self._afterwards.append(call)
        else:
            call()

    def fact(self, name: str, value: bytes) -> bytes:
        """Return what is remembered under a name: from now on this value, unless there is one."""
        self.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT DO NOTHING", (name, value))
        (kept,) = self.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return bytes(kept)

    def close(self) -> None:
        """Let go of the file."""
        self.keep()
        self._is_open = False
        self._connection.close()


_GET = "SELECT value, settles_at_ms FROM kept WHERE shelf = ? AND key = ?"
_PUT = (
    "INSERT INTO kept (shelf, key, value, settles_at_ms, weight, number) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET value = excluded.value, settles_at_ms = excluded.settles_at_ms,"
    " weight = excluded.weight, number = excluded.number"
)
_DROP = "DELETE FROM kept WHERE shelf = ? AND key = ?"
_SCAN = "SELECT key, value FROM kept WHERE shelf = ? AND settles_at_ms >= ? ORDER BY number"
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
#: Roughly how many bytes a counter takes.
_COUNTER_BYTES = 128


def _added(amounts: Amounts, at_ms: int, most: int | None, kept: Mapping[str, int] | None) -> tuple[Entry | None, bool]:
    counters = dict(kept or {})
    if most is not None:
        name, amount = amounts[0]
        if counters.get(name, 0) + amount > most:
            return None, False
    for name, amount in amounts:
        counters[name] = counters.get(name, 0) + amount
    return Entry(counters, at_ms + COUNTERS_IN_USE_MS, _COUNTER_BYTES * len(counters)), True


#: How long after something was undone it is looked what has to be done again, in milliseconds.
MEND_MS = 1000
_DUE = (
    "INSERT INTO due (topic, key, at_ms, keeper) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, keeper = excluded.keeper"
)


class SqliteAgenda:
    """Wakes from the clock about what stands in the file, each entry in the process that keeps it.

    Whoever is alive holds the lock of a file; the system lets go of it when its process ends, however it ends, and
    `look` then takes over what it kept.

    Args:
        database: the file.
        clock: tells when a time has come.

    Attributes:
        number: which of all processes that ever opened the file this one is, 1 being the first.
        is_alone: whether nobody else had the file open when this one came.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._wakes: Mapping[Topic, Callable[[Key], None]] = MappingProxyType({})
        self._timers: dict[tuple[str, str], Callable[[], None]] = {}
        self._locks = Path(f"{database.path}-keepers")
        self._lock = -1
        self.number = database.together(self._enter)
        self.is_alone = not self.has_company
        self._is_mending = False
        database.undone.append(self._mend)

    def _enter(self) -> int:
        self._database.begin()
        number = self._database.execute("INSERT INTO keepers DEFAULT VALUES").lastrowid or 0
        self._locks.mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(self._lock_of(number), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return number

    def _lock_of(self, number: int) -> Path:
        return self._locks / str(number)

    def _others(self) -> list[int]:
        found = self._database.execute("SELECT number FROM keepers WHERE number != ?", (self.number,))
        return [number for (number,) in found]

    def _is_alive(self, number: int) -> bool:
        try:
            lock = os.open(self._lock_of(number), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def attend(self, topic: Topic, wake: Callable[[Key], None]) -> None:
        """Say who is woken about a topic."""
        self._wakes = MappingProxyType({**self._wakes, topic: wake})

    def look(self) -> None:
        """Take over what was kept by processes that are no more."""
        for number in self._others():
            if not self._is_alive(number):
                self._database.together(partial(self._inherit, number))

    def _inherit(self, number: int) -> None:
        statement = "UPDATE due SET keeper = ? WHERE keeper = ? RETURNING topic, key, at_ms"
        for topic, key, at_ms in self._database.change(statement, (self.number, number)).fetchall():
            self._database.afterwards(partial(self._set, topic, key, at_ms))
        self._database.change("DELETE FROM keepers WHERE number = ?", (number,))
        self._database.afterwards(partial(self._lock_of(number).unlink, missing_ok=True))

    def put(self, topic: Topic, key: Key, at_ms: int) -> None:
        """Have somebody woken about a thing at a time, in place of the one set before."""
        written = write_key(key)
        self._database.change(_DUE, (topic.value, written, at_ms, self.number))
        self._database.afterwards(partial(self._set, topic.value, written, at_ms))

    def take(self, topic: Topic, key: Key) -> bool:
        """Put a thing that is due now: nobody sees to it before it is there for good."""
        self.put(topic, key, self._clock.now_ms())
        return False

    def drop(self, topic: Topic, key: Key) -> None:
        """Wake nobody about a thing any more."""
        written = write_key(key)
        self._database.change("DELETE FROM due WHERE topic = ? AND key = ?", (topic.value, written))
        self._database.afterwards(partial(self._unset, topic.value, written))

    def _set(self, topic: str, key: str, at_ms: int) -> None:
        self._unset(topic, key)
        self._timers[topic, key] = self._clock.call_at(at_ms, partial(self._ring, topic, key))

    def _unset(self, topic: str, key: str) -> None:
        cancel = self._timers.pop((topic, key), None)
        if cancel is not None:
            cancel()

    def _mend(self) -> None:
        """Look a little later which entries have no timer: theirs rang for what was undone."""
        if not self._is_mending and self._lock >= 0:
            self._is_mending = True
            self._clock.call_at(self._clock.now_ms() + MEND_MS, self._set_missing)

    def _set_missing(self) -> None:
        self._is_mending = False
        if self._lock < 0:
            return
        try:
            statement = "SELECT topic, key, at_ms FROM due WHERE keeper = ?"
            found = self._database.execute(statement, (self.number,)).fetchall()
        except sqlite3.Error:
            self._mend()
            return
        for topic, key, at_ms in found:
            if (topic, key) not in self._timers:
                self._set(topic, key, at_ms)

    def _ring(self, topic: str, key: str) -> None:
        """Wake somebody, unless another process has put or dropped the entry meanwhile."""
        self._timers.pop((topic, key), None)
        statement = "SELECT keeper FROM due WHERE topic = ? AND key = ?"
        found = self._database.execute(statement, (topic, key)).fetchone()
        if found == (self.number,):
            self._wakes[Topic(topic)](read_key(key))

    def close(self) -> None:
        """Leave everything to whoever comes next."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def has_company(self) -> bool:
        """Whether other processes have the file open now."""
        return any(self._is_alive(number) for number in self._others())


_CUT = (
    "DELETE FROM ledger WHERE kind = ? AND number <="
    " (SELECT number FROM ledger WHERE kind = ? ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


class SqliteLedger:
    """Keeps what happened in a file.

    Args:
        database: the file.
        most: how many entries of each kind are kept.
    """

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._written = 0

    def append(self, entries: Sequence[tuple[str, str | None, bytes]]) -> None:
        """Keep entries."""
        self._database.together(partial(self._append, entries))

    def _append(self, entries: Sequence[tuple[str, str | None, bytes]]) -> None:
        for entry in entries:
            self._database.change("INSERT INTO ledger (kind, owner, content) VALUES (?, ?, ?)", entry)
        self._written += len(entries)
        if self._written > self._most // _OFTEN:
            self._written = 0
            for kind in {kind for kind, *_ in entries}:
                self._database.change(_CUT, (kind, kind, self._most))

    def read(self, after: int) -> Sequence[Written]:
        """Return what is kept with a larger number, oldest first."""
        statement = "SELECT number, kind, owner, content FROM ledger WHERE number > ? ORDER BY number"
        return [Written(*row) for row in self._database.execute(statement, (after,))]

    @property
    def last(self) -> int:
        """Number of the newest entry that there ever was, 0 before the first."""
        found = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'").fetchone()
        return int(found[0]) if found else 0

    @property
    def is_shared(self) -> bool:
        """Whether another process has opened the file and, as far as is known, not died."""
        return bool(self._database.execute("SELECT count(*) > 1 FROM keepers").fetchone()[0])

    def forget(self, owner: str | None) -> None:
        """Drop the entries of an owner, or all."""
        self._database.change("DELETE FROM ledger WHERE ?1 IS NULL OR owner = ?1", (owner,))
