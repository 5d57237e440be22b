"""The file in which state is kept: SQLite, called directly. Its tables, and when changes are there for good.

Several processes of a machine may share it. What is in the tables is said beside: `sqlite_store`, `sqlite_agenda` and
`sqlite_ledger`.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from mockserver.health import NotGood

T = TypeVar("T")

#: What marks a file as ours, in its head: "rwmk".
APPLICATION_ID = 0x72776D6B
#: How long a process waits for another one's change to end, in milliseconds; such changes take less than one.
BUSY_MS = 10_000
#: The same for a process that finds the file held, or wants it alone: one that ends lets go of it soon, others do not.
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
        busy_ms: how long another one's change is waited for, in milliseconds.

    Attributes:
        path, is_shared: as given.
        execute: carries out one statement.
        undone: is called, each, when something was undone.

    Raises:
        BadState: the file cannot be made or opened, or is none of ours.
    """

    def __init__(self, path: Path, *, is_shared: bool = True, busy_ms: int = BUSY_MS) -> None:
        self.path = path
        self.is_shared = is_shared
        self._busy_ms = busy_ms
        try:
            self._identity = _make(path)
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            self.execute = self._connection.execute
            self._look_who_holds_it()
            self._prepare()
        except FileNotFoundError as problem:
            raise BadState(f"{path} cannot be made: there is no folder {path.parent}; make it first") from problem
        except (OSError, sqlite3.Error) as problem:
            if _is_busy(problem):
                raise BadState(f"{path} is being changed by another program; end that one") from problem
            raise BadState(f"{path} cannot be used: {_why_not(problem)}") from problem
        #: What is done once the transaction that is under way is there for good, and what if it is undone.
        self._afterwards: list[Callable[[], object]] = []
        self.undone: list[Callable[[], object]] = []
        self._is_open = True
        #: Who is told when that transaction is there for good.
        self._waiting: list[Callable[[bool], None]] = []
        self._soon: Callable[[Callable[[], None]], object] | None = None
        #: Whether `keep` will be called; whether a work is under way, joined a transaction, has marked where it began.
        self._is_called = self._is_inside = self._is_joining = self._is_marked = False

    def _look_who_holds_it(self) -> None:
        """Read something: that is refused, soon, where the others who have the file open and this one do not agree."""
        self.execute(f"PRAGMA busy_timeout = {SOON_MS}")
        if not self.is_shared:
            self.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            self.execute("PRAGMA schema_version").fetchone()
        except sqlite3.Error as problem:
            if not _is_busy(problem):
                raise
            if self.is_shared or not _can_be_shared(self.path):
                held = "is held by a mock without --workers: end that one, or begin both with --workers 2"
            else:
                held = (
                    "is open elsewhere, as by a mock with --workers: end that one, or begin this with --workers 2 too"
                )
            self._connection.close()
            raise BadState(f"{self.path} {held}") from problem
        if self.is_shared:
            self.execute(f"PRAGMA busy_timeout = {self._busy_ms}")

    def check_place(self) -> None:
        """See whether what stands under the path is still the file that is open here.

        Raises:
            NotGood: it is not, so that whoever comes next finds nothing of what is kept now.
        """
        with suppress(FileNotFoundError):
            if _identity(self.path.stat()) == self._identity:
                return
        raise NotGood("its file was removed or replaced: what is kept is lost at the end; begin the mock anew")

    def _prepare(self) -> None:
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
        try:
            while self._afterwards:
                self._afterwards.pop(0)()
        finally:
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
        """Do something once what was changed, or is to be by the work under way, is there for good."""
        if self._is_inside or self._connection.in_transaction:
            self._afterwards.append(call)
        else:
            call()

    def fact(self, name: str, value: bytes) -> bytes:
        """Return what is remembered under a name: from now on this value, unless there is one."""
        self.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT DO NOTHING", (name, value))
        (kept,) = self.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return bytes(kept)

    def recall(self, name: str) -> bytes | None:
        """Return what is remembered under a name, or None."""
        found = self.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else bytes(found[0])

    def note(self, name: str, value: bytes) -> None:
        """Remember something under a name, in place of what was."""
        self.change("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Let go of the file."""
        self.keep()
        self._is_open = False
        self._connection.close()


def _make(path: Path) -> tuple[int, int]:
    """Make a file unless it is there, and return what tells it from all others."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return _identity(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _is_busy(problem: BaseException) -> bool:
    return getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _can_be_shared(path: Path) -> bool:
    """Say whether somebody who does not want a file alone may read it."""
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.Error:
            return False
    return True


def _why_not(problem: OSError | sqlite3.Error) -> str:
    """Return why a file cannot be used, and the mend: what is no database of any kind could well be written."""
    is_no_database = isinstance(problem, sqlite3.DatabaseError) and not isinstance(problem, sqlite3.OperationalError)
    said = getattr(problem, "strerror", None) or str(problem)
    return f"{said}; name another file" if is_no_database else f"{said}; name a file that can be written"
