"""Whatever a client sends, is answered or returns, duties are held against it: none is held up by an odd value."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.checks import CHECKS
from contracts.checks.base import Finding
from contracts.parting import Call, part
from contracts.recording import Exchange, Outcome, Recording
from tests.kit.checks.made import (
    ACKNOWLEDGED,
    OTHER,
    OWN,
    PROCESSING,
    TASK,
    UUID,
    error,
    failed,
    found,
    poll,
    recorded,
    result,
    sent,
    submit,
)

ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, width=16) | st.text("aé1", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=4,
)


def changed(*good: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw any value, or one of some objects of which any member is something else."""

    def spoilt(whole: dict[str, Any]) -> st.SearchStrategy[Any]:
        return st.dictionaries(st.sampled_from([*whole]), ANY, max_size=2).map(lambda others: {**whole, **others})

    return st.sampled_from(good).flatmap(spoilt) | ANY


PROMPT = {"positivePrompt": "a harbour"}
SENT = changed(
    {**OWN, **TASK},
    {**OWN, **TASK, **PROMPT, "taskUUID": OTHER},
    {"taskType": "getResponse", "taskUUID": UUID},
    {"taskType": "authentication", "apiKey": "x"},
)
FULL = result(seed=1, cost=0.1, NSFWContent=False)
TOLD = st.lists(changed(FULL, PROCESSING, {**error(), "status": "error"}, {**FULL, "taskUUID": OTHER}), max_size=2)
ANSWERS = changed(ACKNOWLEDGED) | st.fixed_dictionaries({}, optional={"data": TOLD | ANY, "errors": TOLD | ANY})
GOT = changed(FULL, {**FULL, "seed": Decimal(1), "cost": Decimal("0.1")}).filter(lambda item: isinstance(item, dict))
OUTCOMES = st.one_of(
    st.builds(Outcome, st.lists(GOT, max_size=2)),
    st.builds(Outcome, st.just([]), value=ANY),
    st.builds(Outcome, code=st.none() | st.sampled_from(["providerError", ""]), message=st.text("a", max_size=2)),
    st.just(Outcome(is_endless=True)),
)


@st.composite
def said(draw: st.DrawFn) -> list[Exchange]:
    """Draw a few exchanges."""
    exchanges = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        line: dict[str, Any] = draw(
            st.sampled_from([{}, {"status": 429}, {"transport": "websocket", "connection": 1, "status": 0}])
        )
        body = json.dumps(draw(st.lists(SENT, max_size=2) | SENT)).encode()
        exchanges.append(sent(number=number, answers=draw(st.lists(ANSWERS, max_size=2)), body=body, **line))
    return exchanges


def judged(recording: Recording) -> list[Finding]:
    """Hold every duty against a recording."""
    return [finding for name in CHECKS for finding in found(name, recording)]


@given(said(), OUTCOMES)
@example([submit(), poll(2, FULL)], Outcome(results=[{"videoUUID": []}, {"videoUUID": []}]))
@example([submit(), poll(2, FULL)], Outcome(results=[{**FULL, "videoUUID": {}}]))
@example([submit(), poll(2, {**FULL, "cost": []})], Outcome(results=[{**FULL, "cost": Decimal(1)}]))
@example([submit(task={"model": ["x"]})], failed())
@example([submit(own={**OWN, "taskType": ["ping"]})], failed())
@example([submit(answer={"data": 5}), poll(2, answers=[{"errors": True}])], failed())
@example([poll(1, errors=[{"code": []}], transport="websocket", status=0)], failed())
def test_no_value_whatever_makes_a_check_fail(exchanges: list[Exchange], outcome: Outcome) -> None:
    """As the task of one call, beside another that went the same way."""
    companion = recorded(outcome, *exchanges)
    for finding in judged(recorded(outcome, *exchanges, companions=[companion])):
        assert finding.said


@given(said())
@example([submit(answer={"data": 5}, transport="websocket", connection=1)])
@example([submit(answer={"data": [{"taskUUID": OTHER}], "errors": None}), submit(2, own={**OWN, "taskUUID": OTHER})])
@example([submit(task=PROMPT, own={**OWN, "taskUUID": OTHER}), submit(2, {"data": [{"taskUUID": OTHER}], "errors": 5})])
def test_no_value_whatever_keeps_calls_from_being_taken_apart(exchanges: list[Exchange]) -> None:
    """Each call has exchanges with numbers of their own."""
    for each in part(exchanges, [Call(TASK, 0, 60_000), Call({**TASK, **PROMPT}, 0, 60_000)]):
        assert [exchange.number for exchange in each.exchanges] == [*range(1, len(each.exchanges) + 1)]
        judged(recorded(None, *each.exchanges, earlier=each.earlier))


@pytest.mark.parametrize("odd", [[], {}, 5, True, ["v1"]])
def test_a_result_without_a_uuid_that_is_text_is_none_of_the_task(odd: object) -> None:
    """It is found, as any other one that was never told of."""
    got = Outcome(results=[{**FULL, "videoUUID": odd}])
    place = "/results/0/videoUUID"
    assert found("reports-only-its-results", recorded(got, submit(), poll(2, FULL))) == [
        Finding(f"result {odd} is none of this task", 0, odd, ["v1"], place)
    ]
