"""The kit: how many examples it plays, what noting them for coverage takes, and how soon it finds a mistake."""

import asyncio
import time
from collections.abc import Sequence

import httpx
import respx

from contracts.clients.python import PythonClient
from contracts.coverage.meter import Meter
from contracts.families import FAMILIES
from contracts.recording import Recording
from contracts.runner import Runner
from contracts.stage import Stage
from tests.bench.measures import FULL, PER_CPU_S, Plan, ratios
from tests.bench.report import Row, Target, spread
from tests.bench.servers import Cores
from tests.kit.mutants import MUTANTS, Mutant
from tests.kit.sound import NO_TLS, client
from tests.kit.table import examine

#: Examples with which nothing goes wrong: one submission and a poll or two. The others take as long as their clients.
PLAIN = ("words",)
#: How a client of httpx reaches the mock, whether that is the short way, and how many examples a CPU second are wanted.
WAYS = (("sockets", False, Target(100, is_least=True)), ("respx", True, Target(300, is_least=True)))
#: How many requests a plain example takes, and how often they are sent to measure what they take alone.
REQUESTS, EXAMPLES = 3, 300
#: Of the mutants, every so many is put under the kit in a short run.
FEW = 8


def measure_kit(plan: Plan, _cores: Cores) -> list[Row]:
    """Return how many examples a sound client plays a second, what noting them takes, and how soon mutants are found."""
    rows = []
    for about, families in (("plain examples", PLAIN), ("examples of every kind", None)):
        rates: dict[str, list[float]] = {name: [] for name, _, _ in WAYS}
        for number in range(plan.rounds):
            for name, is_short, _ in WAYS:
                rates[name].append(examples_a_second(families, number, is_short=is_short))
        base = rates["sockets"]
        for name, _, target in WAYS:
            wanted = target if families else None
            row = Row(f"{about} over {name}", PER_CPU_S, spread(rates[name]), target=wanted)
            rows.append(row)
        rows.append(Row(f"{about} over respx, times those over sockets", "", ratios(rates["respx"], base)))
    floor = [requests_alone() for _ in range(plan.rounds)]
    rows.append(Row("the requests of plain examples alone over respx", PER_CPU_S, spread(floor)))
    rows.append(Row("noting an exchange for coverage", "µs CPU", spread(notings_us(plan.rounds)), target=Target(200)))
    return [*rows, *measure_findings(MUTANTS if plan.rounds >= FULL.rounds else MUTANTS[::FEW])]


def examples_a_second(families: Sequence[str] | None, seed: int, *, is_short: bool) -> float:
    """Return how many examples are played in a second of CPU time, drawn and checked."""
    kinds = families or [*FAMILIES]
    with Stage(PythonClient(client), is_short=is_short) as stage:
        Runner(stage, profile="quick", seed=seed).run(PLAIN)
        began_s = time.process_time()
        report = Runner(stage, profile="ci" if families else "quick", seed=seed).run(kinds)
        return report.examples / (time.process_time() - began_s)


def requests_alone() -> float:
    """Return how often a second of CPU time a client is made and sends what a plain example takes, for no answer.

    It is what no kit can do without: nothing is drawn, checked, recorded or made.
    """

    async def send() -> None:
        with respx.mock(assert_all_called=False) as router:
            router.route().mock(return_value=httpx.Response(200, json={"data": []}))
            for _ in range(EXAMPLES):
                async with httpx.AsyncClient(verify=NO_TLS, trust_env=False) as http:
                    for _ in range(REQUESTS):
                        (await http.post("http://127.0.0.1:9/v1", content=b"[]")).json()

    began_s = time.process_time()
    asyncio.run(send())
    return EXAMPLES / (time.process_time() - began_s)


def notings_us(rounds: int) -> list[float]:
    """Return how long it takes to note an exchange for coverage, once a round, in microseconds of CPU time."""
    recordings: list[Recording] = []
    with Stage(PythonClient(client), is_short=True) as stage:
        Runner(stage, profile="quick", seed=1, heed=recordings.append).run()
        meter = Meter(stage.spec)
    number = sum(len(recording.exchanges) for recording in recordings)
    took_us = []
    for _ in range(rounds):
        began_s = time.process_time()
        for recording in recordings:
            meter.heed(recording)
        took_us.append((time.process_time() - began_s) * 1e6 / number)
    return took_us


def measure_findings(mutants: Sequence[Mutant]) -> list[Row]:
    """Return how many seconds pass until the mistake of a mutant is seen, from the start of the kit."""
    took_s = []
    for mutant in mutants:
        row = examine(mutant, is_alone=True)
        if row.broken is None:
            raise AssertionError(f"{mutant.name} was not found")
        took_s.append(row.broken.after_s)
    return [Row(f"first finding of each of {len(took_s)} mutants, median", "s", spread(took_s), target=Target(2))]
