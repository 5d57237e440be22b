"""What was measured, for people: tables, and the page that holds them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.peers.race import LOADS, Load, Measured, Plan, Turn
from tests.bench.report import Spread, Target, spread
from tests.bench.traffic import MISTAKES, TASK

PROSE_BEFORE = """\
# Benchmarks

{ours} beside other servers that answer from a description of an API. `make bench-peers OPTIONS=--write` installs them,
measures all in one run of a few minutes, and writes this page; `make bench` measures {ours} alone, against a server
that gives a constant answer.

## What is measured

- **The load.** POST requests with one task each. A valid one has {members} members, all good, and a taskUUID of its own; an
  invalid one has six mistakes: a text too short, a number as text, a number that is no choice, one too large, one too
  small, and a misspelt name. Every server gets the same bytes from the same client, over connections that stay open.
- **The schema.** All servers are told the same rules: those of the model `minimax:3@1`, as {ours} publishes them at
  `/openapi.json`. Rivals get them cut to this kind of task and to the good answer, which makes it easier for them;
  {ours} holds each request against all that it knows.
- **Requests a CPU second** are requests answered in a second of processor time of the server and its children. That
  says how much load a core bears, and other work on the machine disturbs it least. Latency and requests a second are
  those of a client that sends the next request when the answer to the last is there.
- **Turns.** All servers are alive at once on one core, the client has another. Each first works for up to {warm_up} s of
  processor time, so that compilers are warm; then all take turns of {turn} s, {rounds} at each load. Figures are
  medians of turns, ratios are taken within a round.
- **Start** is from the start of the process to the first good answer, **memory** is what the server and its children
  hold (resident) after that answer, and after all turns.
- **Validates** is decided by what was answered: yes if the valid request got a good status and the invalid one another.
  "Mistakes named" counts those of the six that the answer names.
"""
PROSE_AFTER = """\
## What is not comparable

- Rivals do other things. Prism and Mockoon mock any API with an OpenAPI document, WireMock any HTTP at all; {ours} knows
  one API. None of them has a life cycle of tasks: they answer a submission with a constant and forget it, where {ours}
  takes a task on, charges it, schedules its results and keeps the exchange in a journal.
- Rivals are set up to be quick: nothing is logged, journals are off where they can be, answers are constants. As
  shipped they are slower.
- WireMock and Mockoon decide by a schema and say yes or no. Listing what is wrong, as {ours} and Prism do, is more work.
- A virtual machine of Java on one core compiles and collects garbage on that core. It gains by more cores, which the
  figures a CPU second do not show.
- Java's compiler goes on while the turns are taken: WireMock ends several times as quick as it begins, so that its
  lowest and highest are far apart, and on a quiet machine it comes further.
- Memory after load is of as many requests as a server answered in its turns: the quickest answered most.
- One client on the same machine, over loopback, measures servers and no network.
"""

#: Times the best rival that validates, in requests a CPU second.
TARGET = Target(3, is_least=True)

Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that the page tells.

    Attributes:
        ours: name of the contestant that the others are compared with.
        measured: what was measured, by name; ours is among it.
        absences: why others were not, by name.
        machine: what the figures depend on.
    """

    ours: str
    measured: Mapping[str, Measured]
    absences: Mapping[str, str]
    machine: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lead:
    """How far ours is before the best rival that validates, at one load.

    Attributes:
        load: which.
        rival: who that is.
        ratio: ours divided by it within each round, in requests a CPU second.
    """

    load: Load
    rival: str
    ratio: Spread

    @property
    def verdict(self) -> str:
        """Return "ok" or "missed"."""
        return "ok" if TARGET.is_met(self.ratio.median) else "missed"


def leads(outcome: Outcome) -> list[Lead]:
    """Return how far ours is before the others at each load; none where no rival validates."""
    rivals = {name: one for name, one in outcome.measured.items() if name != outcome.ours and one.manner.validates}
    if not rivals:
        return []
    return [_lead(outcome.measured[outcome.ours], rivals, load) for load in LOADS]


def _lead(ours: Measured, rivals: Mapping[str, Measured], load: Load) -> Lead:
    best = max(rivals, key=lambda name: median(_rates(rivals[name], load)))
    ratios = [own / other for own, other in zip(_rates(ours, load), _rates(rivals[best], load), strict=True)]
    return Lead(load, best, spread(ratios))


def _rates(one: Measured, load: Load) -> list[float]:
    return [turn.per_cpu_s for turn in one.turns[load]]


def tables(outcome: Outcome, form: Callable[[Cells, Sequence[Cells]], str]) -> list[tuple[str, str]]:
    """Return every table under its heading.

    Args:
        outcome: what is told.
        form: makes a table of its headings and rows.
    """
    made = [(_heading(load), form(SPEED, _speeds(outcome, load))) for load in LOADS]
    made.append(("Start, memory and what is noticed", form(MANNERS, _manners(outcome))))
    if found := leads(outcome):
        title = f"{outcome.ours} beside the best rival that validates, in requests a CPU second"
        made.append((title, form(LEADS, [_lead_cells(each) for each in found])))
    return made


SPEED = ("", "requests a CPU second", "lowest-highest", "requests a second", "p50 ms", "p99 ms")
MANNERS = ("", "version", "start s", "memory at rest MiB", "after load MiB", "validates", "mistakes named", "own UUID")
LEADS = ("load", "times", "lowest-highest", "best rival", "wanted", "")


def _heading(load: Load) -> str:
    return f"{load.kind.capitalize()} requests, {load.connections} connection{'s' if load.connections > 1 else ''}"


def _speeds(outcome: Outcome, load: Load) -> list[Cells]:
    return [_speed(name, one.turns[load]) for name, one in outcome.measured.items()]


def _speed(name: str, turns: Sequence[Turn]) -> Cells:
    rates = spread([turn.per_cpu_s for turn in turns])
    return (
        name,
        f"{rates.median:,.0f}",
        f"{rates.lowest:,.0f}-{rates.highest:,.0f}",
        f"{median(turn.per_s for turn in turns):,.0f}",
        f"{median(turn.p50_ms for turn in turns):.2f}",
        f"{median(turn.p99_ms for turn in turns):.2f}",
    )


def _manners(outcome: Outcome) -> list[Cells]:
    return [
        (
            name,
            one.version,
            f"{median(one.starts_s):.2f}",
            f"{median(one.rest_mib):.0f}",
            f"{one.loaded_mib:.0f}",
            f"{_yes(one.manner.validates)} ({one.manner.good_status}, {one.manner.bad_status})",
            f"{one.manner.named} of {len(MISTAKES)}",
            _yes(one.manner.echoes),
        )
        for name, one in outcome.measured.items()
    ]


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _lead_cells(lead: Lead) -> Cells:
    return (
        _heading(lead.load),
        f"{lead.ratio.median:.1f}",
        f"{lead.ratio.lowest:.1f}-{lead.ratio.highest:.1f}",
        lead.rival,
        f">= {TARGET.limit:.0f}",
        lead.verdict,
    )


def aligned(headings: Cells, rows: Sequence[Cells]) -> str:
    """Return a table for terminals; the first column stands left, the others right."""
    lines = [headings, *rows]
    widths = _widths(lines)
    return "\n".join("  ".join(_placed(line, widths)).rstrip() for line in lines)


def markdown(headings: Cells, rows: Sequence[Cells]) -> str:
    """Return a table of Markdown, aligned as text too."""
    lines = [headings, *rows]
    widths = [max(3, width) for width in _widths(lines)]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(_placed(line, widths))} |" for line in (lines[0], rule, *lines[1:]))


def _widths(lines: Sequence[Cells]) -> list[int]:
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def _placed(line: Cells, widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def told(outcome: Outcome) -> str:
    """Return everything for a terminal."""
    parts = [f"{title}\n{table}" for title, table in tables(outcome, aligned)]
    missing = [f"not measured: {name}: {why}" for name, why in outcome.absences.items()]
    return "\n\n".join([*parts, *(["\n".join(missing)] if missing else []), _machine(outcome)])


def page(outcome: Outcome, plan: Plan) -> str:
    """Return BENCHMARKS.md.

    Args:
        outcome: what is told.
        plan: how much was measured.
    """
    facts = {
        "ours": outcome.ours,
        "members": len(TASK),
        "warm_up": plan.warm_up_cpu_s,
        "turn": plan.turn_s,
        "rounds": plan.rounds,
    }
    parts = [f"### {title}\n\n{table}\n" for title, table in tables(outcome, markdown)]
    machine = f"Measured on: {_machine(outcome)}.\n"
    return "\n".join(
        [PROSE_BEFORE.format(**facts), "## Figures\n", machine, *parts, _setups(outcome), PROSE_AFTER.format(**facts)]
    )


def _setups(outcome: Outcome) -> str:
    lines = [f"- **{name}** {one.version}: {one.setup}." for name, one in outcome.measured.items()]
    lines += [f"- **{name}** was not measured: {why}." for name, why in outcome.absences.items()]
    return "\n".join(["## How each is set up\n", *lines, ""])


def _machine(outcome: Outcome) -> str:
    return ", ".join(f"{name} {value}" for name, value in outcome.machine.items())
