"""Nothing that was made is lost on the way to the caller."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding, shown
from contracts.recording import Recording


def delivers_what_was_made(recording: Recording) -> Iterator[Finding]:
    """A call fails only if the service failed, or did not end in time."""
    if not recording.outcome.has_failed or recording.failures:
        return
    said = f"the caller got an error ({shown(recording.outcome.message)})"
    last = recording.last
    if last is None:
        yield Finding(f"{said}, and no request came")
        return
    is_open = last.is_transient or last.errors or any(item.get("status") == "processing" for item in last.items)
    if not is_open:
        yield Finding(f"{said} after an answer in which all was well", last.number)


CHECK = Check(
    "delivers-what-was-made",
    MUST,
    delivers_what_was_made,
    "each accepted task is charged (stated)",
    "poll what was taken on until it is done, and return it; find out what else raised the error",
)
