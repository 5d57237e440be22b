"""The account without money."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault


@dataclass(frozen=True, slots=True)
class RunOutOfCredits(Fault):
    """The task is refused with `insufficientCredits`, every time.

    A good client stops handing in tasks and tells whoever can pay; to try again alone does not help.
    """

    moments: ClassVar = ANSWER
    on: ClassVar = "submit"

    def refuse(self) -> str:
        """Take no task on."""
        return "insufficientCredits"
