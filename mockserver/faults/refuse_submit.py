"""The task that is refused."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, setting


@dataclass(frozen=True, slots=True)
class RefuseSubmit(Fault):
    """The task is refused with an error of the catalogue, as if it had been wrong or its time.

    A good client goes by the category of the code: it mends the task, asks for another key, or tries again later.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    code: str = setting("internalServerError", "name of the error")

    def refuse(self) -> str:
        """Refuse with the error."""
        return self.code
