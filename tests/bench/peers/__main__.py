"""`python -m tests.bench.peers`: measure all contestants, print the tables, and write the page if wanted."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.peers import CONTESTANTS
from tests.bench.peers.base import Contestant, Places, Prepare, Unavailable
from tests.bench.peers.page import Outcome, page, told
from tests.bench.peers.race import FULL, QUICK, Measured, Plan, race
from tests.bench.servers import ROOT, Cores, end_orderly, share_cores

FAILED, CANNOT_RUN = 1, 2
PAGE = ROOT / "BENCHMARKS.md"
INSTALLED = ROOT / ".venv" / "peers"

DESCRIPTION = """\
Measure runware-mock beside Prism, WireMock and Mockoon: the same schema, the same requests,
turn by turn in one run. Traffic goes to 127.0.0.1 only. A rival that is not installed or
fails is told with the reason, and the others are measured."""

EPILOG = """\
examples:
  make bench-peers
  make bench-peers OPTIONS=--write
  python -m tests.bench.peers --quick --json peers.json

exit status: 0 whether or not the target is met, 1 if the mock itself could not be
measured, 2 if the benchmark cannot run here"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark.

    Args:
        arguments: the words after the command; those of the process unless given.

    Returns:
        The exit status.
    """
    options = _make_parser().parse_args(arguments)
    if not sys.platform.startswith("linux"):
        print("bench-peers: CPU time and memory are read from /proc, which only Linux has", file=sys.stderr)
        return CANNOT_RUN
    end_orderly()
    plan = QUICK if options.quick else FULL
    outcome = measure(CONTESTANTS, options.installed, plan, share_cores())
    if outcome.ours in outcome.absences:
        print(f"bench-peers: {outcome.ours}: {outcome.absences[outcome.ours]}", file=sys.stderr)
        return FAILED
    print(told(outcome))
    if options.write:
        PAGE.write_text(page(outcome, plan), encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(as_json(outcome), indent=2) + "\n", encoding="utf-8")
    return 0


def measure(prepare: Mapping[str, Prepare], installed: Path, plan: Plan, cores: Cores) -> Outcome:
    """Make everybody ready who can be, and measure them.

    Args:
        prepare: makes each ready, by name; the first is ours.
        installed: where rivals were installed.
        plan: how much is measured.
        cores: who runs where.
    """
    contestants: dict[str, Contestant] = {}
    absences: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, make_ready in prepare.items():
            try:
                contestants[name] = make_ready(Places(installed, Path(scratch)))
            except Unavailable as problem:
                absences[name] = str(problem)
        measured, failed = race(contestants, plan, cores)
    return Outcome(next(iter(prepare)), measured, {**absences, **failed}, machine(cores))


def machine(cores: Cores) -> Mapping[str, str]:
    """Return what the figures depend on."""
    return {
        platform.system(): platform.machine(),
        "cores": f"{os.cpu_count()} ({cores.remark})",
        "Python": platform.python_version(),
        "Node": _version("node", "--version"),
        "Java": _version("java", "-version"),
    }


def _version(*words: str) -> str:
    """Return the first line of what a program says of its version, or "none"."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    line = (done.stdout or done.stderr).splitlines()[0]
    return line.split('"')[1] if '"' in line else line.removeprefix("v")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return everything as plain data."""
    measured = {name: _plain(one) for name, one in outcome.measured.items()}
    return {"machine": dict(outcome.machine), "absent": dict(outcome.absences), "measured": measured}


def _plain(one: Measured) -> dict[str, Any]:
    turns = {f"{load.kind} {load.connections}": [asdict(turn) for turn in each] for load, each in one.turns.items()}
    return {
        "version": one.version,
        "manner": asdict(one.manner),
        "starts_s": [*one.starts_s],
        "rest_mib": [*one.rest_mib],
        "loaded_mib": one.loaded_mib,
        "turns": turns,
    }


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.peers",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="measure a little of everything; figures are rough")
    parser.add_argument("--write", action="store_true", help="write BENCHMARKS.md")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to this file too")
    parser.add_argument(
        "--installed",
        metavar="FOLDER",
        type=Path,
        default=INSTALLED,
        help="where the rivals are; .venv/peers unless given",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
