"""State in a file, as a served mock keeps it. A process that dies lets go of the file without a last word."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mockserver.adapters.dice import KeyedDice
from mockserver.adapters.sqlite import Database
from mockserver.adapters.sqlite_agenda import SqliteAgenda
from mockserver.adapters.sqlite_store import SqliteStore
from mockserver.adapters.writing import Writing, write_key
from mockserver.forms import FORMS
from mockserver.ports import Clock, Key, Shelf
from tests.simulation.base import SECRET, Opened

_GET = "SELECT value FROM kept WHERE shelf = ? AND key = ?"


class InFile:
    """A file in a folder of its own.

    Args:
        agenda: what wakes.
        is_shared: whether several processes have it open at a time.
    """

    def __init__(self, agenda: type[SqliteAgenda] = SqliteAgenda, is_shared: bool = False) -> None:
        self._agenda = agenda
        self._is_shared = is_shared
        self._folder = TemporaryDirectory()
        self._path = Path(self._folder.name) / "mock.db"
        self._writing = Writing(FORMS)
        #: Looks on from outside of every process, or is that of the one that has the file alone.
        self._seen = Database(self._path) if is_shared else None

    def open(self, clock: Clock) -> Opened:
        """Return what a new process has."""
        database = Database(self._path, is_shared=self._is_shared)
        if not self._is_shared:
            self._seen = database
        agenda = self._agenda(database, clock)
        store = SqliteStore(database, FORMS, clock)

        def die() -> None:
            agenda.close()
            database.close()

        return Opened(store, agenda, KeyedDice(SECRET, agenda.number), agenda.look, die)

    def peek(self, shelf: Shelf, key: Key) -> Any | None:
        """Return what was committed."""
        assert self._seen is not None, "nobody has opened the file"
        found = self._seen.execute(_GET, (shelf.value, write_key(key))).fetchone()
        return None if found is None else self._writing.read(shelf, found[0])

    def close(self) -> None:
        """Remove the file."""
        if self._is_shared and self._seen is not None:
            self._seen.close()
        self._folder.cleanup()
