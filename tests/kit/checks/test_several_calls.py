"""What calls that are under way at once must not do to each other."""

from collections.abc import Sequence
from typing import Any

import pytest

from contracts.checks import CHECKS
from contracts.checks.base import Finding
from contracts.recording import Exchange, Outcome, Recording
from tests.kit.checks import test_behaved, test_reported, test_sent
from tests.kit.checks.made import PROCESSING, error, failed, found, poll, recorded, result, submit

CODE = "timeoutProvider"
FAILED = "the call failed although nothing was wrong with its task; another's had been answered timeoutProvider"
#: What a call says that gives up by itself, and when that is.
GIVEN_UP, LATE = failed("given up after 299 s"), {"ended_at_ms": 299_000}


def beside(own: Sequence[Exchange], *others: Recording, outcome: Outcome | None = None, **facts: Any) -> Recording:
    """Return the recording of a call beside others."""
    return recorded(outcome, *own, companions=others, **facts)


def spoke(*times_ms: int, began_at_ms: int = 0) -> Recording:
    """Return the recording of a call that polled at these times, reckoned from its own beginning."""
    exchanges = [poll(number, PROCESSING, at_ms=at_ms) for number, at_ms in enumerate(times_ms, 1)]
    return recorded(None, *exchanges, began_at_ms=began_at_ms)


def told(at_ms: int, code: str = CODE, message: str = "It failed.", began_at_ms: int = 0) -> Recording:
    """Return the recording of a call that was told of an error."""
    return recorded(failed(), poll(1, errors=[error(code, message)], at_ms=at_ms), began_at_ms=began_at_ms)


def got_over(at_ms: int, code: str = CODE, status: int = 200) -> Recording:
    """Return the recording of a call that was told of an error, and went on."""
    refused = submit(answer={"errors": [error(code)]}, status=status, at_ms=at_ms)
    return recorded(None, refused, poll(2, result(), at_ms=at_ms + 1))


def paused(pause_ms: int, **facts: Any) -> list[Exchange]:
    """Return two polls with a pause between the answer to the first and the second."""
    return [submit(at_ms=0), poll(2, PROCESSING, at_ms=990, ended_at_ms=1000, **facts), poll(3, at_ms=1000 + pause_ms)]


def late(what: str, seconds: int, place: int, pause_ms: int) -> list[Finding]:
    """Return the finding of a call that was held up."""
    said = f"the call {what} {seconds} s late, while another one was waiting for its task"
    return [Finding(said, place, f"{pause_ms} ms", "60000 ms or less")]


ROWS: list[tuple[str, Recording, list[Finding]]] = [
    ("fails-each-task-alone", beside([submit()], told(0), outcome=Outcome(results=[result()])), []),
    ("fails-each-task-alone", beside([poll(1, errors=[error()])], told(0), outcome=failed()), []),
    ("fails-each-task-alone", beside([poll(1, status=503)], told(0), outcome=failed()), []),
    ("fails-each-task-alone", beside([submit()], outcome=failed()), []),
    ("fails-each-task-alone", beside([submit()], spoke(0), outcome=failed()), []),
    ("fails-each-task-alone", beside([submit()], told(10_001), outcome=failed()), []),
    ("fails-each-task-alone", beside([submit()], told(9_001, began_at_ms=1000), outcome=failed()), []),
    ("fails-each-task-alone", beside([submit()], told(0), outcome=failed(), ended_at_ms=600_000), []),
    ("fails-each-task-alone", beside([submit()], told(4_999), outcome=failed(code="x")), []),
    ("fails-each-task-alone", beside([], told(7_000), outcome=failed(), began_at_ms=7_001, ended_at_ms=10), []),
    ("fails-each-task-alone", beside([submit()], got_over(9_000, status=429), outcome=failed(code=CODE)), []),
    ("fails-each-task-alone", beside([], got_over(9_000, status=429), outcome=failed()), []),
    ("fails-each-task-alone", beside([], got_over(9_000, "conflictTaskUUID"), outcome=failed()), []),
    ("fails-each-task-alone", beside([submit(), poll(2, PROCESSING)], told(0), outcome=GIVEN_UP, **LATE), []),
    ("fails-each-task-alone", beside([submit()], told(10_001), outcome=failed(code=CODE)), []),
    ("fails-each-task-alone", beside([submit()], told(0, message=""), outcome=GIVEN_UP), []),
    (
        "fails-each-task-alone",
        beside([submit()], told(10_000), outcome=failed(code="x")),
        [Finding(FAILED, 0, "x")],
    ),
    (
        "fails-each-task-alone",
        beside([submit()], told(5_000), outcome=failed(code="x")),
        [Finding(FAILED, 0, "x")],
    ),
    (
        "fails-each-task-alone",
        beside([submit(), poll(2, PROCESSING)], told(0), outcome=failed(code=CODE), **LATE),
        [Finding(FAILED, 0, CODE)],
    ),
    (
        "fails-each-task-alone",
        beside([submit(), poll(2, PROCESSING)], told(0), outcome=failed("oh: It failed."), **LATE),
        [Finding(FAILED)],
    ),
    (
        "fails-each-task-alone",
        beside([submit()], spoke(0), told(8_000, began_at_ms=1000), told(9_000, "other"), outcome=failed()),
        [Finding(FAILED)],
    ),
    ("fails-each-task-alone", beside([], told(7_000), outcome=failed()), [Finding(FAILED)]),
    (
        "fails-each-task-alone",
        beside([submit()], told(10_500), outcome=failed(), began_at_ms=500, ended_at_ms=10_000),
        [Finding(FAILED)],
    ),
    # ---
    ("waits-for-no-other", beside(paused(60_001), ended_at_ms=70_000), []),
    ("waits-for-no-other", beside(paused(60_000), spoke(30_000), ended_at_ms=70_000), []),
    (
        "waits-for-no-other",
        beside(paused(60_001), spoke(30_000), ended_at_ms=70_000),
        late("asked again", 60, 3, 60_001),
    ),
    ("waits-for-no-other", beside(paused(60_001), spoke(999, 61_002), ended_at_ms=70_000), []),
    (
        "waits-for-no-other",
        beside(paused(60_001), spoke(0, 61_001, began_at_ms=0), ended_at_ms=70_000),
        late("asked again", 60, 3, 60_001),
    ),
    ("waits-for-no-other", beside(paused(70_000, retry_after_s=10.0), spoke(30_000), ended_at_ms=75_000), []),
    (
        "waits-for-no-other",
        beside(paused(70_001, retry_after_s=10.0), spoke(30_000), ended_at_ms=75_000),
        late("asked again", 70, 3, 70_001),
    ),
    ("waits-for-no-other", beside(paused(61_500, status=None, answers=[]), spoke(30_000), ended_at_ms=70_000), []),
    ("waits-for-no-other", beside(paused(61_500, answers=[b'{"da']), spoke(30_000), ended_at_ms=70_000), []),
    ("waits-for-no-other", beside(paused(61_500, status=503), spoke(30_000), ended_at_ms=70_000), []),
    (
        "waits-for-no-other",
        beside([submit(at_ms=0), poll(2, answers=[], transport="websocket")], spoke(9_000), ended_at_ms=70_000),
        [],
    ),
    (
        "waits-for-no-other",
        beside(paused(90_000), spoke(10_000, 50_000), spoke(30_000, 70_000), ended_at_ms=95_000),
        [],
    ),
    (
        "waits-for-no-other",
        beside(paused(90_000), spoke(50_000, 70_000), spoke(10_000, 50_000), ended_at_ms=95_000),
        late("asked again", 90, 3, 90_000),
    ),
    (
        "waits-for-no-other",
        beside([submit(at_ms=61_000)], spoke(2_000, began_at_ms=500), began_at_ms=700, ended_at_ms=62_000),
        late("handed in", 61, 1, 61_000),
    ),
    (
        "waits-for-no-other",
        beside([submit(at_ms=0, ended_at_ms=None)], spoke(2_000), ended_at_ms=80_000),
        late("returned", 80, 0, 80_000),
    ),
    (
        "waits-for-no-other",
        beside([submit(at_ms=0)], spoke(2_000, began_at_ms=0), began_at_ms=2_001, ended_at_ms=80_000),
        [],
    ),
    (
        "waits-for-no-other",
        beside([submit(at_ms=61_000), poll(2, at_ms=130_000)], spoke(2_000, 100_000), ended_at_ms=131_000),
        late("handed in", 61, 1, 61_000),
    ),
]


@pytest.mark.parametrize(("check", "recording", "expected"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
def test_what_calls_do_to_each_other_is_judged(check: str, recording: Recording, expected: list[Finding]) -> None:
    """The duty finds what is wrong, says where, and finds nothing else."""
    assert found(check, recording) == expected


def test_every_duty_is_held_against_recordings_made_by_hand() -> None:
    """Each has a recording that breaks it and one that does not."""
    rows = [*test_sent.ROWS, *test_behaved.ROWS, *test_reported.ROWS, *ROWS]
    assert {check for check, _, expected in rows if expected} == set(CHECKS)
    assert {check for check, _, expected in rows if not expected} == set(CHECKS)
