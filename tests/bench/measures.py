"""What is measured, and how: rounds in which all competitors take turns, so that whatever slows one slows all."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tests.bench.load import HTTP, WEBSOCKET, NoAnswer, Tally, Transport, drive
from tests.bench.report import Row, Spread, Target, spread
from tests.bench.servers import ROOT, Cores, Server, mock_words, reference_words, started
from tests.bench.traffic import (
    OK,
    REFUSED,
    TEXT,
    Asks,
    batches,
    echoed,
    polls,
    random_polls,
    refusals,
    socket_pings,
    socket_submits,
    submits,
    uuid_of,
)
from tests.support.day import day

BASE, FLOOR = "base", "floor"
PER_CPU_S = "/CPU s"
#: Tasks handed in under this setting are not finished for many hours.
ENDLESS = ("--speed", "0.001")
INSTANT = ("--speed", "instant")
#: Share of a turn that each competitor first gets without being measured.
WARM_UP = 0.25
#: What a million running tasks take, roughly, in MiB.
NEEDED_MIB = 2500


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: how often every competitor has its turn.
        turn_s: how long a turn takes, in seconds.
        socket_turn_s: the same over WebSocket.
        starts: how often the mock is started.
        submits: tasks handed in before memory is looked at.
        few, many: running tasks, the poll times of which are compared.
    """

    rounds: int
    turn_s: float
    socket_turn_s: float
    starts: int
    submits: int
    few: int
    many: int


FULL = Plan(rounds=5, turn_s=1.5, socket_turn_s=0.6, starts=7, submits=1_000_000, few=1000, many=1_000_000)
QUICK = Plan(rounds=2, turn_s=0.3, socket_turn_s=0.2, starts=3, submits=30_000, few=1000, many=30_000)


class WrongAnswers(Exception):
    """Answers were not what they must be; figures beside them would mean nothing.

    Attributes:
        name: what was measured.
        tally: how many were wrong, and the beginning of one.
    """

    def __init__(self, name: str, tally: Tally) -> None:
        super().__init__(name, tally)
        self.name = name
        self.tally = tally

    def __str__(self) -> str:
        shown = self.tally.example.decode(errors="replace")
        return f"{self.name}: {self.tally.wrong:,} of {self.tally.answers:,} answers are wrong, such as\n{shown}"


@dataclass(frozen=True, slots=True)
class Competitor:
    """A server and what it is asked in its turn.

    Attributes:
        name: as it appears in the table.
        server: who is asked.
        asks: what; endless.
        transport: how.
    """

    name: str
    server: Server
    asks: Asks
    transport: Transport = HTTP

    def ask(self, for_s: float = float("inf"), most: int | None = None) -> Tally:
        """Ask for a while.

        Raises:
            WrongAnswers: an answer was wrong.
            NoAnswer: the server owes one.
        """
        try:
            tally = drive(self.server.port, self.asks, self.transport, for_s, most)
        except (NoAnswer, ConnectionError) as problem:
            raise NoAnswer(f"{self.name}: {problem}") from problem
        if tally.wrong:
            raise WrongAnswers(self.name, tally)
        return tally

    def turn(self, for_s: float) -> float:
        """Return how many requests were answered in a second of the server's CPU time."""
        before_s = self.server.cpu_s()
        tally = self.ask(for_s)
        return tally.answers / (self.server.cpu_s() - before_s)


def take_turns(competitors: Sequence[Competitor], rounds: int, turn_s: float) -> Mapping[str, list[float]]:
    """Return each competitor's requests a CPU second, round by round."""
    for competitor in competitors:
        competitor.ask(turn_s * WARM_UP)
    rates: dict[str, list[float]] = {competitor.name: [] for competitor in competitors}
    for _ in range(rounds):
        for competitor in competitors:
            rates[competitor.name].append(competitor.turn(turn_s))
    return rates


def ratios(values: Sequence[float], others: Sequence[float]) -> Spread:
    """Return the ratio within each round."""
    return spread([value / other for value, other in zip(values, others, strict=True)])


class Stage:
    """Where servers run; it ends them all when it is left.

    Args:
        cores: who runs where.
    """

    def __init__(self, cores: Cores) -> None:
        self._cores = cores
        self._stack = ExitStack()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def mock(self, *options: str, variables: Sequence[str] = ()) -> Server:
        """Start a mock with these options, and variables of the environment such as "NAME=value"."""
        words = [*(("env", *variables) if variables else ()), *mock_words(*options)]
        return self._stack.enter_context(started(words, self._cores))

    def reference(self, name: str) -> Server:
        """Start the base or the floor."""
        return self._stack.enter_context(started(reference_words(name), self._cores))


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a contest, once for each log.

    Attributes:
        name: as it appears in the table.
        asks: makes what the mock is asked.
        options: how the mock is started.
        tasks: how many it is handed before.
    """

    name: str
    asks: Callable[[], Asks]
    options: tuple[str, ...] = ()
    tasks: int = 0


@dataclass(frozen=True, slots=True)
class Contest:
    """Mocks beside the references at one kind of request.

    Attributes:
        name: what the requests are.
        opening: how the floor answers them.
        entries: the mocks; the references are asked what the first of them is.
        target: the ratio to the base that is wanted.
    """

    name: str
    opening: bytes
    entries: tuple[Entry, ...]
    target: Target


def _poll_of(part: bytes) -> Callable[[], Asks]:
    return lambda: polls(uuid_of(0), part)


SUBMIT = Contest("submit", OK, (Entry("submit", submits),), Target(0.55, is_least=True))
REFUSAL = Contest("refusal", REFUSED, (Entry("refusal, six reasons", refusals),), Target(0.40, is_least=True))
POLL = Contest(
    "poll",
    OK,
    (
        Entry("poll, running task", _poll_of(b'"status":"processing"'), ENDLESS, 1),
        Entry("poll, finished task", _poll_of(b'"videoURL":"http://'), INSTANT, 1),
    ),
    Target(0.70, is_least=True),
)
LOGS = ("pretty", "quiet")


def measure_contest(contest: Contest, plan: Plan, cores: Cores) -> list[Row]:
    """Return requests a CPU second of the base, and of mocks with either log beside it."""
    asks = contest.entries[0].asks
    with Stage(cores) as stage:
        competitors = [
            Competitor(BASE, stage.reference(BASE), echoed(asks(), OK)),
            Competitor(FLOOR, stage.reference(FLOOR), echoed(asks(), contest.opening)),
        ]
        for entry in contest.entries:
            for log in LOGS:
                server = stage.mock("--log", log, *entry.options)
                hand_in(server, entry.tasks)
                competitors.append(Competitor(f"{entry.name}, log {log}", server, entry.asks()))
        rates = take_turns(competitors, plan.rounds, plan.turn_s)
    return _rows(contest.name, rates, contest.target)


def hand_in(server: Server, number: int) -> None:
    """Hand in the first tasks."""
    Competitor(f"handing in {number:,} tasks", server, batches(number)).ask()


def _rows(name: str, rates: Mapping[str, list[float]], target: Target | None = None) -> list[Row]:
    base = rates[BASE]
    floor = ratios(rates[FLOOR], base) if FLOOR in rates else None
    return [
        Row(f"{name}, base itself", PER_CPU_S, spread(base)),
        *(
            Row(mock, PER_CPU_S, spread(values), ratios(values, base), floor, target)
            for mock, values in rates.items()
            if mock not in (BASE, FLOOR)
        ),
    ]


def measure_sockets(plan: Plan, cores: Cores) -> list[Row]:
    """Return messages a CPU second over WebSocket."""
    rows: list[Row] = []
    for name, asks in (("ping", socket_pings), ("submit", socket_submits)):
        with Stage(cores) as stage:
            constant = echoed(asks(), TEXT)
            base = Competitor(BASE, stage.reference(BASE), constant, WEBSOCKET)
            mock = Competitor(f"{name} over WebSocket", stage.mock(), asks(), WEBSOCKET)
            rates = take_turns([base, mock], plan.rounds, plan.socket_turn_s)
        rows.extend(_rows(f"{name} over WebSocket", rates))
    return rows


def measure_start(plan: Plan, cores: Cores) -> list[Row]:
    """Return how long it takes from nothing to the first answer, beside the base's, and what is held then."""
    waits_s, bases_s, cpus_s, sizes_mib = [], [], [], []
    for _ in range(plan.starts):
        with Stage(cores) as stage:
            bases_s.append(stage.reference(BASE).ready_s)
            server = stage.mock()
            waits_s.append(server.ready_s)
            cpus_s.append(server.cpu_s())
            sizes_mib.append(server.memory_mib())
    return [
        Row("start to first answer, base itself", "s", spread(bases_s)),
        Row("start to first answer", "s", spread(waits_s), target=Target(0.30)),
        Row("start to first answer, beside base", "s", spread(waits_s), ratios(waits_s, bases_s)),
        Row("start to first answer, CPU", "s", spread(cpus_s)),
        Row("import of mockserver.spec", "s", spread([_import_s() for _ in range(plan.starts)])),
        Row("memory at start", "MiB", spread(sizes_mib), target=Target(50)),
    ]


def _import_s() -> float:
    code = "import time; t = time.perf_counter(); import mockserver.spec.load; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    return float(done.stdout)


def measure_memory(plan: Plan, cores: Cores) -> list[Row]:
    """Return what is held after many submissions with default settings."""
    target = Target(100) if plan.submits >= FULL.submits else None
    with Stage(cores) as stage:
        server = stage.mock()
        after = f"after {plan.submits:,} submits"
        Competitor(after, server, submits()).ask(most=plan.submits)
        now_mib, peak_mib = server.memory_mib(), server.peak_mib()
    return [
        Row(f"memory {after}", "MiB", spread([now_mib]), target=target),
        Row(f"memory {after}, peak", "MiB", spread([peak_mib])),
    ]


def measure_crowd(plan: Plan, cores: Cores) -> list[Row]:
    """Return what a poll takes among many running tasks, beside the same among few."""
    if free_mib() < NEEDED_MIB:
        plan = replace(plan, many=QUICK.many)
    target = Target(1.3) if plan.many >= FULL.many else None
    with Stage(cores) as stage:
        crowds = {number: stage.mock(*ENDLESS) for number in (plan.few, plan.many)}
        for number, server in crowds.items():
            hand_in(server, number)
        held_mib = crowds[plan.many].memory_mib()
        rates = take_turns(
            [Competitor(str(number), server, random_polls(number)) for number, server in crowds.items()],
            plan.rounds,
            plan.turn_s,
        )
    few, many = ([1e6 / rate for rate in rates[str(number)]] for number in (plan.few, plan.many))
    return [
        Row(f"poll among {plan.few:,} running tasks", "µs CPU", spread(few)),
        Row(f"poll among {plan.many:,} running tasks", "µs CPU", spread(many), ratios(many, few), target=target),
        Row(f"memory with {plan.many:,} running tasks", "MiB", spread([held_mib])),
    ]


def measure_day(plan: Plan, _cores: Cores) -> list[Row]:
    """Return what a day of retries, expiry and time-outs takes when the clock is moved by hand."""
    took_s = []
    for _ in range(plan.rounds):
        began_s = time.perf_counter()
        day()
        took_s.append(time.perf_counter() - began_s)
    return [Row("a day of retries, expiry and time-outs", "s", spread(took_s), target=Target(1))]


def free_mib() -> float:
    """Return how much memory the machine could give, in MiB."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", Path("/proc/meminfo").read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


#: Everything that is measured, by name, in the order of the table.
MEASURES: Mapping[str, Callable[[Plan, Cores], list[Row]]] = MappingProxyType(
    {
        "submits": partial(measure_contest, SUBMIT),
        "refusals": partial(measure_contest, REFUSAL),
        "polls": partial(measure_contest, POLL),
        "WebSocket": measure_sockets,
        "start": measure_start,
        "memory": measure_memory,
        "many running tasks": measure_crowd,
        "a day": measure_day,
    }
)
