"""`python -m tests.bench`: measure, print the table, and say on what machine."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.kit import measure_kit
from tests.bench.load import NoAnswer
from tests.bench.measures import FULL, MEASURES, QUICK, Plan, WrongAnswers
from tests.bench.report import Row, as_json, machine, machine_line, table
from tests.bench.servers import Cores, end_orderly, share_cores
from tests.bench.states import STATES
from tests.bench.videos import measure_videos

FAILED, CANNOT_RUN = 1, 2

DESCRIPTION = """\
Measure speed and memory of the mock beside a server that gives a constant answer
("base") and one that only parses, checks and echoes ("floor"), turn by turn in one run.

Speed is counted in requests a second of the server's CPU time, so that a busy machine
disturbs it little; ratios are taken within a round, and the median of rounds is shown.
Traffic goes to 127.0.0.1 only."""

EPILOG = """\
examples:
  make bench
  make bench OPTIONS=--quick
  python -m tests.bench --json bench.json

exit status: 0 whether or not targets are met, 1 if an answer was wrong or a server gave
none, 2 if the benchmark cannot run here"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark.

    Args:
        arguments: the words after the command; those of the process unless given.

    Returns:
        The exit status.
    """
    options = _make_parser().parse_args(arguments)
    if not sys.platform.startswith("linux"):
        print("bench: CPU time and memory of servers are read from /proc, which only Linux has", file=sys.stderr)
        return CANNOT_RUN
    end_orderly()
    cores = share_cores()
    try:
        rows = _measure(QUICK if options.quick else FULL, cores)
    except (WrongAnswers, NoAnswer) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return FAILED
    facts = machine(f"{cores.remark}; a short run, figures are rough" if options.quick else cores.remark)
    print(f"{table(rows)}\n\n{machine_line(facts)}")
    if options.json:
        options.json.write_text(json.dumps(as_json(rows, facts), indent=2) + "\n", encoding="utf-8")
    return 0


def _measure(plan: Plan, cores: Cores) -> list[Row]:
    rows: list[Row] = []
    begun_at = time.monotonic()
    for name, measure in {**MEASURES, **STATES, "videos": measure_videos, "the kit": measure_kit}.items():
        print(f"{time.monotonic() - begun_at:4.0f} s  measuring {name} ...", file=sys.stderr)
        rows.extend(measure(plan, cores))
    return rows


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="measure a little of everything, in about a minute")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to this file too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
