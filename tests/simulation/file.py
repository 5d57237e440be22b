"""State in a file, as a served mock keeps it. A process that dies lets go of the file without a last word."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.dice import KeyedDice
from mockserver.adapters.sqlite import Database, SqliteAgenda, SqliteStore
from mockserver.forms import FORMS
from mockserver.ports import Clock, Key, Shelf
from tests.simulation.base import SECRET, Opened


class InFile:
    """A file in a folder of its own.

    Args:
        agenda: what wakes.
    """

    def __init__(self, agenda: type[SqliteAgenda] = SqliteAgenda) -> None:
        self._agenda = agenda
        self._folder = TemporaryDirectory()
        self._path = Path(self._folder.name) / "mock.db"
        #: Looks on, from outside of every process.
        self._onlooker = Database(self._path)
        self._seen = SqliteStore(self._onlooker, FORMS, ManualClock())

    def open(self, clock: Clock) -> Opened:
        """Return what a new process has."""
        database = Database(self._path)
        agenda = self._agenda(database, clock)
        store = SqliteStore(database, FORMS, clock)

        def die() -> None:
            agenda.close()
            database.close()

        return Opened(store, agenda, KeyedDice(SECRET, agenda.number), agenda.look, die)

    def peek(self, shelf: Shelf, key: Key) -> Any | None:
        """Return what was committed."""
        return self._seen.get(shelf, key)

    def close(self) -> None:
        """Remove the file."""
        self._onlooker.close()
        self._folder.cleanup()
