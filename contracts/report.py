"""What the kit found of a client: values that reports are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts.checks.base import Check, Finding
from contracts.coverage import Coverage
from contracts.recording import Recording

#: What the profile is called where one example was played.
REPLAY = "replay"


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
        untried: kinds of behaviour that were tried too little, or not at all, for want of time.
        known: reasons why duties may be broken for now, by name.
        coverage: what of the API was exercised, or None where nobody wants to know.
    """

    broken: list[Broken]
    examples: int
    took_s: float
    seed: int
    profile: str
    checks: Sequence[str] = field(default=())
    untried: Sequence[str] = field(default=())
    known: Mapping[str, str] = field(default_factory=dict)
    coverage: Coverage | None = None

    @property
    def new(self) -> Sequence[Broken]:
        """What is broken and not known to be."""
        return [each for each in self.broken if each.check.name not in self.known]

    @property
    def mended(self) -> Sequence[str]:
        """Duties that are known to be broken, were looked at, and are not broken.

        One example says nothing of that, nor does a run that there was too little time for.
        """
        broken = {each.check.name for each in self.broken}
        is_whole = self.profile != REPLAY and not self.untried
        return [name for name in self.known if is_whole and name in self.checks and name not in broken]

    def alone(self, name: str) -> "Report | None":
        """Return a report of the finding of one duty, or None where it is not broken."""
        broken = [each for each in self.broken if each.check.name == name]
        return replace(self, broken=broken, checks=[name]) if broken else None
