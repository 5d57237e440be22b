"""Error codes."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording, pointer_of


def reports_the_code(recording: Recording) -> Iterator[Finding]:
    """The error that the caller gets has the code of the API's error."""
    codes = [error.get("code") for error in recording.failures]
    if recording.outcome.has_failed and codes and recording.outcome.code not in codes:
        yield Finding(
            f"the error shows the code {recording.outcome.code!r}, the service answered {codes[0]!r}",
            0,
            recording.outcome.code,
            codes[0],
            pointer_of("error", "code"),
        )


CHECK = Check(
    "reports-the-code",
    MUST,
    reports_the_code,
    "documentation of errors: codes are for programs (stated)",
    "give exceptions an attribute code with errors[0].code",
)
