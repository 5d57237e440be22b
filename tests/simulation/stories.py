"""What happens in a world: anything, from a seed; or one fixed story, with the mock dying at one place of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from mockserver.runtime import Runtime
from tests.simulation.clients import Client
from tests.simulation.places import SETTINGS, Setting
from tests.simulation.world import Broken, World

#: How much may happen in one simulation.
FEWEST, MOST = 15, 40
#: How long nothing is done, in milliseconds, up to.
PAUSES_MS = (1, 1, 100, 1000, 5000, 20_000)
#: After how many boundaries the mock dies, on average, or None for never.
CRASHES = (None, 10, 40, 40, 100)

#: The command that tells a simulation again, with everything that happened.
COMMAND = "python -m tests.simulation --seed {} --state {} --verbose"


class Trial(NamedTuple):
    """One simulation.

    Attributes:
        seed: everything follows from it.
        state: where the state of the mock is kept, a key of `SETTINGS`.
    """

    seed: int
    state: str

    def report(self, problem: Broken) -> str:
        """Return what is wrong, what happened before, and how to see it again."""
        again = COMMAND.format(self.seed, self.state)
        return f"{problem.history}\n\nseed {self.seed}: {problem}\nagain: {again}"


Told = Callable[[World], None]


def simulate(
    seed: int,
    setting: Setting = SETTINGS["memory"],
    runtime: type[Runtime] = Runtime,
    told: Told = lambda _: None,
) -> World:
    """Let anything happen, as a seed has it, and return the world after it.

    Args:
        seed: everything follows from it.
        setting: where the state is kept, and how many mocks share it.
        runtime: what answers requests.
        told: is given the world before anything happens.

    Raises:
        Broken: an invariant does not hold.
    """
    draws = Random(seed)
    world = World(seed, setting.place(), runtime, draws.random() < 0.3, setting.processes)
    told(world)

    async def anything() -> None:
        world.boundaries.only_fails = draws.random() < 0.2
        world.crash_every(draws.choice(CRASHES))
        is_plain = draws.random() < 0.2
        clients = [Client(key, world, is_plain) for key in world.keys]
        for _ in range(draws.randint(FEWEST, MOST)):
            await draws.choice(clients).act()
            await world.pass_time(draws.randrange(draws.choice(PAUSES_MS)))
        world.crash_every(None)
        await end(world, clients)

    _run(world, anything)
    return world


def tell(ends_at: int, setting: Setting = SETTINGS["memory"], only_fails: bool = False) -> World:
    """Tell one story in which everything comes once, and return its world.

    Args:
        ends_at: number of the boundary at which a mock dies.
        setting: where the state is kept, and how many mocks share it.
        only_fails: whether the store fails there, and nobody dies.

    Raises:
        Broken: an invariant does not hold.
    """
    world = World(1, setting.place(), processes=setting.processes)
    world.boundaries.ends_at, world.boundaries.only_fails = ends_at, only_fails

    async def story() -> None:
        first, second, _ = (Client(key, world, True) for key in world.keys)
        await first.submit(_video(world, webhookURL="hook", uploadEndpoint="put", numberResults=2))
        await second.submit(_video(world, prompt="[[providerError]]", webhookURL="hook"))
        await first.submit(_video(world, deliveryMethod="sync"))
        await first.submit_again()
        await second.pry()
        for _ in range(3):
            await first.poll()
            await world.pass_time(12_000)
        await second.submit_again()
        await world.pass_time(20_000)
        await end(world, (first, second))

    _run(world, story)
    return world


async def end(world: World, clients: Sequence[Client]) -> None:
    """Let everything come to its end, look at it, and hold it against what should be."""
    await world.settle()
    world.crash_every(None)
    for client in clients:
        await client.look_at_all()
    world.check_end()


def _video(world: World, prompt: str = "", **parameters: Any) -> dict[str, Any]:
    serial = world.next_serial()
    named = {
        name: world.receivers.address(value, serial) if value in ("hook", "put") else value
        for name, value in parameters.items()
    }
    task = {"taskType": "videoInference", "taskUUID": world.new_uuid(), "model": "minimax:3@1"}
    return {**task, "positivePrompt": f"a lighthouse {prompt}".strip(), **named}


def _run(world: World, work: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await work()
        finally:
            await world.close()

    asyncio.run(whole())
