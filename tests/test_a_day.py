"""Everything that time does in a day, in no time, and the same again."""

from collections.abc import Sequence

from mockserver.engine.account import DAY_MS
from mockserver.journal import Attempt, Exchange
from tests.support.day import HOUR_MS, day


def pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    """Return values two by two."""
    return [*zip(values[::2], values[1::2], strict=True)]


def test_a_day_of_retries_expiry_and_time_outs_passes_at_once_and_is_the_same_again() -> None:
    """The same seed and scenario give equal journals, and everything that time does was there."""
    (first, journal), (second, again) = day(), day()
    assert journal == again
    assert (first.downloads, first.sessions) == (second.downloads, second.sessions)
    attempts = [entry for entry in journal if isinstance(entry, Attempt)]
    outcomes = {outcome for entry in journal if isinstance(entry, Exchange) for outcome in entry.outcomes}
    assert len(attempts) > 2000
    assert {"retry", "given up"} == {attempt.outcome for attempt in attempts}
    assert {"accepted", "authenticated", "providerError (fail-generation)"} <= outcomes
    assert any("answer-503" in outcome for outcome in outcomes)
    assert set(first.downloads) == {200, 410}
    assert first.closed == len(first.sessions) == 2 * DAY_MS // HOUR_MS
    taken_up = [before == after for before, after in pairs(first.sessions)]
    assert taken_up == [True, False] * (DAY_MS // HOUR_MS // 2), "within two minutes, and a millisecond later"
    assert journal[-1].at_ms - journal[0].at_ms > DAY_MS - HOUR_MS
