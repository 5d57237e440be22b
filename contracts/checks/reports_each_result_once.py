"""Nothing twice."""

from collections import Counter
from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording, pointer_of


def reports_each_result_once(recording: Recording) -> Iterator[Finding]:
    """No result is handed to the caller twice."""
    uuids = [item.get("videoUUID") for item in recording.outcome.results or ()]
    for uuid, times in Counter(uuid for uuid in uuids if isinstance(uuid, str)).items():
        if times > 1:
            place = pointer_of("results", _second(uuids, uuid), "videoUUID")
            yield Finding(f"result {uuid} is reported {times} times", 0, times, 1, place)


def _second(uuids: list[object], uuid: object) -> int:
    return uuids.index(uuid, uuids.index(uuid) + 1)


CHECK = Check(
    "reports-each-result-once",
    MUST,
    reports_each_result_once,
    "documentation of task polling: polls are cumulative (stated)",
    "polls repeat what they told before: replace what is known, or tell results apart by videoUUID",
)
