"""What was asked of a server and what it answered: values that duties of servers are held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import orjson

from contracts.recording import Json, objects_at


class Kind(Enum):
    """Why something is asked."""

    MISTAKE = "a task with one mistake"
    NO_KEY = "a task without a key"
    BROKEN = "a body that is no JSON"
    UNKNOWN = "a poll of a task that was never handed in"
    FREE = "a task that costs nothing"
    SUBMIT = "a good task"
    AGAIN = "the same task again"
    POLL = "a poll of the good task"


@dataclass(frozen=True)
class Turn:
    """One request and its answer.

    Attributes:
        kind: why it was asked.
        about: what is particular about it, as in "maximum of /numberResults".
        body: the bytes that were sent.
        codes: error codes of which one is due; empty where none is.
        status: HTTP status; 0 where no answer came.
        media_type: of the answer, without parameters.
        answer: its body.
        problem: why no answer came, or "".
        at_ms: when it was asked, in milliseconds from the beginning.
    """

    kind: Kind
    about: str
    body: bytes
    codes: frozenset[str] = frozenset()
    status: int = 0
    media_type: str = ""
    answer: bytes = b""
    problem: str = ""
    at_ms: int = 0

    @cached_property
    def task(self) -> Json:
        """The task that was sent, or nothing."""
        document = _parsed(self.body)
        first = document[0] if isinstance(document, list) and document else document
        return first if isinstance(first, dict) else {}

    @cached_property
    def document(self) -> Any:
        """The answer as JSON, or None where it is none."""
        return _parsed(self.answer)

    @property
    def items(self) -> Sequence[Json]:
        """What stands under `data`."""
        return objects_at(self.document, "data")

    @property
    def errors(self) -> Sequence[Json]:
        """What stands under `errors`."""
        return objects_at(self.document, "errors")

    @property
    def is_refusal_due(self) -> bool:
        """Say whether only an error is a right answer."""
        return self.kind in (Kind.MISTAKE, Kind.NO_KEY, Kind.BROKEN, Kind.UNKNOWN, Kind.AGAIN)


@dataclass(frozen=True)
class Talk:
    """Everything that was asked of a server, in order.

    Attributes:
        turns: the requests and answers.
    """

    turns: Sequence[Turn]

    def of(self, *kinds: Kind) -> list[Turn]:
        """Return the turns of some kinds that were answered."""
        return [turn for turn in self.turns if turn.kind in kinds and turn.status]


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
