"""What was exchanged: every request with its answer, and every attempt to deliver something.

Nothing is decided here. To note a request costs little, as only references are kept; it is put into words when
somebody asks. Keys of the API never stay: a body that shows one is kept without it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from mockserver.ports import Clock

#: Longest text that is kept of what was sent; of a longer one, such as a picture in base64, the beginning is.
LONGEST_KEPT_TEXT = 4096
#: Bodies up to so many bytes are kept as they are; longer ones without their long texts.
MOST_KEPT_WHOLE = 256 * 1024
#: How many bytes of requests and answers a journal keeps; beyond them the oldest are dropped.
MOST_BYTES = 32 * 1024 * 1024
#: Only exchanges with a longer request or answer, in bytes, are weighed. So many thousand short ones fit.
LARGE = 16 * 1024
#: Outcomes of a request that showed a key in its body and went well.
_SHOWED_A_KEY = frozenset({"authenticated", "resumed"})
#: What lists of errors are called. Source: schema/dialect.json, socket-errors-key (stated)
_ERRORS = ("errors", "error")
#: Target of what answers no message of its own.
RESULTS = "results"
#: What stands where an API key was.
NO_KEY = "(an API key)"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        number: counts the entries of a journal from 1 in the order in which they came; never given twice.
        at_ms: when it was answered, as Unix time in milliseconds of the mock's clock.
        owner: digest of the API key, or None without a good one.
        transport: "http" or "websocket".
        target: path of the request, "socket", or "results" for results that an earlier message had waited for.
        status: HTTP status of the answer; 0 over WebSocket.
        tasks: the tasks as sent, without keys, long texts cut; empty for a body that could not be read.
        unread: beginning of a body that could not be read, or "".
        outcomes: a word for each task that was answered: "accepted", "success 1/1", the code of an error, "awaited".
        answers: the body of the answer; over WebSocket each frame.
        ms: time from the last byte in to the first byte out, in real milliseconds. Equal exchanges may differ in it.
    """

    number: int
    at_ms: int
    owner: str | None
    transport: str
    target: str
    status: int
    tasks: Sequence[Mapping[str, Any]]
    unread: str
    outcomes: Sequence[str]
    answers: Sequence[Mapping[str, Any]]
    ms: float = field(compare=False)

    @property
    def errors(self) -> Sequence[Mapping[str, Any]]:
        """Every error of the answer: violations with their parameter and pointer, and what else went wrong."""
        return [error for answer in self.answers for name in _ERRORS for error in answer.get(name, ())]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver something.

    Attributes:
        number: counts the entries of a journal, together with the exchanges.
        at_ms: when it ended, as Unix time in milliseconds of the mock's clock.
        owner: digest of the API key whose task it was.
        task_uuid: the task, spelt as submitted.
        index: which of its results, 0 being the first.
        kind: "webhook" or "upload".
        method: "POST" or "PUT".
        url: the address, byte for byte.
        attempt: 1 for the first, 2 for the first repetition.
        status: HTTP status of the receiver's answer, or None where there was none.
        excerpt: beginning of the body of its answer.
        problem: why it failed, or "".
        outcome: "delivered", "retry" or "given up".
        next_at_ms: when it is tried again, or None.
        ms: how long it took, in real milliseconds. Equal attempts may differ in it.
    """

    number: int
    at_ms: int
    owner: str
    task_uuid: str
    index: int
    kind: str
    method: str
    url: str
    attempt: int
    status: int | None
    excerpt: str
    problem: str
    outcome: str
    next_at_ms: int | None
    ms: float = field(compare=False)

    def numbered(self, number: int) -> "Attempt":
        """Return the same attempt under another number."""
        return replace(self, number=number)


Entry = Exchange | Attempt
See = Callable[[Entry], None]

#: An exchange as it is kept: the attributes of `Exchange` in its order, bytes in place of what they are put into.
#: A bare tuple, because the garbage collector soon stops looking at one that holds no containers.
Raw = tuple[int, int, str | None, str, str, int, bytes, str | tuple[str, ...], bytes | tuple[bytes, ...], float]


class Journal:
    """Keeps the last exchanges and the last attempts. For one thread at a time.

    Args:
        clock: says when things happened.
        most: how many exchanges, and how many attempts, are kept.
    """

    def __init__(self, clock: Clock, most: int) -> None:
        self._now_ms = clock.now_ms
        self._most = most
        self._number = 0
        self._exchanges: deque[Raw] = deque(maxlen=most)
        self._attempts: deque[Attempt] = deque(maxlen=most)
        self._watchers: dict[object, See] = {}

    def note(
        self,
        owner: str | None,
        transport: str,
        target: str,
        status: int,
        body: bytes,
        outcomes: str | tuple[str, ...],
        answer: bytes | tuple[bytes, ...],
        ms: float,
    ) -> None:
        """Keep an exchange. Costs about a microsecond.

        Args:
            owner: digest of the API key, or None.
            transport: "http" or "websocket".
            target: path of the request, "socket" or "results".
            status: HTTP status; 0 over WebSocket.
            body: the bytes as they came.
            outcomes: the outcome of each answer; a single one may stand alone.
            answer: body of the answer, or the frames.
            ms: how long it took, in milliseconds.
        """
        if status != 200 or type(outcomes) is tuple or outcomes in _SHOWED_A_KEY:
            body = _without_key(body)
        # What orjson makes holds 4 KiB, however short it is; a copy holds what it has.
        answer = b"%b" % answer if isinstance(answer, bytes) else tuple([b"%b" % frame for frame in answer])
        self._number = number = self._number + 1
        now_ms = self._now_ms()
        self._exchanges.append((number, now_ms, owner, transport, target, status, body, outcomes, answer, ms))
        if len(body) > LARGE or type(answer) is tuple or len(answer) > LARGE:
            self._weigh()
        if self._watchers:
            self._tell(put_into_words(self._exchanges[-1]))

    def _weigh(self) -> None:
        """Cut the newest exchange if it is long, and drop the oldest while all together are too long.

        Short ones alone cannot be, so nobody weighs them.
        """
        newest = self._exchanges[-1]
        if _size(newest) <= LARGE:
            return
        if len(newest[6]) > MOST_KEPT_WHOLE:
            self._exchanges[-1] = (*newest[:6], _cleaned(newest[6]), *newest[7:])
        sizes = [_size(raw) for raw in self._exchanges]
        total = sum(sizes)
        for size in sizes:
            if total <= MOST_BYTES:
                return
            self._exchanges.popleft()
            total -= size

    def note_attempt(self, **facts: Any) -> None:
        """Keep an attempt.

        Args:
            facts: the attributes of `Attempt`, all but its number and time.
        """
        self._number += 1
        attempt = Attempt(self._number, self._now_ms(), **facts)
        self._attempts.append(attempt)
        self._tell(attempt)

    def entries(self, owner: str | None = None, after: int = 0) -> Sequence[Entry]:
        """Return what is kept, oldest first.

        Args:
            owner: whose entries; of everybody unless given.
            after: only entries with a larger number.
        """
        exchanges: Iterable[Entry] = (put_into_words(raw) for raw in self._exchanges if raw[0] > after)
        attempts: Iterable[Entry] = (attempt for attempt in self._attempts if attempt.number > after)
        found = [entry for each in (exchanges, attempts) for entry in each if owner is None or entry.owner == owner]
        return sorted(found, key=lambda entry: entry.number)

    @property
    def last_number(self) -> int:
        """Number of the newest entry, 0 before the first."""
        return self._number

    def watch(self, see: See) -> Callable[[], None]:
        """Show every new entry to somebody, at once, until the returned function is called.

        Args:
            see: is called with the entry; must not raise.
        """
        watch = object()
        self._watchers[watch] = see
        return lambda: self._watchers.pop(watch, None) and None

    def forget(self, owner: str | None = None) -> None:
        """Drop the entries of an owner, or all. Their numbers are not given again."""
        if owner is None:
            self._exchanges.clear()
            self._attempts.clear()
        else:
            self._exchanges = deque([raw for raw in self._exchanges if raw[2] != owner], maxlen=self._most)
            kept = [attempt for attempt in self._attempts if attempt.owner != owner]
            self._attempts = deque(kept, maxlen=self._most)

    def _tell(self, entry: Entry) -> None:
        for see in tuple(self._watchers.values()):
            see(entry)


def shortened(value: Any) -> Any:
    """Return a JSON value with its long texts and names cut."""
    if isinstance(value, str) and len(value) > LONGEST_KEPT_TEXT:
        return f"{value[:64]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        return {shortened(name): shortened(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shortened(member) for member in value]
    return value


def _size(raw: Raw) -> int:
    _, _, _, _, _, _, body, _, answer, _ = raw
    frames = (answer,) if isinstance(answer, bytes) else answer
    return len(body) + sum([len(frame) for frame in frames])


def put_into_words(raw: Raw) -> Exchange:
    """Return an exchange as it is shown."""
    number, at_ms, owner, transport, target, status, body, outcomes, answer, ms = raw
    tasks = _tasks(body)
    frames = (answer,) if isinstance(answer, bytes) else answer
    return Exchange(
        number,
        at_ms,
        owner,
        transport,
        target,
        status,
        tasks or [],
        body[:200].decode(errors="replace") if tasks is None else "",
        (outcomes,) if isinstance(outcomes, str) else outcomes,
        [orjson.loads(frame) for frame in frames],
        ms,
    )


def _tasks(body: bytes) -> Sequence[Mapping[str, Any]] | None:
    """Return the tasks of a body without keys, or None where it is no list of objects."""
    try:
        tasks = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        return None
    return [shortened({name: NO_KEY if name == "apiKey" else task[name] for name in task}) for task in tasks]


def _without_key(body: bytes) -> bytes:
    """Return a body as it is, or cleaned if it might show a key, however its name is spelt."""
    return _cleaned(body) if b"apiKey" in body or b"\\u00" in body else body


def _cleaned(body: bytes) -> bytes:
    """Return a body without keys and long texts."""
    tasks = _tasks(body)
    return b"(not kept)" if tasks is None else orjson.dumps(tasks)
