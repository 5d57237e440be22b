"""Clocks keep their promise: time never goes back, and whoever asks is woken once, in order."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.adapters.clocks import ManualClock, ReadClock, SteeredClock, unix_ms

START_MS = 1_000


def test_a_manual_clock_stands_still() -> None:
    """Time does not pass unless somebody says so, whatever the machine's clock does meanwhile."""
    clock = ManualClock(START_MS)
    began_ms = unix_ms()
    while unix_ms() == began_ms:
        assert clock.now_ms() == START_MS
    assert clock.now_ms() == START_MS


@given(st.lists(st.integers(0, 100), max_size=20), st.lists(st.integers(0, 50), max_size=20))
def test_a_manual_clock_wakes_everybody_once_and_in_order(delays_ms: list[int], steps_ms: list[int]) -> None:
    """Whoever is due on the way is called at their own time, the first come first served at the same one."""
    clock = ManualClock(START_MS)
    woken: list[tuple[int, int]] = []
    for number, delay_ms in enumerate(delays_ms):
        clock.call_at(START_MS + delay_ms, lambda number=number: woken.append((clock.now_ms(), number)))  # type: ignore[misc]
    for step_ms in steps_ms:
        clock.advance(step_ms)
    passed_ms = sum(steps_ms)
    due = sorted((START_MS + delay_ms, number) for number, delay_ms in enumerate(delays_ms) if delay_ms <= passed_ms)
    assert woken == (due if steps_ms else [])
    assert clock.now_ms() == START_MS + passed_ms


def test_who_is_woken_may_ask_to_be_woken_again() -> None:
    """A call that is made on the way, and due on the way, is made on the way."""
    clock = ManualClock(START_MS)
    woken: list[int] = []

    def wake() -> None:
        woken.append(clock.now_ms() - START_MS)
        clock.call_at(clock.now_ms() + 10, wake)

    clock.call_at(START_MS + 10, wake)
    clock.advance(35)
    assert (woken, clock.next_at_ms) == ([10, 20, 30], START_MS + 40)


def test_a_time_that_has_passed_is_served_at_the_next_advance() -> None:
    """A call for an earlier time is made as soon as the clock is moved, even by nothing, and moves no time back."""
    clock = ManualClock(START_MS)
    woken: list[int] = []
    clock.call_at(START_MS - 500, lambda: woken.append(clock.now_ms()))
    assert woken == []
    clock.advance(0)
    assert woken == [START_MS]


def test_a_manual_clock_never_goes_back() -> None:
    """Advancing to a time that has passed leaves the clock where it is."""
    clock = ManualClock(START_MS)
    clock.advance_to(START_MS - 1)
    assert clock.now_ms() == START_MS


def test_a_cancelled_call_is_not_made() -> None:
    """Cancelling works once, twice and after the call; the clock then waits for the next one."""
    clock = ManualClock(START_MS)
    woken: list[str] = []
    cancel = clock.call_at(START_MS + 1, lambda: woken.append("cancelled"))
    other = clock.call_at(START_MS + 2, lambda: woken.append("called"))
    cancel()
    cancel()
    waits = [clock.next_at_ms]
    clock.advance(5)
    other()
    assert [*waits, clock.next_at_ms] == [START_MS + 2, None]
    assert woken == ["called"]


def test_the_real_clock_tells_unix_time_and_wakes_on_its_loop() -> None:
    """Real time is the machine's, and calls are made when it has come; a cancelled one is not."""

    async def live() -> list[str]:
        clock = SteeredClock()
        assert abs(clock.now_ms() - unix_ms()) < 1000
        woken: list[str] = []
        came = asyncio.Event()

        def wake(name: str) -> Callable[[], None]:
            def woke() -> None:
                woken.append(name)
                came.set()

            return woke

        clock.call_at(clock.now_ms() + 1, wake("cancelled"))()
        clock.call_at(clock.now_ms() + 20, wake("late"))
        clock.call_at(clock.now_ms() - 1000, wake("early"))
        while len(woken) < 2:
            came.clear()
            await asyncio.wait_for(came.wait(), 10)
        return woken

    assert asyncio.run(live()) == ["early", "late"]


def test_the_real_clock_never_goes_back() -> None:
    """Read often, real time only goes forward."""
    clock = SteeredClock()
    times = [clock.now_ms() for _ in range(1000)]
    assert times == sorted(times)


def test_a_clock_that_is_read_wakes_people_when_it_is_read() -> None:
    """Without an event loop calls are made at the first catch-up after their time, and not in between."""
    clock = ReadClock()
    woken: list[str] = []
    clock.call_at(clock.now_ms() + 3_600_000, lambda: woken.append("in an hour"))
    clock.call_at(clock.now_ms(), lambda: woken.append("now"))
    clock.call_at(clock.now_ms(), lambda: woken.append("cancelled"))()
    assert woken == []
    clock.catch_up()
    assert woken == ["now"]
    assert abs(clock.now_ms() - unix_ms()) < 1000


@pytest.mark.parametrize("make", [SteeredClock, ManualClock, ReadClock])
def test_every_clock_returns_what_cancels_a_call(make: Callable[[], SteeredClock | ManualClock | ReadClock]) -> None:
    """Of every clock the call can be taken back before it is due."""

    async def live() -> None:
        clock = make()
        cancel = clock.call_at(clock.now_ms() + 3_600_000, lambda: None)
        cancel()
        cancel()

    asyncio.run(live())
