"""What follows from an attempt, for every attempt there is: done, tried again at a time, or given up."""

from dataclasses import replace
from itertools import pairwise

import pytest

from mockserver.engine.deliveries import Delivered, GivenUp, Outcome, Owed, TryAgain, fate, wait_ms
from mockserver.spec.deliveries import Manner
from mockserver.spec.load import load_spec

NOW_MS = 1_800_000_000_000
MANNER = load_spec().manners["webhook"]
OWED = Owed("webhook", "owner", "24cd5dff-cb81-4db5-8506-b72a9425f9d1", 0, "https://example.com/hook", b"{}", bytes(16))
FAILED, TAKEN = Outcome(False), Outcome(True)


def waits_ms(owed: Owed, number: int, manner: Manner = MANNER) -> list[int]:
    """Return the first waits of a delivery that always fails."""
    return [wait_ms(replace(owed, attempt=attempt), manner) for attempt in range(1, number + 1)]


def test_the_shipped_manner_is_what_integrators_are_told() -> None:
    """Five seconds to answer; waits from a quarter of a second, doubling, up to eight seconds."""
    assert (MANNER.deadline_s, MANNER.first_wait_ms, MANNER.factor, MANNER.longest_wait_ms) == (5, 250, 2, 8000)
    assert 0 < MANNER.jitter < 1
    assert waits_ms(OWED, 8, replace(MANNER, jitter=0)) == [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]


def test_what_was_taken_is_over() -> None:
    """Whichever attempt it was."""
    for attempt in (1, 6, 100):
        assert fate(replace(OWED, attempt=attempt), TAKEN, NOW_MS, MANNER, 6) == Delivered()


def test_what_failed_is_tried_again_until_the_last_attempt() -> None:
    """Each failure leads to the next attempt at its time, the last one to the end."""
    owed = OWED
    for attempt in range(1, 6):
        after = fate(owed, FAILED, NOW_MS, MANNER, 6)
        assert after == TryAgain(replace(owed, attempt=attempt + 1, at_ms=NOW_MS + wait_ms(owed, MANNER)))
        assert isinstance(after, TryAgain)
        owed = after.owed
    assert fate(owed, FAILED, NOW_MS, MANNER, 6) == GivenUp()


def test_what_cannot_succeed_is_not_tried_again() -> None:
    """An address that may not be called will not be allowed a second later."""
    assert fate(OWED, Outcome(False, is_hopeless=True), NOW_MS, MANNER, 6) == GivenUp()


@pytest.mark.parametrize("number", range(50))
def test_waits_differ_within_their_bounds_and_grow(number: int) -> None:
    """Each wait is within a fifth of its place in the schedule, never over the longest, and longer than the one before."""
    owed = replace(OWED, nonce=number.to_bytes(16, "big"))
    waits = waits_ms(owed, 20)
    for wait, even in zip(waits, waits_ms(owed, 20, replace(MANNER, jitter=0)), strict=True):
        assert 0.8 * even - 1 <= wait <= min(1.2 * even + 1, 8000)
    assert all(after >= 1.2 * before for before, after in pairwise(waits[:5]))
    assert waits == waits_ms(owed, 20), "asked again, the answer is the same"


def test_waits_of_different_deliveries_differ() -> None:
    """Deliveries that fail together do not come back together."""
    others = [replace(OWED, nonce=bytes([n] * 16)) for n in range(20)]
    others += [replace(OWED, index=n) for n in range(20)] + [replace(OWED, copy=n) for n in range(20)]
    assert len({tuple(waits_ms(owed, 5)) for owed in others}) > 50


def test_no_number_of_attempts_is_too_many() -> None:
    """A wait is worked out for the millionth attempt as for the second."""
    for factor in (1, 2, 100):
        manner = replace(MANNER, jitter=0, factor=factor)
        assert waits_ms(replace(OWED, attempt=1), 1, manner) == [250]
        assert wait_ms(replace(OWED, attempt=1_000_000), manner) == (250 if factor == 1 else 8000)
