"""All that the runtime needs from outside: time, memory, and somebody who carries things out of the house or in."""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Tells the time and wakes people. Every timer of the mock belongs to one clock."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds; never goes back."""

    def call_at(self, at_ms: int, wake: Callable[[], None], *, is_limit: bool = False) -> Callable[[], None]:
        """Call somebody when a time has come, or soon if it has passed.

        Args:
            at_ms: when, as Unix time in milliseconds.
            wake: is called, once.
            is_limit: whether the call only ends somebody's patience, as with a silent connection. Whoever moves the
                clock until nothing is due does not wait for it.

        Returns:
            A function that cancels the call; harmless once it was made.
        """


class Steerable(Clock, Protocol):
    """A clock that can be moved forward."""

    def advance_to(self, at_ms: int) -> None:
        """Move time forward to a point, or stay if it has passed, and call everybody who is due, each at their time."""

    @property
    def next_at_ms(self) -> int | None:
        """When the next call is due, or None while nobody waits."""

    @property
    def next_task_at_ms(self) -> int | None:
        """When the next call is due that is no limit."""


class Dice(Protocol):
    """Draws what looks random."""

    def draw(self, owner: str, purpose: str) -> bytes:
        """Return 16 bytes for the next thing of its kind that an owner makes."""

    def forget(self, owner: str | None = None) -> None:
        """Begin anew for an owner, or for all: the next draws are the first ones again."""


class Shelf(Enum):
    """What kinds of things a store keeps, each with limits of its own."""

    TASKS = "tasks"
    RESULTS = "results"
    REFUSALS = "refusals"
    MEDIA = "media"
    CONTENT = "content"
    PICTURES = "pictures"
    SESSIONS = "sessions"
    PLANS = "plans"
    DELIVERIES = "deliveries"
    ACCOUNTS = "accounts"
    RULES = "rules"
    COUNTS = "counts"

    #: Members are unique, so identity will do; the default hashes their names, in Python.
    __hash__ = object.__hash__


Key = tuple[str, ...]

#: When an entry settles that is in use until it is put again or dropped: as a Unix time in milliseconds, never.
UNSETTLED_MS = 2**53


class Entry(NamedTuple):
    """Something to keep.

    Attributes:
        value: plain data, or values made of it.
        settles_at_ms: until then the entry is in use and is kept; afterwards it may be dropped.
        weight: roughly how many bytes it takes.
    """

    value: Any
    settles_at_ms: int = 0
    weight: int = 0


#: Names of counters, and how much is added to each.
Amounts = tuple[tuple[str, int], ...]


class Store(Protocol):
    """Keeps entries by shelf and key. Settled entries are dropped oldest first past a limit or their retention."""

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or None. Does not block."""

    def put(self, shelf: Shelf, key: Key, entry: Entry) -> None:
        """Keep an entry, in place of the one that was there."""

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of its value; nobody else changes it meanwhile.

        Args:
            shelf: what kind of thing.
            key: its name.
            change: gets the value or None and returns the new entry, or None to leave the old one as it is,
                and what `update` should return. It must not call the store.
        """

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters kept under a key, or to none of them; nobody else changes them meanwhile.

        `get` returns them as a mapping from name to number. They settle soon after they were last added to.

        Args:
            shelf: what kind of thing.
            key: its name.
            amounts: how much is added to which; one that is not there begins at 0.
            at_ms: the time, as a Unix time in milliseconds.
            most: how large the first of them may become, or None.

        Returns:
            False where the first would become larger.
        """

    def drop(self, shelf: Shelf, key: Key) -> None:
        """Forget an entry, if it is there."""

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps, the oldest first. For looking on: its time grows with what is kept."""

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds, roughly where that would take time."""

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Return how many entries are in use whose keys begin with an owner; its time grows with what is kept.

        What the work under way put counts.
        """

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something whose changes happen all or not at all, and return what it returns.

        If the store outlives its process they are there for good when this returns or, where `when_kept` says so, a
        little later. An exception undoes them. What is put into the agenda of the store counts as a change.

        Args:
            work: reads and changes the store. It is called again where somebody else changed meanwhile what it read.
        """

    def afterwards(self, call: Callable[[], object]) -> None:
        """Do once, when the work under way is there for good, what is no change of the store; at once without one.

        Args:
            call: is not called where the work was undone; must not raise.
        """

    def when_kept(self, tell: Callable[[bool], None]) -> bool:
        """Have somebody told when all that was changed so far is there for good: nobody is answered before.

        Args:
            tell: is called once, with False where it cannot be, so that it was undone.

        Returns:
            False, without a call, where it is there for good already.
        """

    def keep(self) -> None:
        """Make all that was changed so far be there for good at once."""


class StoreAway(OSError):
    """A store cannot be reached for now, which is no mistake of the mock.

    Its words say which store, what is so and how to mend it, and hold no secret: clients are told them.
    """


class Topic(Enum):
    """What somebody is woken about."""

    RESULT = "result"
    DELIVERY = "delivery"

    __hash__ = object.__hash__


class Agenda(Protocol):
    """Wakes whoever looks after a thing when its time has come.

    An entry stays until it is dropped or put anew. If whoever was woken dies before that, somebody is woken again,
    where the agenda outlives its process: at least once, therefore, and by one at a time.
    """

    def attend(self, topic: Topic, wake: Callable[[Key], None]) -> None:
        """Say who is woken about a topic, before anything is put."""

    def put(self, topic: Topic, key: Key, at_ms: int) -> None:
        """Have somebody woken about a thing at a time of the mock's clock, or soon if it has passed.

        In place of the time that was set before. Does not wake within the call.
        """

    def take(self, topic: Topic, key: Key) -> bool:
        """Put a thing that is due now, and say whether the caller sees to it at once.

        Returns:
            True where it is the caller's, who is not woken; False where somebody is woken about it soon.
        """

    def drop(self, topic: Topic, key: Key) -> None:
        """Wake nobody about a thing any more."""


class Written(NamedTuple):
    """An entry of a ledger.

    Attributes:
        number: counts the entries from 1; never given twice.
        kind: what it is, as in "exchange".
        owner: digest of the key whose it is, or None.
        content: the entry itself.
    """

    number: int
    kind: str
    owner: str | None
    content: bytes


class Ledger(Protocol):
    """Keeps what happened, in order, for all who share a state. Of each kind the oldest go when there are too many."""

    def append(self, entries: Sequence[tuple[str, str | None, bytes]]) -> None:
        """Keep entries, each with its kind, its owner and its content."""

    def read(self, after: int) -> Sequence[Written]:
        """Return what is kept with a larger number, oldest first."""

    @property
    def last(self) -> int:
        """Number of the newest entry that there ever was, 0 before the first."""

    @property
    def is_shared(self) -> bool:
        """Whether others may be reading and writing it now."""

    def forget(self, owner: str | None) -> None:
        """Drop the entries of an owner, or all."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something to send.

    Attributes:
        method: "PUT" or "POST".
        url: the address, used byte for byte.
        body: what is sent.
        media_type: value of Content-Type.
        headers: further headers.
        deadline_s: longest time until the receiver has answered, in seconds of real time.
    """

    method: str
    url: str
    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    deadline_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a parcel.

    Attributes:
        parcel: what was sent.
        status: HTTP status of the receiver's answer, or None where there was none.
        problem: why it failed, or "".
        is_hopeless: whether it would fail again, however often it were sent.
        excerpt: beginning of the body of the answer.
        ms: how long it took, in real milliseconds. Equal deliveries may differ in it.
    """

    parcel: Parcel
    status: int | None
    problem: str = ""
    is_hopeless: bool = False
    excerpt: str = ""
    ms: float = field(default=0.0, compare=False)

    @property
    def is_delivered(self) -> bool:
        """Say whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


class Courier(Protocol):
    """Carries parcels to addresses that clients chose."""

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Send a parcel and say afterwards what became of it, once. Returns at once and never raises."""

    async def close(self) -> None:
        """Stop what is under way and let go of every connection."""


class NotAllowed(OSError):
    """The outbound policy forbids a connection.

    Attributes:
        reason: why, and what would open it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EACCES, reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class TooLarge(OSError):
    """A file is larger than it may be; the rest of it was not read."""


class Fetched(NamedTuple):
    """A file from an address that a client chose.

    Attributes:
        content: the file.
        media_type: what its server calls it, in lower case without parameters, or "".
    """

    content: bytes
    media_type: str


class Fetcher(Protocol):
    """Gets files from addresses that clients chose."""

    async def fetch(self, url: str, most_bytes: int, /) -> Fetched:
        """Get a file, within a deadline.

        Raises:
            NotAllowed: its address is not open.
            TooLarge: it has more bytes than it may.
            OSError: it did not arrive; says why.
        """
