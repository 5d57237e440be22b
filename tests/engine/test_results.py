"""What results are known by, and how far they are."""

import uuid
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.results import good_until_ms, overall, result_of, statuses_at, uuid_text
from mockserver.engine.values import Status
from tests.engine.tasks import NOW_MS, SECOND_MS, E, P, S, U, make_task

nonces = st.binary(min_size=16, max_size=16)
MOST_RESULTS = 20


@given(nonces)
def test_results_of_one_task_all_differ(nonce: bytes) -> None:
    """Each of the results of a task has a UUID and a seed of its own, and the seed is a positive 31-bit number."""
    task = make_task(MOST_RESULTS, nonce=nonce)
    results = [result_of(task, index) for index in range(MOST_RESULTS)]
    assert len({result.video_uuid for result in results}) == MOST_RESULTS
    assert len({result.seed for result in results}) == MOST_RESULTS
    assert all(1 <= result.seed < 2**31 for result in results)


@given(nonces)
def test_results_repeat_under_the_same_nonce(nonce: bytes) -> None:
    """Asked again, also of another task with the same nonce, a result is known by the same."""
    assert result_of(make_task(nonce=nonce), 0) == result_of(make_task(2, nonce=nonce, uuid="another"), 0)


@given(nonces, nonces)
def test_other_nonces_give_other_results(one: bytes, other: bytes) -> None:
    """Two tasks share no video UUID unless they share their nonce."""
    same = result_of(make_task(nonce=one), 0).video_uuid == result_of(make_task(nonce=other), 0).video_uuid
    assert same == (one == other)


@given(nonces)
def test_uuids_are_random_ones_in_their_canonical_form(digest: bytes) -> None:
    """Whatever the bytes, their text is a version 4 UUID of the RFC 4122 variant, in lower case."""
    text = uuid_text(digest)
    parsed = uuid.UUID(text)
    assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


@given(st.integers(1, MOST_RESULTS), st.booleans(), st.lists(st.integers(0, 25 * SECOND_MS), min_size=2, max_size=5))
def test_time_only_moves_results_forward(number: int, fails: bool, waits_ms: list[int]) -> None:
    """As time passes results end one after the other and stay ended."""
    task = make_task(number, fails=fails)
    seen = [statuses_at(task, NOW_MS + wait_ms) for wait_ms in sorted(waits_ms)]
    for before, after in pairwise(seen):
        assert all(one in (P, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("after_ms", "statuses"),
    [(0, (P, P)), (999, (P, P)), (1000, (S, P)), (1999, (S, P)), (2000, (S, S)), (10**9, (S, S))],
)
def test_a_result_is_ready_to_the_millisecond(after_ms: int, statuses: tuple[Status, ...]) -> None:
    """A result is not ready a millisecond before it is due, and is at that time."""
    assert statuses_at(make_task(2), NOW_MS + after_ms) == statuses


@pytest.mark.parametrize(
    ("params", "index", "good_for_ms"),
    [
        ({}, 0, 1000 + 7),
        ({}, 1, 2000 + 7),
        ({"ttl": 60}, 0, 1000 + 60_000),
        ({"ttl": 60.0}, 1, 2000 + 60_000),
        ({"ttl": 10**15}, 0, 1000 + 10**18),
    ],
)
def test_the_ttl_counts_from_when_a_result_was_made(params: dict[str, Any], index: int, good_for_ms: int) -> None:
    """In seconds; a task without one takes the default."""
    assert good_until_ms(make_task(2, params=params), index, keep_ms=7) == NOW_MS + good_for_ms


def test_an_attended_task_goes_by_what_happened_and_not_by_time() -> None:
    """Where something is sent, a result is ready when its timer and its upload are through."""
    task = make_task(2, upload=True, outcomes=(U, P))
    assert statuses_at(task, NOW_MS + 10**9) == (U, P)


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [((P,), P), ((U,), P), ((S,), S), ((E,), E), ((S, P), P), ((S, U), P), ((E, P), P), ((S, E), S), ((E, E), E)],
)
def test_a_task_is_as_far_as_its_slowest_result(statuses: tuple[Status, ...], whole: Status) -> None:
    """A task runs until all results ended, and failed only if all did."""
    assert overall(statuses) is whole
