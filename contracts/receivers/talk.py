"""What is delivered to a receiver and what it answers: values that duties of receivers are held against."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from mockserver.ports import Delivery

WEBHOOK, UPLOAD = "webhook", "upload"


class Kind(Enum):
    """Why something is delivered."""

    PLAIN = "plain"
    OPTIONAL = "optional members"
    UNKNOWN = "unknown members"
    NUMBERS = "numbers"
    AGAIN = "again"
    SEVERAL = "several results"
    FAILURE = "failure"
    MIXED = "results and failures"
    BESIDE = "result beside error"
    TEXTS = "texts"
    FORMAT = "other formats"
    LARGE = "large"
    AT_ONCE = "at once"
    AGAIN_AT_ONCE = "again at once"
    SLOW_VIDEO = "slow video"
    GARBAGE = "garbage"
    CUT = "cut off"
    PULSE = "afterwards"
    STRANGER = "without the secret"
    KEPT = "what is kept"


@dataclass(frozen=True, slots=True)
class Probe:
    """One delivery that is to be made.

    Attributes:
        kind: why.
        about: what it is, as in "the same result again".
        body: what is sent.
        media_type: value of Content-Type.
        url: where to, where that is not the receiver's address, or "".
        is_cut: whether the connection breaks off in the middle of the body.
    """

    kind: Kind
    about: str
    body: bytes = field(repr=False)
    media_type: str = "application/json"
    url: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Deliveries that are made together.

    Attributes:
        probes: the deliveries; several go out at once.
        needs: kinds that a receiver must have taken, each time, or this would tell nothing new.
        is_vital: whether nothing else tells anything where these are not taken.
        is_rough: whether a plain delivery follows, to see that the receiver is still there.
    """

    probes: Sequence[Probe]
    needs: frozenset[Kind] = frozenset()
    is_vital: bool = False
    is_rough: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One delivery and what became of it.

    Attributes:
        probe: what was to be delivered.
        delivery: what became of it.
        before: what stood at the address before something was delivered, where what stands there now is compared.
    """

    probe: Probe
    delivery: Delivery = field(repr=False)
    before: str = field(default="", repr=False)

    @property
    def is_taken(self) -> bool:
        """Say whether the receiver has it."""
        return self.delivery.is_delivered

    @property
    def is_answered(self) -> bool:
        """Say whether any answer came."""
        return self.delivery.status is not None

    @property
    def is_late(self) -> bool:
        """Say whether the whole time passed without an answer."""
        return not self.is_answered and self.delivery.ms >= self.delivery.parcel.deadline_s * 1000 * _NEARLY

    @property
    def outcome(self) -> str:
        """What became of it, in a few words."""
        status = self.delivery.status
        return f"answered {status}" if status is not None else self.delivery.problem


#: Two clocks may differ a little in what they make of a deadline.
_NEARLY = 0.99


@dataclass(frozen=True, slots=True)
class Talk:
    """Everything that was delivered to a receiver, in order.

    Attributes:
        receiver: "webhook" or "upload".
        url: its address.
        turns: the deliveries and what became of them.
        ended: why it ended before its time, or "".
        took_s: how long it took, in seconds.
    """

    receiver: str
    url: str
    turns: Sequence[Turn]
    ended: str = ""
    took_s: float = 0.0

    def of(self, *kinds: Kind) -> list[Turn]:
        """Return the turns of some kinds."""
        return [turn for turn in self.turns if turn.probe.kind in kinds]


def takes(turns: Sequence[Turn], kind: Kind) -> bool:
    """Say whether a kind was delivered and taken each time."""
    found = [turn.is_taken for turn in turns if turn.probe.kind is kind]
    return bool(found) and all(found)
