"""What a check is: a duty of clients, and a pure function from a recording to what breaks it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.recording import Recording

MUST, SHOULD = "must", "should"


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a duty.

    Attributes:
        said: what is wrong, in a sentence that names values.
        exchange: number of the exchange in which it is seen; 0 where it is seen in the outcome.
        sent: what was sent or reported, if one value is to blame.
        required: what it should have been.
        place: where that value stands, or should: a JSON Pointer into the body of the exchange or, where it is seen in
            the outcome, into the outcome's document; or the name of a header, `:path` being the address. None where no
            single value is to blame.
    """

    said: str
    exchange: int = 0
    sent: Any = None
    required: Any = None
    place: str | None = None


Find = Callable[[Recording], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """A duty.

    Attributes:
        name: what it is called in reports and options, as in "submits-once".
        severity: "must" where a client that breaks it loses or spoils something, else "should".
        find: yields what breaks it.
        source: where the duty comes from, and whether that is stated, observed or assumed.
        hint: how to mend a client that breaks it.
    """

    name: str
    severity: str
    find: Find
    source: str
    hint: str

    @property
    def about(self) -> str:
        """The duty in a sentence."""
        return sentence_of(self.find)


def sentence_of(find: Callable[..., object]) -> str:
    """Return a duty in a sentence: what the function that looks for breaches says of itself."""
    return (find.__doc__ or "").strip().partition("\n")[0]


def dotted(way: Sequence[str | int]) -> str:
    """Return the name of a parameter, as in "inputs.frameImages[0].frame"."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way).lstrip(".")


def shown(value: Any) -> str:
    """Return a value as reports show it: short, on one line."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}…{text[-16:]}"
