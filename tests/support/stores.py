"""A store that breaks its promise at a chosen call."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mockserver.adapters.stores import MemoryStore
from mockserver.ports import Amounts, Clock, Entry, Key, Shelf

T = TypeVar("T")
STRIKE = OSError("the memory is on strike")


class FailingStore:
    """Keeps things in memory, and raises instead at one call.

    Args:
        clock: as for `MemoryStore`.
        fails_at: number of the call that fails, 1 being the next one; 0 for none.
        problem: what it raises then.

    Attributes:
        has_failed: whether it did.
    """

    def __init__(self, clock: Clock, fails_at: int = 0, problem: Exception = STRIKE) -> None:
        self._problem = problem
        self.has_failed = False
        self._memory = MemoryStore(clock)
        self._fails_in = fails_at

    def fail_at(self, number: int) -> None:
        """Fail at a call from now on, 1 being the next one."""
        self.has_failed, self._fails_in = False, number

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or None."""
        self._count()
        return self._memory.get(shelf, key)

    def put(self, shelf: Shelf, key: Key, entry: Entry) -> None:
        """Keep an entry, in place of the one that was there."""
        self._count()
        self._memory.put(shelf, key, entry)

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of its value."""
        self._count()
        return self._memory.update(shelf, key, change)

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters kept under a key, unless the first would become too large."""
        self._count()
        return self._memory.add(shelf, key, amounts, at_ms, most)

    def drop(self, shelf: Shelf, key: Key) -> None:
        """Forget an entry, if it is there."""
        self._count()
        self._memory.drop(shelf, key)

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps."""
        return self._memory.scan(shelf)

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds."""
        return self._memory.count(shelf)

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Return how many entries of an owner are in use."""
        return self._memory.in_use(shelf, owner)

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something."""
        return work()

    def afterwards(self, call: Callable[[], object]) -> None:
        """Do something at once: nothing is undone here."""
        call()

    def when_kept(self, _tell: Callable[[bool], None]) -> bool:
        """Say that everything is there for good."""
        return False

    def keep(self) -> None:
        """Do nothing."""

    def _count(self) -> None:
        self._fails_in -= 1
        if self._fails_in == 0:
            self.has_failed = True
            raise self._problem
