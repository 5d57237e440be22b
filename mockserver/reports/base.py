"""What a report is told of, and what it is: a function from checked files to lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

#: What the input is called that comes from no file.
STANDARD_INPUT = "standard input"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong in a file.

    Attributes:
        line, column: where, both from 1, columns in code points.
        end_column: where it ends, if on the same line; exclusive.
        code: the API error that it would become.
        rule: a sentence about the rule, the same for every value that breaks it at this parameter.
        message: what is wrong and how to mend it.
        pointer: JSON Pointer from the whole file on.
        parameter: dotted name of the parameter, or "".
    """

    line: int
    column: int
    end_column: int
    code: str
    rule: str
    message: str
    pointer: str
    parameter: str


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was checked.

    Attributes:
        name: how the file was named.
        text: its text.
        tasks: how many tasks it holds.
        found: everything that is wrong, in the order of the file.
    """

    name: str
    text: str
    tasks: int
    found: tuple[Found, ...]


class Report(Protocol):
    """Words what was found."""

    def __call__(self, files: Sequence[CheckedFile], /) -> Iterator[str]:
        """Yield the lines of the report.

        Args:
            files: what was checked, in the order in which it was named.
        """
