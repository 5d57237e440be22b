"""`python -m tests.kit.table`: every mutant under the kit, and what the kit found of it."""

import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from contracts.clients.python import PythonClient
from contracts.report import Broken, Report
from contracts.runner import Runner
from contracts.stage import Stage
from tests.kit.mutants import MUTANTS, Mutant

#: What every task has.
ALWAYS = frozenset({"model", "positivePrompt"})
SEED = 1


class Row(NamedTuple):
    """What was found of a mutant.

    Attributes:
        mutant: the mutant.
        broken: the finding of the duty that it breaks, or None.
        others: duties that were found broken besides.
        report: the whole report.
    """

    mutant: Mutant
    broken: Broken | None
    others: Sequence[str]
    report: Report

    @property
    def parameters(self) -> frozenset[str]:
        """The parameters of the smallest task beside model and prompt."""
        return frozenset(self.broken.recording.task) - ALWAYS if self.broken else frozenset()


def examine(
    mutant: Mutant,
    profile: str = "ci",
    *,
    is_alone: bool = False,
    seed: int = SEED,
    families: Sequence[str] | None = None,
) -> Row:
    """Put a mutant under the kit.

    Args:
        mutant: the mutant.
        profile: how much is tried.
        is_alone: whether its own duty alone is looked at, which ends as soon as it is found broken.
        seed: what chance is drawn from.
        families: kinds of behaviour that are tried; all unless given.
    """
    with Stage(PythonClient(mutant.client)) as stage:
        report = Runner(stage, [mutant.check] if is_alone else None, profile, seed).run(families)
    broken = next((each for each in report.broken if each.check.name == mutant.check), None)
    return Row(mutant, broken, [each.check.name for each in report.broken if each is not broken], report)


def line(row: Row) -> str:
    """Return a row of the table."""
    mutant, broken = row.mutant, row.broken
    if broken is None:
        return f"{mutant.name:<28} {mutant.check:<27} not found in {row.report.examples} examples"
    size = ", ".join(sorted(row.parameters)) or "-"
    told = f"{broken.after:>8} {broken.after_s:>7.1f} s   {size}"
    return f"{mutant.name:<28} {mutant.check:<27} {told}" + (f"   (also {', '.join(row.others)})" if row.others else "")


def main() -> int:
    """Print the table. Returns 1 if a mutant was not found."""
    print(f"{'client':<28} {'broken duty':<27} {'examples':>8} {'found after':>9}   parameters of the smallest task")
    began_s, missed, times = time.perf_counter(), 0, []
    for mutant in MUTANTS:
        row = examine(mutant)
        print(line(row), flush=True)
        missed += row.broken is None
        times += [row.broken.after_s] if row.broken else []
    median_s = sorted(times)[len(times) // 2]
    took = f"median time to the first finding {median_s:.1f} s; {time.perf_counter() - began_s:.0f} s in all"
    print(f"\n{len(MUTANTS) - missed} of {len(MUTANTS)} found; {took}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
