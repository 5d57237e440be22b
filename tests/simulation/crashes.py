"""Where a mock can die, and its store fail: around each change that stays, and each thing that leaves the mock."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from mockserver.ports import Agenda, Amounts, Courier, Delivery, Entry, Key, Parcel, Shelf, Store, Topic

T = TypeVar("T")


class Crash(BaseException):
    """A process is gone. No code of the mock's may catch it, as none runs when a process is killed.

    Attributes:
        where: at which boundary.
        who: number of the process.
    """

    def __init__(self, where: str, who: int) -> None:
        super().__init__(where)
        self.where = where
        self.who = who


class Strike(OSError):
    """The store fails at one change, as where a disk is full for a moment. The process lives on."""


class Boundaries:
    """Counts the places at which processes can die, and lets one of them die at one of these, or its store fail there.

    Attributes:
        passed: how many were passed.
        ends_at: number of the one at which something dies or fails, 1 being the first, or None.
        only_fails: whether stores fail, and nobody dies. Places are skipped that have nothing to do with the store.
        struck: how often a store failed.
    """

    def __init__(self) -> None:
        self.passed = self.struck = 0
        self.ends_at: int | None = None
        self.only_fails = False

    def end_in(self, number: int | None) -> None:
        """Let the n-th boundary from now be one at which something dies or fails, or none."""
        self.ends_at = None if number is None else self.passed + number

    @property
    def is_spent(self) -> bool:
        """Whether it has happened."""
        return self.ends_at is not None and self.passed >= self.ends_at

    def of(self, who: int) -> "Reach":
        """Return how the process of a number passes boundaries."""
        return Reach(self, who)

    def pass_one(self, who: int, where: str, is_in_store: bool) -> None:
        """Pass a boundary, or die or fail there."""
        if self.only_fails and not is_in_store:
            return
        self.passed += 1
        if self.passed != self.ends_at:
            return
        if self.only_fails:
            self.struck += 1
            raise Strike(where)
        raise Crash(where, who)


class Reach(NamedTuple):
    """How one process passes boundaries.

    Attributes:
        boundaries: counts them.
        who: number of the process.
    """

    boundaries: Boundaries
    who: int

    def store(self, where: str) -> None:
        """Pass a boundary at which the store can fail."""
        self.boundaries.pass_one(self.who, where, True)

    def outside(self, where: str) -> None:
        """Pass one that has nothing to do with the store."""
        self.boundaries.pass_one(self.who, where, False)


class CrashingStore:
    """A store during whose changes a process can die.

    Args:
        store: keeps things.
        reach: passes each boundary.
    """

    def __init__(self, store: Store, reach: Reach) -> None:
        self._store = store
        self._reach = reach.store
        self._is_inside = False

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or None."""
        return self._store.get(shelf, key)

    def put(self, shelf: Shelf, key: Key, entry: Entry) -> None:
        """Keep an entry."""
        self._changing(partial(self._store.put, shelf, key, entry))

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of its value."""
        return self._changing(partial(self._store.update, shelf, key, change))

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters."""
        return self._changing(partial(self._store.add, shelf, key, amounts, at_ms, most))

    def drop(self, shelf: Shelf, key: Key) -> None:
        """Forget an entry."""
        self._changing(partial(self._store.drop, shelf, key))

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps."""
        return self._store.scan(shelf)

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds."""
        return self._store.count(shelf)

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Return how many entries of an owner are in use."""
        return self._store.in_use(shelf, owner)

    def afterwards(self, call: Callable[[], object]) -> None:
        """Do something once the work under way has happened."""
        self._store.afterwards(call)

    def when_kept(self, _tell: Callable[[bool], None]) -> bool:
        """Say that everything is there for good: each work is, when it is over."""
        return False

    def keep(self) -> None:
        """Do nothing: there is nothing that waits."""

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something whose changes happen all or not at all."""
        if self._is_inside:
            return self._store.together(work)

        def whole() -> T:
            made = work()
            self._reach("before a commit")
            return made

        self._is_inside = True
        try:
            made = self._store.together(whole)
        finally:
            self._is_inside = False
        self._reach("after a commit")
        return made

    def _changing(self, change: Callable[[], T]) -> T:
        self._reach("before a change")
        made = change()
        self._reach("after a change")
        return made


class CrashingAgenda:
    """An agenda on either side of whose changes a process can die, and between waking somebody and what follows.

    Args:
        agenda: wakes.
        reach: passes each boundary.
    """

    def __init__(self, agenda: Agenda, reach: Reach) -> None:
        self._agenda = agenda
        self._reach = reach.store
        self._outside = reach.outside

    def attend(self, topic: Topic, wake: Callable[[Key], None]) -> None:
        """Say who is woken about a topic."""

        def woken(key: Key) -> None:
            self._outside("when woken")
            wake(key)

        self._agenda.attend(topic, woken)

    def put(self, topic: Topic, key: Key, at_ms: int) -> None:
        """Have somebody woken about a thing at a time."""
        self._reach("before an entry of the agenda")
        self._agenda.put(topic, key, at_ms)
        self._reach("after an entry of the agenda")

    def take(self, topic: Topic, key: Key) -> bool:
        """Put a thing that is due now, and say whether the caller sees to it at once."""
        self._reach("before an entry of the agenda that is due")
        is_taken = self._agenda.take(topic, key)
        self._reach("after an entry of the agenda that is due")
        return is_taken

    def drop(self, topic: Topic, key: Key) -> None:
        """Wake nobody about a thing any more."""
        self._reach("before an entry of the agenda is dropped")
        self._agenda.drop(topic, key)
        self._reach("after an entry of the agenda is dropped")


class CrashingCourier:
    """A courier on either side of whose sending, and of what came of it, a process can die.

    Args:
        courier: sends.
        reach: passes each boundary.
    """

    def __init__(self, courier: Courier, reach: Reach) -> None:
        self._courier = courier
        self._reach = reach.outside

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Send a parcel and say afterwards what became of it."""

        def ended(delivery: Delivery) -> None:
            self._reach("before the outcome of a delivery")
            done(delivery)
            self._reach("after the outcome of a delivery")

        self._reach("before sending")
        self._courier.send(parcel, ended)
        self._reach("after sending")

    async def close(self) -> None:
        """Stop what is under way."""
        await self._courier.close()
