"""What is owed to receivers: each attempt, the waits between them, and the end of each delivery.

What follows from an attempt is decided by `engine.deliveries`; here it is carried out: kept in the store until it is
over, sent by the courier, timed by the clock, noted in the journal.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from mockserver.engine.deliveries import Delivered, Fate, GivenUp, Outcome, Owed, TryAgain, fate
from mockserver.journal import Journal
from mockserver.ports import UNSETTLED_MS, Agenda, Clock, Courier, Delivery, Entry, Key, Parcel, Shelf, Store, Topic
from mockserver.spec.deliveries import Manner

#: How many deliveries may be owed at a time, unless told otherwise.
MOST_OWED = 100_000

#: Bytes and media type of a file, or None where there is none.
Content = tuple[bytes, str] | None
#: Gets the file of an upload and hands it over once: at once, or later from the event loop of the call.
Fetch = Callable[[Owed, Callable[[Content], None]], None]
#: Is told that a delivery is over, and whether the receiver has it.
Over = Callable[[Owed, bool], None]

#: How long after a failure something is done again, in milliseconds: at first, and after many of them.
AGAIN_MS, MOST_AGAIN_MS = 1000, 60_000

#: Name of the counter of what is owed to the receivers of a key's tasks, and of its place.
_OWED = "owed"
_METHODS: Mapping[str, str] = {"webhook": "POST", "upload": "PUT"}
_WORDS: Mapping[type[Fate], str] = {Delivered: "delivered", TryAgain: "retry", GivenUp: "given up"}


def insist(clock: Clock, work: Callable[[], None], wait_ms: int = AGAIN_MS) -> None:
    """Do something that nobody would ask for a second time: if it fails, again after a while, and so on.

    What fails here is never a receiver but the store, as when a disk is full.

    Raises:
        Exception: what it failed with, so that it is told of.
    """
    try:
        work()
    except Exception:
        again = partial(insist, clock, work, min(2 * wait_ms, MOST_AGAIN_MS))
        clock.call_at(clock.now_ms() + wait_ms, again)
        raise


class Dispatch:
    """Delivers what is owed. For one thread at a time; nothing in it blocks.

    Args:
        store: keeps what is owed until it is over.
        agenda: wakes when an attempt is due.
        clock: tells the time.
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
        outcomes: how many attempts ended so, by kind and outcome.
    """

    def __init__(
        self,
        store: Store,
        agenda: Agenda,
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
        self._agenda = agenda
        self._clock = clock
        self.courier = courier
        self._journal = journal
        self._manners = manners
        self._most_attempts = most_attempts
        self._fetch = fetch
        self._over = over
        self._log = log
        self._most_owed = most_owed
        self.outcomes: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._is_over = False
        self._waiting: list[Callable[[], None]] = []
        #: Attempts that have begun here and not ended. What was forgotten may be owed anew: another object then.
        self._trying: dict[Key, Owed] = {}
        agenda.attend(Topic.DELIVERY, self._due)

    @property
    def owed(self) -> int:
        """How many deliveries are not over."""
        return self._store.count(Shelf.DELIVERIES)

    def owed_by(self, owner: str) -> int:
        """Return how many deliveries are not over of an owner's tasks."""
        counters: Mapping[str, int] = self._store.get(Shelf.COUNTS, (owner, _OWED)) or {}
        return counters.get(_OWED, 0)

    @property
    def under_way(self) -> int:
        """How many attempts have begun and not ended."""
        return len(self._trying)

    def owe(self, owed: Owed) -> None:
        """Deliver something: at once, or when its time has come. What is owed already is then owed twice."""
        while self._store.get(Shelf.DELIVERIES, key_of(owed)) is not None:
            owed = replace(owed, copy=owed.copy + 1)
        if self.owed >= self._most_owed:
            self._conclude(owed, Delivery(self._parcel(owed, None), None, "too many deliveries are owed", True))
            return
        self._count(owed.owner, 1)
        self._plan(owed)

    def forget(self, owner: str | None = None) -> None:
        """Owe nothing any more to the receivers of an owner's tasks, or of all; attempts under way end unnoticed."""
        for key in [key for key, _ in self._store.scan(Shelf.DELIVERIES) if owner in (None, key[0])]:
            self._drop(key)
        self._trying = {key: owed for key, owed in self._trying.items() if owner not in (None, key[0])}
        self._rest()

    def stop(self) -> None:
        """Begin no attempt any more and draw no conclusions: what is owed stays owed, for whoever comes next."""
        self._is_over = True

    def when_idle(self, call: Callable[[], None]) -> None:
        """Call somebody as soon as no attempt is under way: now, if none is."""
        if self._trying:
            self._waiting.append(call)
        else:
            call()

    def _plan(self, owed: Owed) -> None:
        key = key_of(owed)
        self._store.put(Shelf.DELIVERIES, key, Entry(owed, UNSETTLED_MS, len(owed.body)))
        if owed.at_ms > self._clock.now_ms():
            self._agenda.put(Topic.DELIVERY, key, owed.at_ms)
        elif self._agenda.take(Topic.DELIVERY, key):
            self._try(key, owed)

    def _due(self, key: Key) -> None:
        """An attempt is due."""
        insist(self._clock, partial(self._begin, key))

    def _begin(self, key: Key) -> None:
        """Begin an attempt, unless it has begun or the delivery is over."""
        owed: Owed | None = self._store.get(Shelf.DELIVERIES, key)
        if owed is None:
            self._agenda.drop(Topic.DELIVERY, key)
        elif key not in self._trying and not self._is_over:
            self._try(key, owed)

    def _drop(self, key: Key) -> None:
        self._count(key[0], -1)
        self._agenda.drop(Topic.DELIVERY, key)
        self._store.drop(Shelf.DELIVERIES, key)

    def _try(self, key: Key, owed: Owed) -> None:
        self._trying[key] = owed
        try:
            if owed.kind == "webhook":
                self._send(owed, (owed.body, "application/json"))
            else:
                self._fetch(owed, partial(self._send, owed))
        except Exception:
            self._trying.pop(key, None)
            raise

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
        insist(self._clock, partial(self._end, owed, delivery))

    def _end(self, owed: Owed, delivery: Delivery) -> None:
        """Do what follows from an attempt, unless what is owed was forgotten meanwhile."""
        key = key_of(owed)
        if self._trying.get(key) is not owed or self._is_over:
            return
        del self._trying[key]
        try:
            self._store.together(partial(self._conclude_if_owed, owed, delivery))
        except Exception:
            self._trying[key] = owed
            raise
        self._rest()

    def _rest(self) -> None:
        """Call whoever waits for the last attempt to end."""
        while self._waiting and not self._trying:
            self._waiting.pop(0)()

    def _conclude_if_owed(self, owed: Owed, delivery: Delivery) -> None:
        """Do what follows from an attempt, unless somebody else forgot it, or has seen to it meanwhile."""
        key = key_of(owed)
        kept: Owed | None = self._store.get(Shelf.DELIVERIES, key)
        if kept == owed:
            self._conclude(owed, delivery)
        elif kept is not None:
            # It may have rung while this attempt was thought to be under way.
            self._agenda.put(Topic.DELIVERY, key, kept.at_ms)

    def _conclude(self, owed: Owed, delivery: Delivery) -> None:
        """Do what follows from an attempt."""
        outcome = Outcome(delivery.is_delivered, delivery.is_hopeless)
        most = self._most_attempts[owed.kind]
        after = fate(owed, outcome, self._clock.now_ms(), self._manners[owed.kind], most)
        self._store.afterwards(partial(self._note, owed, delivery, after))
        if isinstance(after, TryAgain):
            self._plan(after.owed)
            return
        if self._store.get(Shelf.DELIVERIES, key_of(owed)) is not None:
            self._drop(key_of(owed))
        self._over(owed, delivery.is_delivered)

    def _count(self, owner: str, more: int) -> None:
        """Count what is owed to the receivers of an owner's tasks, by whomever it is seen to."""
        self._store.add(Shelf.COUNTS, (owner, _OWED), ((_OWED, more),), self._clock.now_ms())

    def _note(self, owed: Owed, delivery: Delivery, after: Fate) -> None:
        next_at_ms = after.owed.at_ms if isinstance(after, TryAgain) else None
        self.outcomes[owed.kind, _WORDS[type(after)]] += 1
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
