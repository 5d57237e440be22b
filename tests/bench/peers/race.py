"""How contestants are measured: all alive at once, in turns, each asked the same by the same client."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle, product
from types import MappingProxyType
from typing import NamedTuple

from tests.bench.load import HTTP, RECEIVE_BYTES, NoAnswer, drive
from tests.bench.peers.base import Contestant
from tests.bench.servers import Cores, Server, started
from tests.bench.traffic import MISTAKES, OK, Ask, Asks, refusals, submits

#: Why contestants are missing, by name.
Absences = dict[str, str]
#: CPU time is counted in hundredths of a second.
SHORTEST_CPU_S = 0.01
#: Each kind has turns of so many seconds while a server warms up, and that goes on no longer than so many.
WARM_UP_TURN_S, LONGEST_WARM_UP_S = 0.5, 15
#: A command as problems of servers show it; it holds places of this machine.
_WORDS = re.compile(r"^\[.*?\] ")
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        starts: how often each is started.
        rounds: how often each has its turn at each load.
        turn_s: how long a turn takes, in seconds.
        warm_up_cpu_s: how much CPU time each first spends on both kinds, in seconds; compilers at run time need it.
    """

    starts: int
    rounds: int
    turn_s: float
    warm_up_cpu_s: float


FULL = Plan(starts=3, rounds=5, turn_s=1.5, warm_up_cpu_s=6)
QUICK = Plan(starts=1, rounds=2, turn_s=0.5, warm_up_cpu_s=2)

#: What is asked, by name.
KINDS: Mapping[str, Callable[[], Asks]] = MappingProxyType({"valid": submits, "invalid": refusals})
CONNECTIONS = (1, 16)


class Load(NamedTuple):
    """A kind of request, and on how many connections it is sent at once."""

    kind: str
    connections: int


LOADS = tuple(Load(kind, connections) for kind, connections in product(KINDS, CONNECTIONS))


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one turn.

    Attributes:
        per_cpu_s: requests answered in a second of CPU time of the server and its children.
        per_s: requests answered in a second.
        p50_ms: what half of the answers took at most, in milliseconds.
        p99_ms: what 99 of 100 took at most.
    """

    per_cpu_s: float
    per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Manner:
    """How a server took one good request and one with six mistakes.

    Attributes:
        good_status: HTTP status of the answer to the good one.
        bad_status: HTTP status of the answer to the other.
        named: how many of the mistakes that answer names.
        echoes: whether the good one's answer tells its taskUUID.
    """

    good_status: int
    bad_status: int
    named: int
    echoes: bool

    @property
    def validates(self) -> bool:
        """Whether it told the two apart."""
        return self.good_status < 300 <= self.bad_status


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything known of one contestant.

    Attributes:
        version: which one it is.
        setup: how it was set up.
        manner: how it took requests.
        starts_s: from the start of the process to the first 200, start by start, in seconds.
        rest_mib: memory after the first answer, start by start, in MiB.
        loaded_mib: memory after all turns, in MiB.
        turns: what came of each turn, by load, round by round.
    """

    version: str
    setup: str
    manner: Manner
    starts_s: Sequence[float]
    rest_mib: Sequence[float]
    loaded_mib: float
    turns: Mapping[Load, Sequence[Turn]]


def race(
    contestants: Mapping[str, Contestant], plan: Plan, cores: Cores
) -> tuple[Mapping[str, Measured], Mapping[str, str]]:
    """Measure all that can be measured.

    Returns:
        What was measured, by name, and why others were not.
    """
    absences: Absences = {}
    starts = _start_all(contestants, plan, cores, absences)
    with ExitStack() as stack:
        lanes: dict[str, _Lane] = {}
        for name in starts:
            with _noting(name, absences):
                lanes[name] = _Lane(stack.enter_context(_started(contestants[name], cores)), plan)
        for load in [load for _ in range(plan.rounds) for load in LOADS]:
            for name in [name for name in lanes if name not in absences]:
                with _noting(name, absences):
                    lanes[name].run(load)
        measured = {
            name: lane.measured(contestants[name], *starts[name])
            for name, lane in lanes.items()
            if name not in absences
        }
    return measured, absences


@contextmanager
def _noting(name: str, absences: Absences) -> Iterator[None]:
    """Note under a name that a server failed, and go on."""
    try:
        yield
    except (NoAnswer, OSError) as problem:
        absences[name] = f"it failed while it was measured: {_WORDS.sub('it ', str(problem))}"


def _started(contestant: Contestant, cores: Cores) -> AbstractContextManager[Server]:
    """Start a contestant; what it says of errors is thrown away, some say much at every request."""
    first = _lenient(next(submits()), OK)
    return started(contestant.words, cores, first, subprocess.DEVNULL)


def _start_all(
    contestants: Mapping[str, Contestant], plan: Plan, cores: Cores, absences: Absences
) -> dict[str, tuple[list[float], list[float]]]:
    """Return how long starts took in seconds, and how much memory was held then in MiB, of all that start."""
    starts: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in contestants}
    for name in [name for _ in range(plan.starts) for name in contestants]:
        if name not in absences:
            with _noting(name, absences), _started(contestants[name], cores) as server:
                starts[name][0].append(server.ready_s)
                starts[name][1].append(server.tree_mib())
    return {name: found for name, found in starts.items() if name not in absences}


class _Lane:
    """One running server and what came of its turns."""

    def __init__(self, server: Server, plan: Plan) -> None:
        self._server = server
        self._turn_s = plan.turn_s
        self._turns: dict[Load, list[Turn]] = {load: [] for load in LOADS}
        self.manner, bad_opening = find_manner(server.port)
        openings = {"valid": OK, "invalid": bad_opening}
        self._asks = {kind: map(partial(_lenient, opening=openings[kind]), asks()) for kind, asks in KINDS.items()}
        self._warm_up(plan.warm_up_cpu_s)

    def _warm_up(self, cpu_s: float) -> None:
        """Ask both kinds in turn until the server has worked for long enough, or the patience is over."""
        wanted_s, end_at = self._server.tree_cpu_s() + cpu_s, time.monotonic() + LONGEST_WARM_UP_S
        for load in cycle(LOADS):
            if self._server.tree_cpu_s() >= wanted_s or time.monotonic() > end_at:
                return
            drive(self._server.port, self._asks[load.kind], for_s=WARM_UP_TURN_S, connections=load.connections)

    def run(self, load: Load) -> None:
        """Take a turn.

        Raises:
            NoAnswer: the server owes an answer, or gave another one than to the first request of the kind.
        """
        before_s, begun_at = self._server.tree_cpu_s(), time.perf_counter()
        tally = drive(
            self._server.port,
            self._asks[load.kind],
            for_s=self._turn_s,
            connections=load.connections,
            is_timed=True,
        )
        took_s, cpu_s = time.perf_counter() - begun_at, self._server.tree_cpu_s() - before_s
        if tally.wrong:
            raise NoAnswer(f"{tally.wrong:,} of {tally.answers:,} answers are not like its first: {tally.example!r}")
        self._turns[load].append(turn_of(tally.waits_s, took_s, cpu_s))

    def measured(self, contestant: Contestant, starts_s: Sequence[float], rest_mib: Sequence[float]) -> Measured:
        """Return everything that is known now."""
        loaded_mib = self._server.tree_mib()
        return Measured(contestant.version, contestant.setup, self.manner, starts_s, rest_mib, loaded_mib, self._turns)


def turn_of(waits_s: Sequence[float], took_s: float, cpu_s: float) -> Turn:
    """Return the figures of a turn.

    Args:
        waits_s: how long each answer was waited for.
        took_s: how long the turn was.
        cpu_s: CPU time of the server in it.
    """
    ordered = sorted(waits_s)
    number = len(ordered)
    p50_ms, p99_ms = (ordered[(number - 1) * percent // 100] * 1000 for percent in (50, 99))
    return Turn(number / max(cpu_s, SHORTEST_CPU_S), number / took_s, p50_ms, p99_ms)


def find_manner(port: int) -> tuple[Manner, bytes]:
    """Ask a server one good and one wrong request; return how it took them and how it begins to answer the latter."""
    good, bad = next(submits()), next(refusals())
    good_answer, bad_answer = (_ask_once(port, ask.request) for ask in (good, bad))
    _, _, body = bad_answer.partition(END_OF_HEAD)
    manner = Manner(
        _status(good_answer),
        _status(bad_answer),
        sum(name.encode() in body for name in MISTAKES),
        all(part in good_answer for part in good.parts),
    )
    return manner, bad_answer[: len(OK)]


def _ask_once(port: int, request: bytes) -> bytes:
    with closing(HTTP.connect(port)) as line:
        line.sendall(request)
        came = b""
        while not 0 < HTTP.size_of(came) <= len(came):
            more = line.recv(RECEIVE_BYTES)
            if not more:
                raise NoAnswer("it closed the connection")
            came += more
    return came


def _status(answer: bytes) -> int:
    return int(answer[9:12])


def _lenient(ask: Ask, opening: bytes) -> Ask:
    """Return a request of which only the status of the answer counts: what rivals answer besides is theirs."""
    return Ask(ask.request, opening, ())
