"""Numbers of several processes, added up: each has its own room, and what one of them tells never goes backwards."""

import asyncio
from pathlib import Path

from mockserver.app import make_mock
from mockserver.config import MockConfig
from mockserver.counts import ROW_BYTES, Counts, Share
from mockserver.dispatch import Dispatch
from mockserver.tally import Tally
from tests.support.mocks import still_mock


def busy(statuses: dict[int, int], outcomes: dict[tuple[str, str], int]) -> tuple[Tally, Dispatch]:
    """Return what a process has that answered and delivered so much."""
    tally, dispatch = Tally(), still_mock().runtime.dispatch
    tally.statuses.update(statuses)
    tally.messages = 5
    tally.http.take(0.3)
    tally.socket.take(20_000.0)
    dispatch.outcomes.update(outcomes)
    return tally, dispatch


def test_what_each_counted_is_added_up() -> None:
    """Whoever is asked tells the same; what nobody counted is not there."""
    room = bytearray(2 * ROW_BYTES)
    here = Counts(*busy({200: 3, 404: 1}, {("webhook", "delivered"): 2}), Share(room, 0))
    there = Counts(*busy({200: 4, 599: 1}, {("webhook", "retry"): 1}), Share(room, 1))
    there.publish()
    sums = here.sums()
    assert sums.statuses == {200: 7, 404: 1, 599: 1}
    assert sums.outcomes == {("webhook", "delivered"): 2, ("webhook", "retry"): 1}
    assert (sums.messages, sums.under_way) == (10, 0)
    assert (sums.http.counts[2], sums.http.total_ms) == (2, 0.6)
    assert (sums.socket.counts[-1], sums.socket.total_ms) == (2, 40_000.0)
    told = there.sums()
    assert (told.statuses, told.outcomes, told.processes) == (sums.statuses, sums.outcomes, sums.processes)


def test_another_process_in_a_place_goes_on_where_the_one_before_ended() -> None:
    """But for what that one had under way, which nobody has any more."""
    room = bytearray(2 * ROW_BYTES)
    tally, dispatch = busy({200: 3}, {})
    dispatch._trying["a",] = None  # type: ignore[assignment]
    first = Counts(tally, dispatch, Share(room, 1)).sums()
    assert (first.statuses, first.under_way) == ({200: 3}, 1)
    second = Counts(*busy({200: 1}, {}), Share(room, 1)).sums()
    assert (second.statuses, second.messages, second.under_way) == ({200: 4}, 10, 0)


def test_every_outcome_of_a_delivery_has_its_room() -> None:
    """None is left out that is told of an attempt."""
    outcomes = {(kind, said): 1 for kind in ("upload", "webhook") for said in ("delivered", "given up", "retry")}
    assert Counts(*busy({}, outcomes)).sums().outcomes == outcomes


def test_what_is_counted_is_there_soon_for_others(tmp_path: Path) -> None:
    """Also if nobody asks the process that counted it: it writes it whenever it keeps in step."""
    room = bytearray(2 * ROW_BYTES)
    config = MockConfig(state=str(tmp_path / "mock.db"), workers=2, media="prerendered")
    mock = make_mock(config, share=Share(room, 0))
    mock.tally.messages = 3
    for step in mock.state.steps:
        step()
    assert Counts(Tally(), still_mock().runtime.dispatch, Share(room, 1)).sums().messages == 3
    asyncio.run(mock.close())
