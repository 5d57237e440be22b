"""The report for workflows on GitHub."""

from collections.abc import Iterator, Sequence

from mockserver.reports.base import STANDARD_INPUT, CheckedFile


def report_github(files: Sequence[CheckedFile]) -> Iterator[str]:
    """Yield workflow commands, which GitHub shows beside the source line."""
    for file in files:
        for found in file.found:
            place = f"line={found.line},col={found.column},endColumn={found.end_column}"
            if file.name != STANDARD_INPUT:
                place = f"file={_escaped(file.name)},{place}"
            yield f"::error {place},title={found.code}::{_message(found.message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
