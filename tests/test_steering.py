"""Moving the clock: from one due thing to the next, each at its own time, and no further before it has happened."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock, ReadClock, SteeredClock
from mockserver.journal import Attempt
from mockserver.ports import Clock, Courier
from mockserver.steering import LAST_MS, CannotMove, Steering
from mockserver.transports.websocket import IDLE_MS
from tests.support.control import KEY, UUID, VIDEO, Controlled
from tests.support.couriers import Receivers, SlowOutbox
from tests.support.loops import rest
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

HOOK, PLACE = "http://127.0.0.1:9/hook", "http://127.0.0.1:9/place"
START_MS = ManualClock().now_ms()
OTHER = UUID[:-1] + "2"
HOOKED, UPLOADED = {**VIDEO, "webhookURL": HOOK}, {**VIDEO, "uploadEndpoint": PLACE}


class Ship:
    """A mock whose clock is moved.

    Args:
        courier: sends its parcels.
        clock: its time.
        settings: of the mock, with _ in place of -.
    """

    def __init__(self, courier: Courier | None = None, clock: Clock | None = None, **settings: Any) -> None:
        self.clock = clock or ManualClock()
        self.house = Controlled(
            still_mock({name.replace("_", "-"): value for name, value in settings.items()}, self.clock, courier)
        )
        self.mock = self.house.mock
        self.steering = Steering(self.mock.runtime)

    @property
    def passed_ms(self) -> int:
        """How much time passed since the start."""
        return self.clock.now_ms() - START_MS

    def key(self, uuid: str = UUID) -> tuple[str, ...]:
        """Return the key of a task in the store."""
        return (self.mock.runtime.desk.keyring.owner(KEY) or "", uuid.lower())

    async def submit(self, **params: Any) -> int:
        """Hand in a video and return after how many milliseconds from the start its last result is due."""
        await self.house.send({**VIDEO, **params})
        tasks = (await self.house.call("GET", "/tasks")).body["tasks"]
        due_ms = [task["dueAtMs"][-1] for task in tasks if task["taskUUID"] == params.get("taskUUID", UUID)]
        return int(max(due_ms)) - START_MS

    async def poll(self, uuid: str = UUID) -> str:
        """Return the status of a task."""
        answer = await self.house.send({"taskType": "getResponse", "taskUUID": uuid})
        body = json.loads(answer.body)
        return str([*body.get("errors", ()), *body["data"]][0]["status"])

    def attempts(self) -> list[tuple[int, str, str]]:
        """Return when each attempt at a delivery ended, of what kind it was, and how it ended."""
        assert self.mock.journal
        entries = [entry for entry in self.mock.journal.entries() if isinstance(entry, Attempt)]
        return [(entry.at_ms - START_MS, entry.kind, entry.outcome) for entry in entries]


def test_everything_that_is_due_on_the_way_happens_at_its_own_time() -> None:
    """Results, uploads and webhooks of several tasks, each as if nobody had been in a hurry."""

    async def live() -> None:
        ship = Ship()
        first_ms = await ship.submit(**HOOKED)
        await ship.steering.advance(1000)
        second_ms = await ship.submit(**{**UPLOADED, "taskUUID": OTHER, "webhookURL": HOOK})
        await ship.steering.advance(3_600_000)
        assert sorted(ship.attempts()) == sorted(
            [
                (first_ms, "webhook", "delivered"),
                (second_ms, "upload", "delivered"),
                (second_ms, "webhook", "delivered"),
            ]
        )
        assert ship.passed_ms == 3_601_000

    asyncio.run(live())


def test_no_further_than_asked() -> None:
    """What is due a millisecond later does not happen."""

    async def live() -> None:
        ship = Ship()
        due_ms = await ship.submit(**HOOKED)
        await ship.steering.advance(due_ms - 1)
        assert (ship.attempts(), ship.passed_ms) == ([], due_ms - 1)
        await ship.steering.advance(0)
        assert ship.attempts() == []
        await ship.steering.advance(1)
        assert len(ship.attempts()) == 1

    asyncio.run(live())


def test_a_delivery_that_takes_its_time_is_waited_for() -> None:
    """Time stands still meanwhile, and the retry is counted from the end of the attempt."""

    async def live() -> None:
        courier = SlowOutbox()
        ship = Ship(courier, webhook_attempts="2")
        due_ms = await ship.submit(**HOOKED)
        moving = asyncio.ensure_future(ship.steering.advance(3_600_000))
        await rest()
        assert (ship.passed_ms, len(courier.under_way), moving.done()) == (due_ms, 1, False)
        courier.deliver(0, 500)
        await rest()
        again_ms = ship.passed_ms
        assert due_ms < again_ms < due_ms + 60_000
        assert not moving.done()
        courier.deliver()
        await moving
        assert ship.attempts() == [(due_ms, "webhook", "retry"), (again_ms, "webhook", "delivered")]
        assert ship.passed_ms == 3_600_000

    asyncio.run(live())


def test_several_deliveries_at_once_are_all_waited_for() -> None:
    """The last one that ends lets time go on."""

    async def live() -> None:
        courier = SlowOutbox()
        ship = Ship(courier)
        for uuid in (UUID, OTHER):
            await ship.submit(**{**HOOKED, "taskUUID": uuid, "numberResults": 2})
        moving = asyncio.ensure_future(ship.steering.advance_until_idle())
        ended = 0
        while not moving.done():
            await rest()
            if courier.under_way:
                courier.deliver(len(courier.under_way) - 1)
                ended += 1
        assert (ended, len(ship.attempts())) == (4, 4)

    asyncio.run(live())


# Until nothing is due


@pytest.mark.parametrize("params", [{}, {"webhookURL": HOOK}, {"uploadEndpoint": PLACE}, {"numberResults": 3}])
def test_until_nothing_is_due_every_task_is_over(params: Any) -> None:
    """Those with timers and those without; a second time nothing passes."""

    async def live() -> None:
        ship = Ship()
        due_ms = [await ship.submit(**params), await ship.submit(taskUUID=OTHER)]
        await ship.steering.advance_until_idle()
        assert ship.passed_ms == max(due_ms)
        assert [await ship.poll(uuid) for uuid in (UUID, OTHER)] == ["success", "success"]
        await ship.steering.advance_until_idle()
        assert ship.passed_ms == max(due_ms)

    asyncio.run(live())


def test_until_nothing_is_due_a_delivery_is_tried_as_often_as_it_may_be() -> None:
    """The last attempt is over, whatever it came to."""

    async def live() -> None:
        ship = Ship(Receivers(lambda _: 500), webhook_attempts="5")
        due_ms = await ship.submit(**HOOKED)
        await ship.steering.advance_until_idle()
        assert [outcome for _, _, outcome in ship.attempts()] == ["retry"] * 4 + ["given up"]
        times = [at_ms for at_ms, _, _ in ship.attempts()]
        assert times == sorted({*times})
        assert (times[0], times[-1]) == (due_ms, ship.passed_ms)

    asyncio.run(live())


@pytest.mark.parametrize("params", [{}, {"webhookURL": HOOK}, {"uploadEndpoint": PLACE}])
def test_what_a_fault_keeps_for_ever_is_not_waited_for(params: Any) -> None:
    """A stalled task is nothing that is due; another one is, and time does not run away."""

    async def live() -> None:
        ship = Ship()
        await ship.submit(positivePrompt="[[stall-rendering]] a mill", **params)
        await ship.steering.advance_until_idle()
        assert ship.passed_ms == 0
        due_ms = await ship.submit(taskUUID=OTHER)
        await ship.steering.advance_until_idle()
        assert ship.passed_ms == due_ms
        assert await ship.poll() == "processing"

    asyncio.run(live())


def test_limits_to_silence_do_not_count() -> None:
    """A WebSocket connection lives on until time really passes."""

    async def live() -> None:
        ship = Ship(speed="10")
        async with SocketClient(ship.mock.front(None)) as client:
            await client.say(json.dumps([{"taskType": "authentication", "apiKey": KEY}]))
            await ship.steering.advance_until_idle()
            assert (ship.passed_ms, client.close) == (0, None)
            due_ms = await ship.submit()
            await ship.steering.advance_until_idle()
            assert ship.passed_ms == due_ms < IDLE_MS
            await ship.steering.advance(IDLE_MS)
            await rest()
            assert client.close is not None

    asyncio.run(live())


def test_an_answer_that_is_waited_for_comes() -> None:
    """Over HTTP, and with a fault that delays it."""

    async def live() -> None:
        ship = Ship(profile="compat", speed="10")
        waiting = [
            asyncio.ensure_future(ship.house.send({**VIDEO, "deliveryMethod": "sync"})),
            asyncio.ensure_future(
                ship.house.send(
                    {**VIDEO, "taskUUID": OTHER, "positivePrompt": "[[delay-request delay_ms=90000]] x y z"}
                )
            ),
        ]
        await rest()
        await ship.steering.advance_until_idle()
        assert all([json.loads((await each).body)["data"] for each in waiting])
        assert ship.passed_ms >= 90_000

    asyncio.run(live())


def test_with_nothing_to_do_no_time_passes() -> None:
    """A mock that nobody asked anything of is idle."""

    async def live() -> None:
        ship = Ship()
        await ship.steering.advance_until_idle()
        assert ship.passed_ms == 0

    asyncio.run(live())


# Until a task is over


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"numberResults": 3},
        {"webhookURL": HOOK},
        {"uploadEndpoint": PLACE},
        {"uploadEndpoint": PLACE, "numberResults": 3, "webhookURL": HOOK},
    ],
)
def test_until_a_task_is_over_and_no_further(params: Any) -> None:
    """Its last result is made and uploaded; tasks that take longer are still under way."""

    async def live() -> None:
        ship = Ship()
        due_ms = await ship.submit(**params)
        await ship.steering.advance(1000)
        await ship.submit(taskUUID=OTHER, webhookURL=HOOK, positivePrompt="[[slow-rendering]] a mill")
        await ship.steering.advance_until_finished(ship.key())
        assert ship.passed_ms == due_ms
        assert [await ship.poll(uuid) for uuid in (UUID, OTHER)] == ["success", "processing"]
        await ship.steering.advance_until_finished(ship.key())
        assert ship.passed_ms == due_ms

    asyncio.run(live())


def test_an_upload_that_takes_its_time_and_fails_first_is_waited_for() -> None:
    """A task is over when its file is where it was to go."""

    async def live() -> None:
        courier = SlowOutbox()
        ship = Ship(courier, upload_attempts="2")
        await ship.submit(**UPLOADED)
        moving = asyncio.ensure_future(ship.steering.advance_until_finished(ship.key()))
        for status in (500, 200):
            while not courier.under_way:
                await rest()
            assert await ship.poll() == "processing"
            courier.deliver(0, status)
        await moving
        assert await ship.poll() == "success"
        assert [outcome for _, _, outcome in ship.attempts()] == ["retry", "delivered"]

    asyncio.run(live())


def test_a_task_that_fails_is_over() -> None:
    """As much as one that went well."""

    async def live() -> None:
        ship = Ship()
        due_ms = await ship.submit(positivePrompt="[[providerError]] a mill")
        await ship.steering.advance_until_finished(ship.key())
        assert (ship.passed_ms, await ship.poll()) == (due_ms, "error")

    asyncio.run(live())


@pytest.mark.parametrize("params", [{}, {"webhookURL": HOOK}])
def test_a_task_that_never_ends_is_not_waited_for(params: Any) -> None:
    """Whoever asks for it is told why, and time stands."""

    async def live() -> None:
        ship = Ship()
        await ship.submit(positivePrompt="[[stall-rendering]] a mill", **params)
        with pytest.raises(CannotMove, match="fault"):
            await ship.steering.advance_until_finished(ship.key())
        assert ship.passed_ms == 0
        told = await ship.house.call("POST", "/clock/advance", {"untilFinished": UUID})
        assert (told.status, told.body["errors"][0]["code"]) == (409, "cannotMove")

    asyncio.run(live())


def test_a_task_that_is_not_there_is_told() -> None:
    """Never handed in, or forgotten on the way."""

    async def live() -> None:
        courier = SlowOutbox()
        ship = Ship(courier)
        with pytest.raises(CannotMove, match="no task"):
            await ship.steering.advance_until_finished(ship.key())
        await ship.submit(**UPLOADED)
        moving = asyncio.ensure_future(ship.steering.advance_until_finished(ship.key()))
        await rest()
        await ship.house.call("POST", "/reset")
        with pytest.raises(CannotMove, match="no task"):
            await moving

    asyncio.run(live())


# Who moves, and what can be moved


@pytest.mark.parametrize("second", ["advance", "idle", "finished"])
def test_two_at_once_take_turns(second: str) -> None:
    """The later one begins where the earlier one ended."""

    async def live() -> None:
        courier = SlowOutbox()
        ship = Ship(courier)
        due_ms = await ship.submit(**HOOKED)
        moves: dict[str, Callable[[], Awaitable[None]]] = {
            "advance": lambda: ship.steering.advance(7),
            "idle": ship.steering.advance_until_idle,
            "finished": lambda: ship.steering.advance_until_finished(ship.key()),
        }
        first = asyncio.ensure_future(ship.steering.advance(due_ms + 1000))
        then = asyncio.ensure_future(moves[second]())
        await rest()
        assert (ship.passed_ms, first.done(), then.done()) == (due_ms, False, False)
        courier.deliver()
        await asyncio.gather(first, then)
        assert ship.passed_ms == due_ms + 1000 + (7 if second == "advance" else 0)

    asyncio.run(live())


def test_who_gives_up_lets_the_next_one_move() -> None:
    """A caller that goes away does not keep the clock."""

    async def live() -> None:
        courier = SlowOutbox()
        ship = Ship(courier)
        await ship.submit(**HOOKED)
        first = asyncio.ensure_future(ship.steering.advance(3_600_000))
        await rest()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        courier.deliver()
        before_ms = ship.passed_ms
        await ship.steering.advance(5)
        assert ship.passed_ms == before_ms + 5

    asyncio.run(live())


@pytest.mark.parametrize("rate", [0, 1, 1000])
def test_a_clock_that_runs_can_be_moved_too(rate: float) -> None:
    """At any rate: afterwards everything is over."""

    async def live() -> None:
        ship = Ship(clock=SteeredClock(rate, START_MS))
        await ship.submit(**HOOKED)
        await ship.submit(taskUUID=OTHER)
        await ship.steering.advance_until_idle()
        assert [await ship.poll(uuid) for uuid in (UUID, OTHER)] == ["success", "success"]
        before_ms = ship.passed_ms
        await ship.steering.advance(60_000)
        assert ship.passed_ms >= before_ms + 60_000

    asyncio.run(live())


def test_a_clock_that_nobody_moves_says_so() -> None:
    """And what would help."""

    async def live() -> None:
        ship = Ship(clock=ReadClock())
        await ship.submit()
        for move in (ship.steering.advance(1), ship.steering.advance_until_idle(), ship.steering.advance_until_finished(ship.key())):  # fmt: skip
            with pytest.raises(CannotMove, match="ManualClock"):
                await move

    asyncio.run(live())


def test_time_does_not_go_past_the_last_year() -> None:
    """To its very end, and then no millisecond more."""

    async def live() -> None:
        ship = Ship(clock=ManualClock(LAST_MS - 5))
        with pytest.raises(CannotMove, match="9999"):
            await ship.steering.advance(6)
        await ship.steering.advance(5)
        assert ship.clock.now_ms() == LAST_MS

    asyncio.run(live())
