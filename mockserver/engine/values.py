"""The words of the task life cycle: what is stored, what may happen, what is answered, what is left to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple


class Status(Enum):
    """How far one result, or a whole task, has come. The values are the API's words; "uploading" never leaves us."""

    PROCESSING = "processing"
    UPLOADING = "uploading"
    SUCCESS = "success"
    ERROR = "error"

    #: Members are unique, so identity will do; the default hashes their names, in Python.
    __hash__ = object.__hash__


class Planned(NamedTuple):
    """A fault that is to hit a task, as plain data.

    Attributes:
        fault: its name, a key of `mockserver.faults.FAULTS`.
        settings: what differs from its defaults, as pairs of name and value.
        times: how often it hits the task, or None for always.
        skip: how many chances it lets pass first.
        on: which requests it hits, where it spoils answers: "submit", "poll" or "any"; "" as the fault has it.
    """

    fault: str
    settings: tuple[tuple[str, Any], ...] = ()
    times: int | None = None
    skip: int = 0
    on: str = ""


class Task(NamedTuple):
    """An accepted task, as stored. Plain data only, so that any store can keep it.

    Attributes:
        owner: who submitted it; a digest of the API key.
        uuid: its taskUUID, spelt as submitted.
        task_type: its taskType.
        air: identifier of the model.
        params: the request as kept.
        origin: scheme and authority under which the client reached the mock, for addresses in answers.
        submitted_at_ms: Unix time in milliseconds.
        due_at_ms: when each result is ready, ascending.
        nonce: 16 bytes from which the results' UUIDs and seeds derive.
        cost_micro_usd: price of each result, in millionths of a US dollar.
        failure: name of the error that results end with, or None.
        outcomes: what became of each result so far. Counts only for attended tasks; for the others time tells.
        is_attended: whether something must be sent when a result is ready, so that a timer waits for it.
        is_delivered: whether the results were handed over with the submission; then polls do not find the task.
        weight: roughly how many bytes it takes.
        pictures: what the video shows at its ends: the frame (0 the first, -1 the last) and the digest under which
            the picture is kept, ordered as the frames are.
        failing: positions of the results that end with the failure, where there is one; empty for all.
        faults: what else goes wrong on its way.
        is_flagged: whether the check of its content finds something.
    """

    owner: str
    uuid: str
    task_type: str
    air: str
    params: Mapping[str, Any]
    origin: str
    submitted_at_ms: int
    due_at_ms: tuple[int, ...]
    nonce: bytes
    cost_micro_usd: int
    failure: str | None
    outcomes: tuple[Status, ...]
    is_attended: bool = False
    is_delivered: bool = False
    weight: int = 0
    pictures: tuple[tuple[int, str], ...] = ()
    failing: tuple[int, ...] = ()
    faults: tuple[Planned, ...] = ()
    is_flagged: bool = False

    def fails(self, index: int) -> bool:
        """Say whether a result ends with the failure."""
        return self.failure is not None and (not self.failing or index in self.failing)


class Result(NamedTuple):
    """What one result of a task is known by.

    Attributes:
        video_uuid: its own UUID.
        seed: what it was made from, 1 to 2147483647; differs between the results of one task.
    """

    video_uuid: str
    seed: int


# Commands: what happens to a task.


@dataclass(frozen=True, slots=True)
class Submit:
    """A client hands in a task, already found good. Carries the task as it will be stored."""

    task: Task


@dataclass(frozen=True, slots=True)
class Poll:
    """A client asks how far its task is."""


@dataclass(frozen=True, slots=True)
class Describe:
    """A client asks for the archived task."""


@dataclass(frozen=True, slots=True)
class Ripen:
    """The clock says that a result is ready."""

    index: int


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The upload of a result is over.

    Attributes:
        index: of which result.
        failure: name of the error that the result ends with for it, or None where it counts.
    """

    index: int
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Deliver:
    """A synchronous submission takes the finished results with it."""


Command = Submit | Poll | Describe | Ripen | Uploaded | Deliver


# Replies: what the caller learns.


@dataclass(frozen=True, slots=True)
class Accepted:
    """The task was taken on."""

    task: Task


@dataclass(frozen=True, slots=True)
class Reported:
    """This is how far each result of the task is, in stable order."""

    task: Task
    statuses: tuple[Status, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The command cannot be carried out; the name of the error and the task that is in the way, if any."""

    error: str
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """Nobody waits for an answer to this command."""


Reply = Accepted | Reported | Rejected | Noted


# Effects: what is left to carry out.


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send Ripen for a result when the clock gets there."""

    at_ms: int
    index: int


@dataclass(frozen=True, slots=True)
class PutMedia:
    """Upload the file of a result, then send Uploaded."""

    url: str
    index: int


@dataclass(frozen=True, slots=True)
class PostWebhook:
    """Tell the webhook about a result that ended."""

    url: str
    index: int


Effect = WakeAt | PutMedia | PostWebhook


class Step(NamedTuple):
    """What one command did: the task after it, the answer, and what is left to carry out."""

    task: Task | None
    reply: Reply
    effects: tuple[Effect, ...] = ()
