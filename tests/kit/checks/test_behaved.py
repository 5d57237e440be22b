"""How a client behaves: the pace of polls, further tries, when it stops and when it goes on."""

from collections.abc import Sequence
from typing import Any

import pytest

from contracts.checks.base import Finding
from contracts.recording import Exchange, Outcome, Recording
from tests.kit.checks.made import (
    ACKNOWLEDGED,
    OTHER,
    OWN,
    PROCESSING,
    UUID,
    conflict,
    error,
    failed,
    found,
    poll,
    recorded,
    result,
    sent,
    submit,
)

ENDLESS = Outcome(is_endless=True)
REFUSED = {"errors": [error("insufficientCredits", "no")]}


#: A further try that makes another task of it.
ANEW = submit(2, own={**OWN, "taskUUID": OTHER})


def socket(number: int, *codes: str) -> Exchange:
    """Return a poll over WebSocket that is answered with errors."""
    return poll(number, errors=[error(code) for code in codes], transport="websocket", connection=1, status=0)


def over_a_socket(code: str) -> Exchange:
    """Return a submission over WebSocket that is answered with an error."""
    return submit(answer={"errors": [error(code)]}, transport="websocket", connection=1, status=0)


def polls(*pauses_ms: int) -> Recording:
    """Return a recording with so many milliseconds before each poll but the first."""
    times = [0]
    for pause_ms in pauses_ms:
        times.append(times[-1] + pause_ms)
    return recorded(None, *(poll(number, PROCESSING, at_ms=at_ms) for number, at_ms in enumerate(times, 1)))


def ended(last: Exchange, outcome: Outcome | None = None) -> Recording:
    """Return a recording that ends with an exchange, by default in an error."""
    return recorded(outcome or failed(), submit(), last)


def asked_again(waited_ms: int, *, ended_at_ms: int | None = 1000, **others: Any) -> Recording:
    """Return a recording of an answer that asks for 2 seconds, and what came so long after it."""
    first = poll(1, at_ms=900, status=429, retry_after_s=2.0, ended_at_ms=ended_at_ms, **others)
    return recorded(None, first, poll(2, at_ms=(900 if ended_at_ms is None else ended_at_ms) + waited_ms))


def backs_off_late(last_ms: int) -> Recording:
    """Return a recording whose pauses are a second long at first, and so long from the 23rd on."""
    return polls(*[1000] * 22, *[last_ms] * 8)


ROWS: Sequence[tuple[str, Recording, list[Finding]]] = [
    ("polls-its-own-task", recorded(None, submit(), poll(2, uuid=UUID.upper())), []),
    ("polls-its-own-task", recorded(None, submit(own={**OWN, "taskUUID": UUID.upper()}), poll(2)), []),
    (
        "polls-its-own-task",
        recorded(None, poll(1), submit(2), poll(3, uuid=OTHER)),
        [
            Finding(
                "polled 24cd5dff-cb81-4db5-8506-b72a9425f9d1, which was never handed in",
                1,
                UUID,
                [],
                place="/0/taskUUID",
            ),
            Finding(
                "polled 5d8f0a3c-2f8e-4c43-9a51-0d7f6a1b2c3d, which was never handed in",
                3,
                OTHER,
                ["24cd5dff-cb81-4db5-8506-b72a9425f9d1"],
                place="/0/taskUUID",
            ),
        ],
    ),
    ("polls-its-own-task", recorded(None, sent({"taskType": "ping"}, {"taskType": "mediaStorage"})), []),
    # ---
    ("leaves-time-between-polls", polls(500, 1000), []),
    (
        "leaves-time-between-polls",
        polls(500, 499),
        [Finding("polled again after 499 ms", 3, "499 ms", "500 ms or more")],
    ),
    (
        "leaves-time-between-polls",
        recorded(None, poll(1, at_ms=0, status=503, errors=[error()]), poll(2, at_ms=10), poll(3, at_ms=20)),
        [Finding("polled again after 10 ms", 3, "10 ms", "500 ms or more")],
    ),
    # ---
    ("backs-off", polls(*[1000] * 29), []),
    (
        "backs-off",
        polls(*[1000] * 30),
        [
            Finding(
                "after 30 polls there are still 1000 ms between two, as there were 1000 ms at first",
                31,
                "1000 ms",
                "more than 1000 ms",
            )
        ],
    ),
    (
        "backs-off",
        polls(*[1000] * 35),
        [
            Finding(
                "after 30 polls there are still 1000 ms between two, as there were 1000 ms at first",
                31,
                "1000 ms",
                "more than 1000 ms",
            )
        ],
    ),
    (
        "backs-off",
        backs_off_late(1100),
        [
            Finding(
                "after 30 polls there are still 1100 ms between two, as there were 1000 ms at first",
                31,
                "1100 ms",
                "more than 1000 ms",
            )
        ],
    ),
    ("backs-off", backs_off_late(1101), []),
    ("backs-off", polls(*[5000] * 30), []),
    (
        "backs-off",
        polls(*[4999] * 30),
        [
            Finding(
                "after 30 polls there are still 4999 ms between two, as there were 4999 ms at first",
                31,
                "4999 ms",
                "more than 4999 ms",
            )
        ],
    ),
    ("backs-off", polls(*[1000] * 8, *[2000] * 22), []),
    (
        "backs-off",
        polls(*[1000] * 7, 3000, *[1000] * 14, *[1250] * 8, 9000),
        [
            Finding(
                "after 30 polls there are still 1250 ms between two, as there were 1250 ms at first",
                31,
                "1250 ms",
                "more than 1250 ms",
            )
        ],
    ),
    # ---
    ("stops-when-done", recorded(None, submit(), poll(2, PROCESSING), poll(3, result())), []),
    (
        "stops-when-done",
        recorded(None, poll(1, PROCESSING), poll(2, result()), poll(3, result()), poll(4, result())),
        [Finding("polled although the poll before had told everything", 3)],
    ),
    ("stops-when-done", recorded(None, poll(1, result(), PROCESSING), poll(2, result())), []),
    ("stops-when-done", recorded(None, poll(1, answers=[{"data": []}]), poll(2, result())), []),
    ("stops-when-done", recorded(None, poll(1, result(), status=502), poll(2, result())), []),
    (
        "stops-when-done",
        recorded(None, poll(1, errors=[error()]), poll(2, errors=[error()])),
        [Finding("polled although the poll before had told everything", 2)],
    ),
    # ---
    ("gives-up", recorded(), []),
    ("gives-up", recorded(failed()), []),
    (
        "gives-up",
        recorded(ENDLESS, submit(), poll(2, PROCESSING), poll(3, at_ms=61_000), ended_at_ms=45 * 60_000),
        [Finding("the call had not ended after 2700 s; 2 polls, the last after 61 s")],
    ),
    (
        "gives-up",
        recorded(ENDLESS, ended_at_ms=119_999),
        [Finding("the call had not ended after 119 s; no poll")],
    ),
    # ---
    ("waits-long-enough", ended(poll(2, PROCESSING), ENDLESS), []),
    ("waits-long-enough", recorded(failed(), submit()), []),
    ("waits-long-enough", ended(poll(2, result())), []),
    ("waits-long-enough", ended(poll(2, PROCESSING, status=503)), []),
    (
        "waits-long-enough",
        recorded(failed(), poll(1, result(), PROCESSING), ended_at_ms=599_999),
        [Finding("the call failed after 600 s, while a result was in processing", 1, "600 s", "600 s or more")],
    ),
    ("waits-long-enough", recorded(failed(), poll(1, PROCESSING), ended_at_ms=600_000), []),
    (
        "waits-long-enough",
        recorded(None, poll(1, result(), PROCESSING), ended_at_ms=2_500),
        [Finding("the call returned after 2 s, while a result was in processing", 1, "2 s", "600 s or more")],
    ),
    ("waits-long-enough", recorded(None, poll(1, PROCESSING), poll(2, result())), []),
    # ---
    ("survives-refusals-for-now", recorded(failed()), []),
    ("survives-refusals-for-now", ended(poll(2, status=503), ENDLESS), []),
    ("survives-refusals-for-now", ended(poll(2, status=503), Outcome(results=[])), []),
    ("survives-refusals-for-now", ended(poll(2, status=None)), []),
    ("survives-refusals-for-now", ended(poll(2, status=400)), []),
    ("survives-refusals-for-now", ended(poll(2, status=499)), []),
    *[
        (
            "survives-refusals-for-now",
            ended(poll(2, status=status)),
            [Finding(f"gave up at an answer of {status}, which another try would have got over", 2)],
        )
        for status in (429, 500, 504)
    ],
    (
        "survives-refusals-for-now",
        recorded(failed(), submit(), poll(2, PROCESSING), poll(3, status=503)),
        [Finding("gave up at an answer of 503, which another try would have got over", 3)],
    ),
    (
        "survives-refusals-for-now",
        ended(socket(2, "rateLimitExceeded", "serviceUnavailable")),
        [Finding("gave up at an answer of rateLimitExceeded, which another try would have got over", 2)],
    ),
    ("survives-refusals-for-now", ended(socket(2, "rateLimitExceeded", "insufficientCredits")), []),
    (
        "survives-refusals-for-now",
        ended(poll(2, errors=[{**error(), "status": "error"}], transport="websocket", status=0)),
        [],
    ),
    ("survives-refusals-for-now", ended(socket(2, "nobodyKnows")), []),
    ("survives-refusals-for-now", recorded(failed(), submit(), ANEW, poll(3, status=503)), []),
    (
        "survives-refusals-for-now",
        recorded(failed(), submit(status=503), sent({"taskType": "ping"}, number=2)),
        [Finding("gave up at an answer of 503, which another try would have got over", 1)],
    ),
    # ---
    ("survives-broken-answers", recorded(failed()), []),
    ("survives-broken-answers", recorded(failed(), submit(), ANEW, poll(3, status=None, answers=[])), []),
    (
        "survives-broken-answers",
        recorded(failed(), submit(), poll(2, PROCESSING), poll(3, status=None, answers=[])),
        [Finding("gave up at no answer, which another try would have got over", 3)],
    ),
    ("survives-broken-answers", ended(poll(2, status=None, answers=[]), ENDLESS), []),
    ("survives-broken-answers", ended(poll(2, answers=[b"{"]), Outcome(results=[])), []),
    (
        "survives-broken-answers",
        ended(poll(2, answers=[b"{"], transport="websocket", status=0)),
        [Finding("gave up at an answer that is no JSON, which another try would have got over", 2)],
    ),
    ("survives-broken-answers", ended(poll(2, result())), []),
    ("survives-broken-answers", ended(poll(2, status=400, answers=[b"<html>"])), []),
    (
        "survives-broken-answers",
        ended(poll(2, status=None, answers=[])),
        [Finding("gave up at no answer, which another try would have got over", 2)],
    ),
    *[
        (
            "survives-broken-answers",
            ended(poll(2, status=status, answers=[b"[{"])),
            [Finding("gave up at an answer that is no JSON, which another try would have got over", 2)],
        )
        for status in (200, 399)
    ],
    # ---
    ("takes-a-conflict-for-a-yes", recorded(failed(), submit(answer=None), submit(2, conflict()), poll(3)), []),
    ("takes-a-conflict-for-a-yes", recorded(failed(), submit(answer=conflict())), []),
    (
        "takes-a-conflict-for-a-yes",
        recorded(failed(), submit(), submit(2, conflict(), own={**OWN, "taskUUID": OTHER})),
        [],
    ),
    ("takes-a-conflict-for-a-yes", recorded(failed(), submit(answer=None), submit(2, REFUSED)), []),
    (
        "takes-a-conflict-for-a-yes",
        recorded(
            failed(),
            submit(answer=None),
            submit(2, conflict(), own={**OWN, "taskUUID": UUID.upper()}),
            submit(3, conflict()),
        ),
        [
            Finding(
                "the try before was taken on, its answer got lost; the video is made and paid for, and not fetched", 2
            )
        ],
    ),
    # ---
    ("tries-nothing-hopeless", recorded(failed(), submit(answer=REFUSED, status=402), poll(2)), []),
    *[
        (
            "tries-nothing-hopeless",
            recorded(failed(), submit(answer=REFUSED, status=status), submit(2), submit(3)),
            [Finding("handed in again, although it was refused with insufficientCredits", 2)],
        )
        for status in (400, 402, 499)
    ],
    *[
        ("tries-nothing-hopeless", recorded(failed(), submit(answer=REFUSED, status=status), submit(2)), [])
        for status in (None, 200, 399, 408, 429, 500)
    ],
    ("tries-nothing-hopeless", recorded(failed(), submit(answer=b"<html>", status=404), submit(2)), []),
    ("tries-nothing-hopeless", recorded(failed(), over_a_socket("rateLimitExceeded"), submit(2)), []),
    (
        "tries-nothing-hopeless",
        recorded(failed(), over_a_socket("insufficientCredits"), submit(2)),
        [Finding("handed in again, although it was refused with insufficientCredits", 2)],
    ),
    (
        "tries-nothing-hopeless",
        recorded(failed(), submit(answer=REFUSED, status=402), submit(2, ACKNOWLEDGED), submit(3)),
        [Finding("handed in again, although it was refused with insufficientCredits", 2)],
    ),
    # ---
    ("waits-as-told", asked_again(2000), []),
    ("waits-as-told", asked_again(1980), []),
    (
        "waits-as-told",
        asked_again(1979),
        [Finding("asked again after 1979 ms; the answer asked for 2 s", 2, "1979 ms", "2 s or more")],
    ),
    ("waits-as-told", asked_again(0, transport="websocket"), []),
    (
        "waits-as-told",
        asked_again(10, ended_at_ms=None),
        [Finding("asked again after 10 ms; the answer asked for 2 s", 2, "10 ms", "2 s or more")],
    ),
    (
        "waits-as-told",
        recorded(
            None,
            poll(1, at_ms=0),
            poll(2, at_ms=1, retry_after_s=0.5, ended_at_ms=1),
            poll(3, at_ms=2),
        ),
        [Finding("asked again after 1 ms; the answer asked for 0.5 s", 3, "1 ms", "0.5 s or more")],
    ),
    # ---
    ("delivers-what-was-made", recorded(None, submit(), poll(2, result())), []),
    ("delivers-what-was-made", recorded(ENDLESS, submit(), poll(2, result())), []),
    ("delivers-what-was-made", ended(poll(2, errors=[error()])), []),
    ("delivers-what-was-made", ended(poll(2, PROCESSING)), []),
    ("delivers-what-was-made", ended(poll(2, status=502)), []),
    ("delivers-what-was-made", ended(sent({}, number=2, answers=[conflict()])), []),
    ("delivers-what-was-made", recorded(failed("x"), sent()), []),
    (
        "delivers-what-was-made",
        recorded(failed("'url'")),
        [Finding("the caller got an error (\"'url'\"), and no request came")],
    ),
    (
        "delivers-what-was-made",
        ended(poll(2, result()), failed("x")),
        [Finding("the caller got an error ('x') after an answer in which all was well", 2)],
    ),
    (
        "delivers-what-was-made",
        recorded(failed("x"), submit()),
        [Finding("the caller got an error ('x') after an answer in which all was well", 1)],
    ),
]


@pytest.mark.parametrize(("check", "recording", "expected"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
def test_what_a_client_does_is_judged(check: str, recording: Recording, expected: list[Finding]) -> None:
    """The duty finds what is wrong, says where, and finds nothing else."""
    assert found(check, recording) == expected
