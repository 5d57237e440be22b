"""Error messages."""

from collections.abc import Iterator

from contracts.checks.base import SHOULD, Check, Finding, shown
from contracts.recording import Recording, pointer_of


def reports_the_message(recording: Recording) -> Iterator[Finding]:
    """The error that the caller gets says what the API's error says."""
    messages = [str(error.get("message")) for error in recording.failures]
    if recording.outcome.has_failed and messages and not any(each in recording.outcome.message for each in messages):
        said = f"the error says {shown(recording.outcome.message)}, the service said {shown(messages[0])}"
        yield Finding(said, 0, recording.outcome.message, messages[0], pointer_of("error", "message"))


CHECK = Check(
    "reports-the-message",
    SHOULD,
    reports_the_message,
    "documentation of errors: messages are for people (stated)",
    "make errors[0].message part of the exception's text",
)
