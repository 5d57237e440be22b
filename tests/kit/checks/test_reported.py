"""What a client hands to its caller: results, all, once, untouched, or an error."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from contracts.checks.base import Finding, shown
from contracts.recording import Outcome, Recording
from tests.kit.checks.made import PROCESSING, UUID, conflict, error, failed, found, poll, recorded, result, submit

FIRST, SECOND = result("v1"), result("v2")
FULL = result(seed=9007199254740993, cost=0.123456789, NSFWContent=False)
SEVERAL = "result v2 was there and is not among the 1 reported"


def told(*items: object, outcome: Outcome) -> Recording:
    """Return a recording whose last poll told these items."""
    return recorded(outcome, submit(), poll(2, *items))


def got(*items: Mapping[str, object]) -> Outcome:
    """Return the outcome of a client that returned these."""
    return Outcome(results=[*items])


def without(name: str) -> dict[str, object]:
    """Return the full result without a member."""
    return {member: value for member, value in FULL.items() if member != name}


ROWS: Sequence[tuple[str, Recording, list[Finding]]] = [
    ("reports-every-result", told(FIRST, SECOND, outcome=got(SECOND, FIRST)), []),
    ("reports-every-result", told(FIRST, outcome=failed()), []),
    ("reports-every-result", told(FIRST, outcome=got({"videoUUID": "v1", "videoURL": "https://mine/1.mp4"})), []),
    (
        "reports-every-result",
        told(FIRST, SECOND, outcome=got(FIRST)),
        [Finding("result v2 was there and is not among the 1 reported", 0, required="v2", place="/results/1")],
    ),
    (
        "reports-every-result",
        told(FIRST, SECOND, PROCESSING, outcome=got({"videoURL": "https://v/v1.mp4"}, SECOND)),
        [],
    ),
    (
        "reports-every-result",
        told(FIRST, SECOND, outcome=got()),
        [
            Finding("result v1 was there and is not among the 0 reported", 0, required="v1", place="/results/0"),
            Finding("result v2 was there and is not among the 0 reported", 0, required="v2", place="/results/0"),
        ],
    ),
    # ---
    ("keeps-results-beside-errors", recorded(failed(), submit()), []),
    ("keeps-results-beside-errors", recorded(failed(), poll(1, FIRST)), []),
    ("keeps-results-beside-errors", recorded(failed(), poll(1, errors=[error()])), []),
    ("keeps-results-beside-errors", recorded(got(FIRST), poll(1, FIRST, errors=[error()])), []),
    ("keeps-results-beside-errors", recorded(failed(), poll(1, PROCESSING, errors=[error()])), []),
    (
        "keeps-results-beside-errors",
        recorded(failed(), poll(1, PROCESSING), poll(2, FIRST, SECOND, errors=[error()])),
        [Finding("2 of the results were there, and paid for; the caller got an error alone", 2)],
    ),
    # ---
    ("reports-each-result-once", told(FIRST, SECOND, outcome=got(FIRST, SECOND)), []),
    ("reports-each-result-once", recorded(failed()), []),
    ("reports-each-result-once", told(FIRST, outcome=got({}, {})), []),
    (
        "reports-each-result-once",
        told(FIRST, SECOND, outcome=got(FIRST, SECOND, FIRST, SECOND, FIRST)),
        [
            Finding("result v1 is reported 3 times", 0, 3, 1, place="/results/2/videoUUID"),
            Finding("result v2 is reported 2 times", 0, 2, 1, place="/results/3/videoUUID"),
        ],
    ),
    # ---
    ("reports-only-its-results", told(FIRST, outcome=got(FIRST)), []),
    ("reports-only-its-results", told(FIRST, outcome=failed()), []),
    ("reports-only-its-results", told(FIRST, outcome=got({"videoURL": "https://v/v1.mp4"})), []),
    (
        "reports-only-its-results",
        told(FIRST, outcome=Outcome(results=[], value={"data": []})),
        [Finding("returned dict, no list of objects", 0, {"data": []}, "a list of results", place="/results")],
    ),
    (
        "reports-only-its-results",
        told(FIRST, outcome=got(PROCESSING, {**FIRST, "status": "processing"}, {"taskUUID": UUID}, SECOND)),
        [
            Finding(
                "an item without a video is reported as a result",
                0,
                {
                    "taskType": "videoInference",
                    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
                    "status": "processing",
                },
                place="/results/0",
            ),
            Finding(
                "an item without a video is reported as a result",
                0,
                {
                    "taskType": "videoInference",
                    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
                    "videoUUID": "v1",
                    "videoURL": "https://v/v1.mp4",
                    "status": "processing",
                },
                place="/results/1",
            ),
            Finding(
                "an item without a video is reported as a result",
                0,
                {"taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"},
                place="/results/2",
            ),
            Finding("result v2 is none of this task", 0, "v2", ["v1"], place="/results/3/videoUUID"),
        ],
    ),
    ("reports-only-its-results", told(FIRST, outcome=got({"videoUUID": "v1"})), []),
    # ---
    ("reports-values-untouched", told(FULL, outcome=got({**FULL, "more": 1})), []),
    ("reports-values-untouched", told(FULL, outcome=failed()), []),
    ("reports-values-untouched", told(FULL, outcome=got(SECOND)), []),
    ("reports-values-untouched", told(FIRST, outcome=got({**FIRST, "seed": 1})), []),
    ("reports-values-untouched", told(FULL, outcome=got({**FULL, "cost": Decimal("0.123456789")})), []),
    (
        "reports-values-untouched",
        told(FULL, outcome=got({**FULL, "cost": Decimal("0.12")})),
        [
            Finding(
                "cost is Decimal('0.12'), told was 0.123456789",
                0,
                Decimal("0.12"),
                0.123456789,
                place="/results/0/cost",
            )
        ],
    ),
    (
        "reports-values-untouched",
        told(FULL, outcome=got(SECOND, without("seed"))),
        [Finding("seed is missing, told was 9007199254740993", 0, required=9007199254740993, place="/results/1/seed")],
    ),
    (
        "reports-values-untouched",
        told(SECOND, FULL, outcome=got(without("videoUUID"), SECOND)),
        [Finding("videoUUID is missing, told was 'v1'", 0, required="v1", place="/results/0/videoUUID")],
    ),
    (
        "reports-values-untouched",
        told(FULL, outcome=got({**FULL, "seed": 9007199254740992, "NSFWContent": 0, "cost": "0.123456789"})),
        [
            Finding(
                "seed is 9007199254740992, told was 9007199254740993",
                0,
                9007199254740992,
                9007199254740993,
                place="/results/0/seed",
            ),
            Finding(
                "cost is '0.123456789', told was 0.123456789", 0, "0.123456789", 0.123456789, place="/results/0/cost"
            ),
            Finding("NSFWContent is 0, told was False", 0, 0, False, place="/results/0/NSFWContent"),
        ],
    ),
    ("reports-values-untouched", told(result(cost=1), outcome=got(result(cost=1.0))), []),
    (
        "reports-values-untouched",
        told(result(taskUUID="a"), outcome=got(result(videoURL="https://v/V1.mp4", taskType="x"))),
        [
            Finding(
                "videoURL is 'https://v/V1.mp4', told was 'https://v/v1.mp4'",
                0,
                "https://v/V1.mp4",
                "https://v/v1.mp4",
                place="/results/0/videoURL",
            ),
            Finding(
                "taskUUID is '24cd5dff-cb81-4db5-8506-b72a9425f9d1', told was 'a'",
                0,
                UUID,
                "a",
                place="/results/0/taskUUID",
            ),
            Finding(
                "taskType is 'x', told was 'videoInference'", 0, "x", "videoInference", place="/results/0/taskType"
            ),
        ],
    ),
    # ---
    ("reports-failure", told(FIRST, outcome=got()), []),
    ("reports-failure", recorded(failed(), submit()), []),
    ("reports-failure", recorded(Outcome(results=[], value="None"), submit()), []),
    ("reports-failure", recorded(got({}), submit()), []),
    (
        "reports-failure",
        recorded(got(), submit()),
        [Finding("returned an empty list, although nothing was made", 0, [], place="/results")],
    ),
    (
        "reports-failure",
        recorded(got(), poll(1, errors=[error("timeoutProvider"), error()])),
        [
            Finding(
                "returned an empty list, although the service had answered timeoutProvider",
                0,
                [],
                "timeoutProvider",
                place="/results",
            )
        ],
    ),
    # ---
    ("reports-the-code", recorded(failed(code="providerError"), poll(1, errors=[error()])), []),
    ("reports-the-code", recorded(failed(code="b"), poll(1, errors=[error("a"), error("b")])), []),
    ("reports-the-code", recorded(failed(code="x"), submit(answer=conflict())), []),
    ("reports-the-code", recorded(failed(code="x"), poll(1, errors=[error()], status=500)), []),
    ("reports-the-code", recorded(got(), poll(1, errors=[error()])), []),
    (
        "reports-the-code",
        recorded(failed(code="x"), poll(1, errors=[error("a"), error("b")]), poll(2, errors=[error("c"), error("d")])),
        [Finding("the error shows the code 'x', the service answered 'c'", 0, "x", "c", place="/error/code")],
    ),
    # ---
    ("reports-the-message", recorded(failed("so: It failed. Sorry"), poll(1, errors=[error()])), []),
    ("reports-the-message", recorded(failed("B"), poll(1, errors=[error("a", "A"), error("b", "B")])), []),
    ("reports-the-message", recorded(failed("B"), submit()), []),
    ("reports-the-message", recorded(got(), poll(1, errors=[error()])), []),
    (
        "reports-the-message",
        recorded(failed("broken"), poll(1, errors=[error("a", "A"), error("b", "B")])),
        [Finding("the error says 'broken', the service said 'A'", 0, "broken", "A", place="/error/message")],
    ),
]


@pytest.mark.parametrize(("check", "recording", "expected"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
def test_what_is_reported_is_judged(check: str, recording: Recording, expected: list[Finding]) -> None:
    """The duty finds what is wrong, shows both sides, and finds nothing else."""
    assert found(check, recording) == expected


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a", "'a'"),
        ("a" * 78, repr("a" * 78)),
        ("b" * 20 + "a" * 59, "'" + "b" * 20 + "a" * 39 + "…" + "a" * 15 + "'"),
    ],
)
def test_a_long_value_is_shown_by_its_ends(value: str, told: str) -> None:
    """Up to 80 characters are shown, quotes included; of more the first 60 and the last 16."""
    assert shown(value) == told
