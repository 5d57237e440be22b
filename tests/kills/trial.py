"""One trial: a load, so many kills, and then the question what was lost."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.kills.load import Load
from tests.kills.mock import Victim

#: How long what is owed may take to come after the last kill, in seconds.
COMES_WITHIN_S = 120.0
#: How long a mock is left alone between two kills, in seconds: from nothing to long enough for videos to be made.
ALONE_S = (0.0, 0.5)
#: How many tasks are asked about in one request.
BATCH = 500
#: How a mock is served that is to be killed: videos are made in a moment, and no task is forgotten before it is asked about.
SETTINGS = ("--speed", "200", "--keep-tasks", "1000000")


@dataclass(frozen=True)
class Outcome:
    """What a trial found.

    Attributes:
        kills: how many there were.
        acknowledged: how many tasks were acknowledged.
        lost_tasks: those that nobody knows any more, or that never end.
        lost_webhooks: tasks whose webhook never came.
        repeated: how many webhooks came more than once.
        statuses: statuses of answers that are no 200, and how many.
        exit_status: of the mock, when it was told to end.
    """

    kills: int
    acknowledged: int
    lost_tasks: Sequence[str]
    lost_webhooks: Sequence[str]
    repeated: int
    statuses: dict[int, int]
    exit_status: int

    def __str__(self) -> str:
        others = ", ".join(f"{number} of status {status}" for status, number in sorted(self.statuses.items())) or "none"
        return (
            f"{self.kills} kills, {self.acknowledged} tasks acknowledged: {len(self.lost_tasks)} tasks lost, "
            f"{len(self.lost_webhooks)} webhooks lost, {self.repeated} webhooks repeated; other answers: {others}"
        )


async def trial(victim: Victim, kills: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Kill mocks at random instants under load.

    Args:
        victim: who is killed; it is begun and ended here.
        kills: how often.
        seed: what the instants are drawn from.
        say: is told how far it is.
    """
    draw = random.Random(seed)
    try:
        await victim.begin()
        async with Load(victim.url, clients=4) as load:
            load.begin()
            for number in range(kills):
                await asyncio.sleep(draw.uniform(*ALONE_S))  # real time: processes know no other; see the package
                await victim.kill(draw.randrange(1000))
                if number % 10 == 9:
                    say(f"{number + 1} of {kills} kills, {len(load.acknowledged)} tasks acknowledged")
            await asyncio.sleep(ALONE_S[1])  # the same: the last one killed begins meanwhile
            await load.stop()
            statuses = {status: count for status, count in load.answers.items() if status != 200}
            lost_webhooks = await _awaited(load)
            lost_tasks = await _unknown(load)
            exit_status = await victim.end()
    except BaseException:
        await victim.end()
        raise
    repeated = sum(count > 1 for count in load.received.values())
    return Outcome(kills, len(load.acknowledged), lost_tasks, lost_webhooks, repeated, statuses, exit_status)


async def _awaited(load: Load) -> list[str]:
    """Wait for the webhooks of all tasks, and return the tasks whose webhooks do not come."""
    until = time.monotonic() + COMES_WITHIN_S
    while missing := [each for each in load.acknowledged if not load.received[each]]:
        if time.monotonic() > until:
            return missing
        await asyncio.sleep(0.1)  # real time, until real processes have sent what they owe
    return []


async def _unknown(load: Load) -> list[str]:
    """Return the tasks that are not told to have succeeded, asked about by their keys."""
    lost = []
    for key in sorted(set(load.acknowledged.values())):
        uuids = [each for each, owner in load.acknowledged.items() if owner == key]
        for begin in range(0, len(uuids), BATCH):
            batch = uuids[begin : begin + BATCH]
            told = await load.ask(key, *({"taskType": "getResponse", "taskUUID": each} for each in batch))
            done = {item["taskUUID"] for item in (told or {}).get("data", ()) if item["status"] == "success"}
            lost += [each for each in batch if each not in done]
    return lost
