"""Clocks keep their promise: time never goes back, and whoever asks is woken once, in order."""

import asyncio
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.adapters.clocks import ManualClock, ReadClock, SteeredClock, Timers, unix_ms
from tests.support.loops import rest

START_MS = 1_000
HOUR_MS = 3_600_000
#: How long a call may take on a busy machine, in seconds.
PATIENCE_S = 30


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


def test_a_steered_clock_tells_unix_time_and_wakes_on_its_loop() -> None:
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


def test_a_steered_clock_never_goes_back() -> None:
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


def test_calls_are_made_in_order_whichever_kind_they_are() -> None:
    """Limits wait in the same line as everything else, and can be left out when the next thing is asked for."""
    clock = ManualClock(START_MS)
    woken: list[str] = []
    clock.call_at(START_MS + 1, lambda: woken.append("limit"), is_limit=True)
    clock.call_at(START_MS + 2, lambda: woken.append("task"))
    clock.call_at(START_MS + 3, lambda: woken.append("second limit"), is_limit=True)
    assert (clock.next_at_ms, clock.next_task_at_ms) == (START_MS + 1, START_MS + 2)
    clock.advance(2)
    assert (woken, clock.next_at_ms, clock.next_task_at_ms) == (["limit", "task"], START_MS + 3, None)


def test_cancelled_calls_take_no_room() -> None:
    """Of thousands of limits that were cancelled, as by connections that came and went, few are left."""
    timers = Timers()
    stays = timers.add(START_MS, lambda: None, is_limit=False)
    for number in range(10_000):
        timers.add(START_MS + number, lambda: None, is_limit=number % 2 == 0)()
    held = sum(sys.getsizeof(value) for value in vars(timers).values())
    assert (len(timers), timers.next_at_ms, timers.next_task_at_ms) == (1, START_MS, START_MS)
    assert held < 10_000
    stays()
    assert (len(timers), timers.next_at_ms) == (0, None)


def test_calls_that_were_made_take_no_room() -> None:
    """Of thousands of calls that came in their time nothing is left."""
    timers = Timers()
    for number in range(10_000):
        timers.add(START_MS + number, lambda: None, is_limit=number % 2 == 0)
    while len(timers):
        timers.pop()()
    assert not any(len(value) for value in vars(timers).values() if isinstance(value, list | dict))


def test_a_call_that_raises_while_time_is_moved_stops_no_clock() -> None:
    """Whoever moved it is told, and the next call comes all the same."""

    async def live() -> None:
        clock, came = SteeredClock(), asyncio.Event()
        began_ms = clock.now_ms()

        def fail() -> None:
            raise ValueError("on purpose")

        clock.call_at(began_ms + HOUR_MS, fail)
        clock.call_at(began_ms + HOUR_MS + 5, came.set)
        with pytest.raises(ValueError, match="on purpose"):
            clock.advance_to(began_ms + HOUR_MS)
        await asyncio.wait_for(came.wait(), PATIENCE_S)

    asyncio.run(live())


def test_a_steered_clock_can_stand_still_and_be_moved() -> None:
    """At rate 0 time is where it was put, and everybody who is due on the way is called at their own time."""

    async def live() -> None:
        clock = SteeredClock(0, START_MS)
        woken: list[int] = []
        for delay_ms in (30, 10, 10_000):
            clock.call_at(START_MS + delay_ms, lambda: woken.append(clock.now_ms() - START_MS))
        await rest()
        assert (clock.now_ms(), woken, clock.next_at_ms) == (START_MS, [], START_MS + 10)
        clock.advance_to(START_MS + 40)
        assert (clock.now_ms(), woken, clock.next_at_ms) == (START_MS + 40, [10, 30], START_MS + 10_000)
        clock.advance_to(START_MS)
        assert clock.now_ms() == START_MS + 40

    asyncio.run(live())


def test_what_is_due_now_happens_even_where_time_stands_still() -> None:
    """A call for this moment needs no time to pass."""

    async def live() -> None:
        clock, came = SteeredClock(0, START_MS), asyncio.Event()
        clock.call_at(START_MS, came.set)
        await asyncio.wait_for(came.wait(), PATIENCE_S)
        assert clock.now_ms() == START_MS

    asyncio.run(live())


def test_a_steered_clock_runs_at_its_rate_and_takes_another_one() -> None:
    """An hour at a million times the speed is over at once; then time stands where it came to."""

    async def live() -> None:
        clock, came = SteeredClock(1_000_000, START_MS), asyncio.Event()
        clock.call_at(START_MS + HOUR_MS, came.set)
        await asyncio.wait_for(came.wait(), PATIENCE_S)
        clock.set_rate(0)
        stands_at_ms = clock.now_ms()
        assert (clock.rate, stands_at_ms >= START_MS + HOUR_MS) == (0, True)
        clock.call_at(stands_at_ms + HOUR_MS, came.clear)
        await rest()
        assert (clock.now_ms(), came.is_set()) == (stands_at_ms, True)
        gone = asyncio.Event()
        clock.call_at(stands_at_ms + HOUR_MS, gone.set)
        clock.set_rate(1_000_000)
        await asyncio.wait_for(gone.wait(), PATIENCE_S)
        assert not came.is_set()

    asyncio.run(live())


def test_moving_a_running_clock_leaves_it_running() -> None:
    """The alarm for the next call is set anew, to its new distance."""

    async def live() -> None:
        clock, came = SteeredClock(), asyncio.Event()
        began_ms = clock.now_ms()
        clock.call_at(began_ms + HOUR_MS + 5, came.set)
        clock.advance_to(began_ms + HOUR_MS)
        await asyncio.wait_for(came.wait(), PATIENCE_S)
        assert began_ms + HOUR_MS + 5 <= clock.now_ms() < began_ms + HOUR_MS + PATIENCE_S * 1000

    asyncio.run(live())


def test_a_call_that_raises_is_in_nobodys_way() -> None:
    """The event loop is told of it, and the others are called all the same."""

    async def live() -> None:
        clock, came, told = SteeredClock(), asyncio.Event(), asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(lambda *_: told.set())

        def fail() -> None:
            raise ValueError("on purpose")

        clock.call_at(clock.now_ms() - 1, fail)
        clock.call_at(clock.now_ms(), came.set)
        await asyncio.wait_for(asyncio.gather(came.wait(), told.wait()), PATIENCE_S)

    asyncio.run(live())


def test_a_steered_clock_outlives_an_event_loop() -> None:
    """What was asked for in a loop that ended is called from the one that is there."""
    clock = SteeredClock()
    woken: list[str] = []

    async def ask() -> None:
        clock.call_at(clock.now_ms() + 5, lambda: woken.append("asked for before"))

    async def wait() -> None:
        came = asyncio.Event()
        clock.call_at(clock.now_ms() + 10, came.set)
        await asyncio.wait_for(came.wait(), PATIENCE_S)

    asyncio.run(ask())
    asyncio.run(wait())
    assert woken == ["asked for before"]
