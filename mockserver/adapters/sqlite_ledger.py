"""The ledger in a file."""

from collections.abc import Sequence
from functools import partial

from mockserver.adapters.sqlite import Database
from mockserver.ports import Written

#: The ledger is cut after so many parts of what it keeps were written anew.
_OFTEN = 8
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
