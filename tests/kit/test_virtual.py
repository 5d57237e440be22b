"""In a virtual loop waiting takes no time, for coroutines, for threads, and for whoever reads the clock."""

import asyncio
import time

from contracts.virtual import LoopClock, VirtualLoop

HOUR_S = 3600


def test_an_hour_passes_at_once_and_in_order() -> None:
    """Timers ring in the order of their times, and the loop's time is theirs."""
    loop = VirtualLoop()
    rung: list[tuple[str, float]] = []

    async def wait(name: str, for_s: float) -> None:
        await asyncio.sleep(for_s)
        rung.append((name, loop.time()))

    async def live() -> None:
        await asyncio.gather(wait("late", HOUR_S), wait("early", 1), wait("later", 2 * HOUR_S))

    loop.run(live())
    loop.close()
    assert rung == [("early", 1), ("late", HOUR_S), ("later", 2 * HOUR_S)]


def test_deadlines_that_are_reckoned_with_the_clock_come_as_they_would() -> None:
    """time.time, time.monotonic and time.perf_counter follow the loop while it runs, and are real afterwards."""
    loop = VirtualLoop()
    real = time.time, time.monotonic, time.perf_counter

    async def live() -> list[float]:
        before = [time.time(), time.monotonic(), time.perf_counter()]
        await asyncio.sleep(HOUR_S)
        after = [time.time(), time.monotonic(), time.perf_counter()]
        return [b - a for a, b in zip(before, after, strict=True)]

    passed = loop.run(live())
    loop.close()
    assert [round(each) for each in passed] == [HOUR_S] * 3
    assert (time.time, time.monotonic, time.perf_counter) == real


def test_a_thread_is_waited_for() -> None:
    """Work in a thread takes its real time, and no timer rings meanwhile."""
    loop = VirtualLoop()

    def work() -> float:
        return loop.time()

    async def live() -> float:
        timer = asyncio.ensure_future(asyncio.sleep(HOUR_S))
        seen = await asyncio.get_running_loop().run_in_executor(None, work)
        timer.cancel()
        return seen

    assert loop.run(live()) == 0
    loop.run(loop.shutdown_default_executor())
    loop.close()


def test_a_thread_may_sleep_for_an_hour() -> None:
    """Its sleep takes the loop's time, and what is due in it happens first."""
    loop = VirtualLoop()
    rung: list[float] = []

    def work() -> float:
        time.sleep(HOUR_S)
        return loop.time()

    async def live() -> float:
        loop.call_later(60, lambda: rung.append(loop.time()))
        return await asyncio.get_running_loop().run_in_executor(None, work)

    assert loop.run(live()) == HOUR_S
    assert rung == [60]
    loop.run(loop.shutdown_default_executor())
    loop.close()


def test_what_is_sent_between_two_sockets_arrives_before_time_jumps() -> None:
    """A server and a client in one loop talk while a long timer waits: no byte comes late."""
    loop = VirtualLoop()
    rounds = 300

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def live() -> float:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        for _ in range(rounds):
            writer.write(b"a line\n")
            async with asyncio.timeout(HOUR_S):
                assert await reader.readline() == b"a line\n"
        writer.close()
        await writer.wait_closed()
        server.close()
        await asyncio.sleep(0)
        return loop.time()

    assert loop.run(live()) == 0
    loop.close()


def test_the_clock_of_a_mock_in_the_loop_is_the_loops() -> None:
    """Its calls come in the loop's time, and can be taken back."""
    loop = VirtualLoop()
    clock = LoopClock(loop)
    came: list[int] = []

    async def live() -> None:
        began_ms = clock.now_ms()
        clock.call_at(began_ms + 5_000, lambda: came.append(clock.now_ms() - began_ms))
        clock.call_at(began_ms + 1_000, lambda: came.append(-1))()
        await asyncio.sleep(10)

    loop.run(live())
    loop.close()
    assert [round(each, -1) for each in came] == [5_000]
