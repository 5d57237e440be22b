"""What a fault is: a value with one pure method for each point at which something can go wrong.

Every method gets what would happen and returns what happens instead; a fault has those of the points that it touches.
How often a fault hits, on which tasks and with what probability is the business of rules (`mockserver.scenario`); who
calls the methods, and when, is `mockserver.plans`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar

from mockserver.engine.values import Task
from mockserver.wire import Answer


class Moment(Enum):
    """When a fault can act."""

    SUBMIT = "submit"
    POLL = "poll"
    WEBHOOK = "webhook"
    UPLOAD = "upload"
    DOWNLOAD = "download"


class End(Enum):
    """How the sending of an answer ends."""

    WHOLE = "as it should"
    UNSENT = "the connection breaks in place of the answer"
    CUT = "the connection breaks in the middle of the answer"
    SENT = "the connection breaks after the answer"
    NEVER = "nothing is sent, and the connection stays open"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An HTTP answer on its way out.

    Attributes:
        status: HTTP status.
        body: what it holds.
        media_type: value of Content-Type.
        headers: further headers.
        delay_ms: how long nothing is sent first, in milliseconds.
        bytes_per_s: how fast the body is sent, or 0 for as fast as it can be.
        end: how it ends.
        cut_at: after how many bytes of the body it is cut.
        is_orderly: whether a connection that breaks is closed (FIN) rather than reset (RST).
    """

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay_ms: int = 0
    bytes_per_s: int = 0
    end: End = End.WHOLE
    cut_at: int = 0
    is_orderly: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A WebSocket message on its way out.

    Attributes:
        payload: what it holds.
        delay_ms: how long it is kept back after the one before it, in milliseconds.
        pieces: in how many WebSocket fragments it is sent.
        is_binary: whether it is sent as a binary message.
        is_overtaken: whether the next message of the connection goes out before it, whatever that belongs to.
    """

    payload: bytes
    delay_ms: int = 0
    pieces: int = 1
    is_binary: bool = False
    is_overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Frames:
    """What one answer sends over a WebSocket.

    Attributes:
        frames: the messages, in order.
        end: how it ends; a message that is cut is the first.
        is_orderly: whether a connection that breaks is closed with a close frame rather than reset (RST).
    """

    frames: tuple[Frame, ...]
    end: End = End.WHOLE
    is_orderly: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook or an upload that is due.

    Attributes:
        task: whose it is.
        index: of which result, 0 being the first.
        delay_ms: how long it is kept back, in milliseconds.
        copies: how often it is sent; 0 for never.
        answers: statuses that its receiver is taken to have answered to the first attempts, without being asked.
    """

    task: Task
    index: int
    delay_ms: int = 0
    copies: int = 1
    answers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way out.

    Attributes:
        delay_ms: how long nothing is sent first, in milliseconds.
        bytes_per_s: how fast it is sent, or 0 for as fast as it can be.
        cut_at: after what part of its bytes the connection breaks, from 0 to 1; 1 for not at all.
        is_corrupt: whether its bytes are other ones of the same number.
        error: name of the error that is answered in its place, or "".
    """

    delay_ms: int = 0
    bytes_per_s: int = 0
    cut_at: float = 1.0
    is_corrupt: bool = False
    error: str = ""


class Fault:
    """What all faults have in common: nothing goes wrong.

    A fault says in its first sentence what happens, and in the others what a good client does about it.
    """

    __slots__ = ()

    #: When it acts. One that acts on submissions and polls alike and shapes the task itself acts on `SUBMIT`.
    moments: ClassVar[frozenset[Moment]]
    #: How often it hits one task unless a rule says otherwise; None for always.
    times: ClassVar[int | None] = None
    #: Which requests it hits unless a rule says otherwise, where it spoils answers: "submit", "poll" or "any".
    on: ClassVar[str] = ""

    def refuse(self) -> str | None:
        """Return the name of the error with which the request is refused before anything is done, or None."""
        return None

    def hold_ms(self, size_bytes: int) -> int:
        """Return how many milliseconds the request needs to arrive.

        Args:
            size_bytes: length of its body.
        """
        del size_bytes
        return 0

    def shape(self, task: Task) -> Task:
        """Return the task as it is taken on."""
        return task

    def view(self, task: Task, now_ms: int) -> tuple[Task, int]:
        """Return the task and the time as a poll sees them."""
        return task, now_ms

    def word(self, answer: Answer) -> Answer:
        """Return the answer in other words."""
        return answer

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Return the HTTP answer as it goes out."""
        return outgoing

    def disturb(self, frames: Frames) -> Frames:
        """Return what goes out over a WebSocket."""
        return frames

    def carry(self, letter: Letter) -> Letter:
        """Return the webhook or upload as it goes out."""
        return letter

    def serve(self, download: Download) -> Download:
        """Return the file as it goes out."""
        return download


#: Moments of faults that shape the task; what they did is seen on every answer about it.
TASK = frozenset({Moment.SUBMIT})
#: Moments of faults that spoil answers.
ANSWER = frozenset({Moment.SUBMIT, Moment.POLL})


def setting(default: Any, about: str, *, least: float = 0, most: float = 2**31, choices: tuple[str, ...] = ()) -> Any:
    """Return the field of a fault's dataclass that holds a setting.

    Args:
        default: its value unless told otherwise; its type is the setting's.
        about: what it means, with its unit.
        least: smallest number.
        most: largest number.
        choices: the values of a text that has only some; empty for the name of an error.
    """
    return field(default=default, metadata={"about": about, "least": least, "most": most, "choices": choices})


def each_frame(frames: Frames, **changes: Any) -> Frames:
    """Return frames with every message changed alike."""
    return replace(frames, frames=tuple(replace(frame, **changes) for frame in frames.frames))


def with_header(outgoing: Outgoing, name: str, value: str) -> Outgoing:
    """Return an HTTP answer with a header, in place of one of that name: each task of a request may have a fault."""
    others = tuple(each for each in outgoing.headers if each[0].lower() != name.lower())
    return replace(outgoing, headers=(*others, (name, value)))


#: Faults by name.
Faults = Mapping[str, type[Fault]]
