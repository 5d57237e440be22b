"""What durable state costs beside memory, and what a throng of clients does to a mock."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles
from types import MappingProxyType

from tests.bench.load import Tally, drive
from tests.bench.measures import (
    ENDLESS,
    FULL,
    PER_CPU_S,
    Competitor,
    Plan,
    Stage,
    WrongAnswers,
    hand_in,
    ratios,
    take_turns,
)
from tests.bench.report import Row, Target, spread
from tests.bench.servers import Cores, Server
from tests.bench.traffic import clients, polls, submits, uuid_of
from tests.support.redis import redis_server

MEMORY = "memory"
#: What is wanted of each kind of state, as a share of what memory gives.
WANTED = {"file": 0.60, "redis": 0.35}
#: How many tasks are alive, how many clients have them and poll at a time, and how long.
TASKS, POLLERS, THRONG_S = 10_000, 2_000, 15.0
#: Tasks handed in one after the other, and how long each is kept, in hours.
PASSING, KEPT_HOURS = 50_000, "0.001"
#: How long after the last of them memory is looked at, in seconds: they have expired by then.
EXPIRED_S = 12.0


@contextmanager
def _places() -> Iterator[dict[str, str]]:
    """Give the setting of each kind of state."""
    with tempfile.TemporaryDirectory() as name, redis_server(Path(name)) as redis:
        yield {MEMORY: MEMORY, "file": str(Path(name) / "mock.db"), "redis": redis.url()}


def measure_states(plan: Plan, cores: Cores) -> list[Row]:
    """Return requests a CPU second of mocks with each kind of state, beside the one in memory."""
    rows: list[Row] = []
    running = partial(polls, uuid_of(0), b'"status":"processing"')
    for name, asks, tasks in (("submit", submits, 0), ("poll", running, 1)):
        with _places() as places, Stage(cores) as stage:
            competitors = []
            for kind, place in places.items():
                server = stage.mock("--log", "quiet", "--state", place, *ENDLESS)
                hand_in(server, tasks)
                competitors.append(Competitor(kind, server, asks()))
            rates = take_turns(competitors, plan.rounds, plan.turn_s)
        for kind, wanted in WANTED.items():
            target = Target(wanted, is_least=True)
            ratio = ratios(rates[kind], rates[MEMORY])
            rows.append(Row(f"{name}, state in {kind}", PER_CPU_S, spread(rates[kind]), ratio, target=target))
    return rows


def measure_throng(plan: Plan, cores: Cores) -> list[Row]:
    """Return what polls of many clients at once take, and the memory that a task takes."""
    with Stage(cores) as stage:
        server = stage.mock("--log", "quiet", *ENDLESS)
        before_mib = _warm_mib(server)
        handed_in, asked = clients(TASKS, POLLERS)
        _right("handing in", drive(server.port, iter(handed_in)))
        between_mib = server.memory_mib()
        _right("handing in", drive(server.port, iter(clients(TASKS, TASKS, "24cd5dfe")[0])))
        alone_kib = (server.memory_mib() - between_mib) * 1024 / TASKS
        held_kib = (between_mib - before_mib) * 1024 / TASKS
        for_s = THRONG_S if plan.rounds >= FULL.rounds else plan.turn_s * 5
        throng = iter(partial(Random(0).choice, asked), None)
        tally = _right("a throng", drive(server.port, throng, for_s=for_s, connections=POLLERS, is_timed=True))
    waits_ms = [wait_s * 1000 for wait_s in tally.waits_s]
    p50, p99 = median(waits_ms), quantiles(waits_ms, n=100)[98]
    name = f"{POLLERS:,} clients polling {TASKS:,} tasks"
    return [
        Row(f"{name}, p50", "ms", spread([p50])),
        Row(f"{name}, p99 over p50", "ms", spread([p99]), spread([p99 / p50]), target=Target(20)),
        Row("memory of a running task", "KiB", spread([held_kib]), target=Target(2)),
        Row("memory of a client with a running task", "KiB", spread([alone_kib])),
    ]


def _right(name: str, tally: Tally) -> Tally:
    if tally.wrong:
        raise WrongAnswers(name, tally)
    return tally


def measure_passing(plan: Plan, cores: Cores) -> list[Row]:
    """Return what memory is held after many tasks that have come and gone, beside what was held before."""
    return [_passed(plan, cores, ()), _passed(plan, cores, ("PYTHONMALLOC=malloc",))]


def _passed(plan: Plan, cores: Cores, variables: Sequence[str]) -> Row:
    number = PASSING if plan.rounds >= FULL.rounds else PASSING // 10
    with Stage(cores) as stage:
        server = stage.mock("--log", "quiet", "--keep-hours", KEPT_HOURS, "--speed", "instant", variables=variables)
        before_mib = _warm_mib(server)
        Competitor("passing tasks", server, submits()).ask(most=number)
        time.sleep(EXPIRED_S)  # a server of its own, in real time: its memory at rest is what is measured
        Competitor("one more", server, submits()).ask(most=1)
        after_mib = server.memory_mib()
    name = ", ".join([f"memory after {number:,} tasks have expired", *variables])
    return Row(name, "MiB", spread([after_mib]), spread([after_mib / before_mib]), target=Target(1.10))


def _warm_mib(server: Server) -> float:
    """Return what is held at rest, after the first requests: with them the last of the code is loaded."""
    Competitor("first tasks", server, submits()).ask(most=2000)
    return server.memory_mib()


#: Everything that is measured here, by name.
STATES: Mapping[str, Callable[[Plan, Cores], list[Row]]] = MappingProxyType(
    {"durable state": measure_states, "a throng of clients": measure_throng, "passing tasks": measure_passing}
)
