"""The agenda in a file: what is due stands in it, with the process that keeps it; the timers are of the clock."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from mockserver.adapters.sqlite import Database
from mockserver.adapters.writing import read_key, write_key
from mockserver.ports import Clock, Key, Topic

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
