"""What happens to a delivery that is owed: done, tried again at a time, or given up. Values and one pure function.

What each attempt meets is the courier's to find out; time comes as an argument, and chance from the task itself, so a
schedule is the same whenever and wherever it is worked out.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from mockserver.spec.deliveries import Manner

_RANGE = 2**48
#: From here on no exponent makes a wait longer, as every factor has passed every longest wait or is 1.
_MOST_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class Owed:
    """Something that a receiver is to get, as stored. Plain data only, so that any store can keep it.

    Attributes:
        kind: "webhook" or "upload".
        owner: digest of the API key whose task it is.
        task_uuid: the task, spelt as submitted.
        index: which of its results, 0 being the first.
        url: where to, byte for byte.
        body: what is sent; empty for an upload, whose file is made anew from the task.
        nonce: 16 bytes of the task, from which the jitter of the waits derives.
        at_ms: when it is due, as Unix time in milliseconds.
        answers: statuses that the receiver is taken to have answered to the first attempts, without being asked.
        attempt: the attempt that comes next or is under way, 1 being the first.
        copy: 0; counts up where the same is owed several times.
    """

    kind: str
    owner: str
    task_uuid: str
    index: int
    url: str
    body: bytes
    nonce: bytes
    at_ms: int = 0
    answers: tuple[int, ...] = ()
    attempt: int = 1
    copy: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Another attempt is due; carries what is owed then."""

    owed: Owed


@dataclass(frozen=True, slots=True)
class GivenUp:
    """There is no further attempt."""


Fate = Delivered | TryAgain | GivenUp


class Outcome(NamedTuple):
    """What an attempt came to.

    Attributes:
        is_delivered: whether the receiver took it.
        is_hopeless: whether another attempt would fail as well.
    """

    is_delivered: bool
    is_hopeless: bool = False


def fate(owed: Owed, outcome: Outcome, now_ms: int, manner: Manner, most_attempts: int) -> Fate:
    """Say what follows from an attempt.

    Args:
        owed: what was tried.
        outcome: what the attempt came to.
        now_ms: when it ended, as Unix time in milliseconds.
        manner: how long to wait between attempts.
        most_attempts: how often is tried, the first time included.
    """
    if outcome.is_delivered:
        return Delivered()
    if outcome.is_hopeless or owed.attempt >= most_attempts:
        return GivenUp()
    return TryAgain(replace(owed, attempt=owed.attempt + 1, at_ms=now_ms + wait_ms(owed, manner)))


def wait_ms(owed: Owed, manner: Manner) -> int:
    """Return how long to wait after an attempt that failed, in milliseconds.

    Source:
        schema/deliveries.json (observed, the jitter and its spread assumed)
    """
    doublings = min(owed.attempt - 1, _MOST_DOUBLINGS)
    longest = manner.longest_wait_ms
    even_ms = min(manner.first_wait_ms * manner.factor**doublings, longest)
    return min(round(even_ms * (1 + manner.jitter * (2 * _draw(owed) - 1))), longest)


def _draw(owed: Owed) -> float:
    """Return a number from 0 to 1, another one for each attempt."""
    about = f"{owed.index} {owed.copy} {owed.attempt}".encode()
    digest = blake2b(about, digest_size=6, key=owed.nonce, person=owed.kind.encode()).digest()
    return int.from_bytes(digest, "big") / _RANGE
