"""What the kit found of a client: values that reports are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from contracts.checks.base import Check, Finding
from contracts.recording import Recording


@dataclass(frozen=True)
class Broken:
    """A duty that a client breaks.

    Attributes:
        check: the duty.
        finding: how it is broken.
        recording: the smallest example that shows it.
        after: how many examples were played until it was first seen.
        after_s: how many seconds had passed then.
    """

    check: Check
    finding: Finding
    recording: Recording
    after: int
    after_s: float


@dataclass
class Report:
    """What a run found.

    Attributes:
        broken: a finding for each broken duty, in the order of `CHECKS`.
        examples: how many examples were played, shrinking included.
        took_s: how long it took, in seconds.
        seed: what chance was drawn from.
        profile: how much was tried.
        checks: the duties that were looked at.
    """

    broken: list[Broken]
    examples: int
    took_s: float
    seed: int
    profile: str
    checks: Sequence[str] = field(default=())

    def alone(self, name: str) -> "Report | None":
        """Return a report of the finding of one duty, or None where it is not broken."""
        broken = [each for each in self.broken if each.check.name == name]
        return replace(self, broken=broken, checks=[name]) if broken else None
