"""The journal of a mock whose state outlives it: written to a ledger that all who share the state write to and read.

Entries are noted as in any journal and written a little later, several at a time, and no more of them than are kept:
under a load most are never written. Those of the last moments before a process is killed are lost.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import msgpack

from mockserver.journal import Attempt, Entry, Journal, Raw, See, put_into_words
from mockserver.ports import Clock, Ledger, Written

#: How many steps may pass before what was noted is written, where nobody waits for it.
MOST_STEPS = 20


class KeptJournal(Journal):
    """Keeps the last exchanges and the last attempts in a ledger.

    Args:
        clock: says when things happened.
        most: how many exchanges, and how many attempts, are noted at most between two steps.
        ledger: keeps them.
    """

    def __init__(self, clock: Clock, most: int, ledger: Ledger) -> None:
        super().__init__(clock, most)
        self._ledger = ledger
        self._seen = ledger.last
        self._steps = 0

    def step(self) -> None:
        """Write what was noted where somebody may be waiting for it, and sooner or later anyhow."""
        self._steps += 1
        if self._watchers or self._steps >= MOST_STEPS or self._ledger.is_shared:
            self.write()

    def write(self) -> None:
        """Write what was noted, and show those who watch what anybody wrote."""
        self._steps = 0
        both: tuple[Iterable[Raw | Attempt], ...] = (self._exchanges, self._attempts)
        noted = sorted([each for some in both for each in some], key=_number)
        if noted:
            self._ledger.append([_written(each) for each in noted])
            self._exchanges.clear()
            self._attempts.clear()
        if self._watchers:
            self._show()

    def _show(self) -> None:
        for entry in self._read(self._seen):
            self._seen = entry.number
            for see in tuple(self._watchers.values()):
                see(entry)

    def entries(self, owner: str | None = None, after: int = 0) -> Sequence[Entry]:
        """Return what is kept, oldest first."""
        self.write()
        return [entry for entry in self._read(after) if owner is None or entry.owner == owner]

    def _read(self, after: int) -> list[Entry]:
        return [_entry(written) for written in self._ledger.read(after)]

    @property
    def last_number(self) -> int:
        """Number of the newest entry, 0 before the first."""
        self.write()
        return self._ledger.last

    def forget(self, owner: str | None = None) -> None:
        """Drop the entries of an owner, or all."""
        super().forget(owner)
        self._ledger.forget(owner)

    def watch(self, see: See) -> Callable[[], None]:
        """Show every new entry to somebody, with the next step after it was noted, until the function is called."""
        self.write()
        self._seen = self._ledger.last
        return super().watch(see)

    def _tell(self, entry: Entry) -> None:
        """Leave it to the next step: only then the entry has its number."""


_write = msgpack.Encoder().encode
_read_exchange, _read_attempt = msgpack.Decoder(Raw).decode, msgpack.Decoder(Attempt).decode


def _number(noted: Raw | Attempt) -> int:
    return noted.number if isinstance(noted, Attempt) else noted[0]


def _written(noted: Raw | Attempt) -> tuple[str, str | None, bytes]:
    if isinstance(noted, Attempt):
        return "attempt", noted.owner, _write(noted)
    return "exchange", noted[2], _write(noted)


def _entry(written: Written) -> Entry:
    if written.kind == "attempt":
        attempt: Attempt = _read_attempt(written.content)
        return attempt.numbered(written.number)
    raw: Raw = _read_exchange(written.content)
    return put_into_words((written.number, *raw[1:]))
