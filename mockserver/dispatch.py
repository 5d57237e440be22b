"""What is owed to receivers: each attempt, the waits between them, and the end of each delivery.

What follows from an attempt is decided by `engine.deliveries`; here it is carried out: kept in the store until it is
over, sent by the courier, timed by the clock, noted in the journal.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from mockserver.engine.deliveries import Delivered, Fate, GivenUp, Outcome, Owed, TryAgain, fate
from mockserver.journal import Journal
from mockserver.ports import UNSETTLED_MS, Clock, Courier, Delivery, Entry, Key, Parcel, Shelf, Store
from mockserver.spec.deliveries import Manner

#: How many deliveries may be owed at a time, unless told otherwise.
MOST_OWED = 100_000

#: Bytes and media type of a file, or None where there is none.
Content = tuple[bytes, str] | None
#: Gets the file of an upload and hands it over once: at once, or later from the event loop of the call.
Fetch = Callable[[Owed, Callable[[Content], None]], None]
#: Is told that a delivery is over, and whether the receiver has it.
Over = Callable[[Owed, bool], None]

_METHODS: Mapping[str, str] = {"webhook": "POST", "upload": "PUT"}
_WORDS: Mapping[type[Fate], str] = {Delivered: "delivered", TryAgain: "retry", GivenUp: "given up"}


class Dispatch:
    """Delivers what is owed. For one thread at a time; nothing in it blocks.

    Args:
        store: keeps what is owed until it is over.
        clock: times the attempts.
        courier: makes them.
        journal: notes them, or None.
        manners: how each kind of delivery is made.
        most_attempts: how often each kind is tried.
        fetch: gets the files of uploads.
        over: is told when a delivery is over.
        log: is told, in a sentence, of attempts that failed.
        most_owed: how many deliveries may be owed at a time; further ones are given up at once.

    Attributes:
        courier: makes the attempts.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        courier: Courier,
        journal: Journal | None,
        manners: Mapping[str, Manner],
        most_attempts: Mapping[str, int],
        fetch: Fetch,
        over: Over,
        log: Callable[[str], None],
        most_owed: int = MOST_OWED,
    ) -> None:
        self._store = store
        self._clock = clock
        self.courier = courier
        self._journal = journal
        self._manners = manners
        self._most_attempts = most_attempts
        self._fetch = fetch
        self._over = over
        self._log = log
        self._most_owed = most_owed
        #: What is owed, with what cancels its timer.
        self._owed: dict[Key, Callable[[], None]] = {}
        #: How much of it is owed to the receivers of each owner's tasks.
        self._shares: Counter[str] = Counter()
        self._waiting: list[Callable[[], None]] = []
        #: Attempts that have begun and not ended, each by its identity: what was forgotten may be owed anew.
        self._trying: dict[int, Owed] = {}

    @property
    def owed(self) -> int:
        """How many deliveries are not over."""
        return len(self._owed)

    def owed_by(self, owner: str) -> int:
        """Return how many deliveries are not over of an owner's tasks."""
        return self._shares[owner]

    @property
    def under_way(self) -> int:
        """How many attempts have begun and not ended."""
        return len(self._trying)

    def owe(self, owed: Owed) -> None:
        """Deliver something: at once, or when its time has come. What is owed already is then owed twice."""
        while key_of(owed) in self._owed:
            owed = replace(owed, copy=owed.copy + 1)
        if len(self._owed) >= self._most_owed:
            self._conclude(owed, Delivery(self._parcel(owed, None), None, "too many deliveries are owed", True))
            return
        self._plan(owed)

    def forget(self, owner: str | None = None) -> None:
        """Owe nothing any more to the receivers of an owner's tasks, or of all; attempts under way end unnoticed."""
        for key in [key for key in self._owed if owner in (None, key[0])]:
            self._settle(key)()
            self._store.drop(Shelf.DELIVERIES, key)
        self._trying = {place: owed for place, owed in self._trying.items() if owner not in (None, owed.owner)}
        self._rest()

    def when_idle(self, call: Callable[[], None]) -> None:
        """Call somebody as soon as no attempt is under way: now, if none is."""
        if self._trying:
            self._waiting.append(call)
        else:
            call()

    def _plan(self, owed: Owed) -> None:
        key = key_of(owed)
        self._store.put(Shelf.DELIVERIES, key, Entry(owed, UNSETTLED_MS, len(owed.body)))
        if key not in self._owed:
            self._shares[owed.owner] += 1
        self._owed[key] = _do_nothing
        if owed.at_ms <= self._clock.now_ms():
            self._try(owed)
        else:
            self._owed[key] = self._clock.call_at(owed.at_ms, partial(self._try, owed))

    def _try(self, owed: Owed) -> None:
        self._trying[id(owed)] = owed
        if owed.kind == "webhook":
            self._send(owed, (owed.body, "application/json"))
        else:
            self._fetch(owed, partial(self._send, owed))

    def _send(self, owed: Owed, content: Content) -> None:
        parcel = self._parcel(owed, content)
        if owed.attempt <= len(owed.answers):
            status = owed.answers[owed.attempt - 1]
            self._ended(owed, Delivery(parcel, status, f"the receiver is taken to have answered {status}"))
        elif content is None:
            problem = f"there is no clip of the size, duration and format of {owed.task_uuid}"
            self._ended(owed, Delivery(parcel, None, problem, True))
        else:
            self.courier.send(parcel, partial(self._ended, owed))

    def _parcel(self, owed: Owed, content: Content) -> Parcel:
        manner = self._manners[owed.kind]
        body, media_type = content or (b"", "")
        headers = manner.headers_for(owed.url)
        return Parcel(_METHODS[owed.kind], owed.url, body, media_type, headers, manner.deadline_s)

    def _ended(self, owed: Owed, delivery: Delivery) -> None:
        """An attempt ended."""
        if self._trying.pop(id(owed), None) is not None:
            self._conclude(owed, delivery)
            self._rest()

    def _rest(self) -> None:
        """Call whoever waits for the last attempt to end."""
        while self._waiting and not self._trying:
            self._waiting.pop(0)()

    def _conclude(self, owed: Owed, delivery: Delivery) -> None:
        """Do what follows from an attempt."""
        outcome = Outcome(delivery.is_delivered, delivery.is_hopeless)
        most = self._most_attempts[owed.kind]
        after = fate(owed, outcome, self._clock.now_ms(), self._manners[owed.kind], most)
        self._note(owed, delivery, after)
        if isinstance(after, TryAgain):
            self._plan(after.owed)
            return
        key = key_of(owed)
        self._settle(key)
        self._store.drop(Shelf.DELIVERIES, key)
        self._over(owed, delivery.is_delivered)

    def _settle(self, key: Key) -> Callable[[], None]:
        """Owe something no longer, if it is owed; return what cancels its timer."""
        cancel = self._owed.pop(key, None)
        if cancel is None:
            return _do_nothing
        owner = key[0]
        self._shares[owner] -= 1
        if not self._shares[owner]:
            del self._shares[owner]
        return cancel

    def _note(self, owed: Owed, delivery: Delivery, after: Fate) -> None:
        next_at_ms = after.owed.at_ms if isinstance(after, TryAgain) else None
        if self._journal is not None:
            self._journal.note_attempt(
                owner=owed.owner,
                task_uuid=owed.task_uuid,
                index=owed.index,
                kind=owed.kind,
                method=delivery.parcel.method,
                url=owed.url,
                attempt=owed.attempt,
                status=delivery.status,
                excerpt=delivery.excerpt,
                problem=delivery.problem,
                outcome=_WORDS[type(after)],
                next_at_ms=next_at_ms,
                ms=delivery.ms,
            )
        if not delivery.is_delivered:
            target = owed.url.partition("?")[0]
            said = f"task {owed.task_uuid[:8]}: {delivery.parcel.method} {target} failed: {delivery.problem}"
            if next_at_ms is not None:
                said += f"; attempt {owed.attempt + 1} in {(next_at_ms - self._clock.now_ms()) / 1000:.1f} s"
            elif owed.attempt > 1:
                said += f"; given up after {owed.attempt} attempts"
            self._log(said)


def key_of(owed: Owed) -> Key:
    """Return the name under which a store keeps what is owed."""
    return (owed.owner, owed.task_uuid.lower(), owed.kind, str(owed.index), owed.nonce.hex(), str(owed.copy))


def _do_nothing() -> None:
    """Stand in for a timer that is not running."""
