"""`python -m tests.kit.table`: every mutant under the kit, and what the kit found of it."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import get_context
from statistics import median
from typing import NamedTuple

from contracts.clients.python import PythonClient
from contracts.report import Broken, Report
from contracts.runner import PROFILES, Profile, Runner
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


def unhurried(profile: str) -> Profile:
    """Return what a profile tries, without its limit in real time: what is found does not hang on the machine."""
    return replace(PROFILES[profile], limit_s=float("inf"))


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
        profile: how much is tried, for as long as that takes.
        is_alone: whether its own duty alone is looked at, which ends as soon as it is found broken.
        seed: what chance is drawn from.
        families: kinds of behaviour that are tried; all unless given.
    """
    with Stage(PythonClient(mutant.client)) as stage:
        checks = [mutant.check] if is_alone else None
        report = Runner(stage, checks, profile, seed, plan=unhurried(profile)).run(families)
    broken = next((each for each in report.broken if each.check.name == mutant.check), None)
    return Row(mutant, broken, [each.check.name for each in report.broken if each is not broken], report)


def cells(row: Row) -> Sequence[str]:
    """Return a row of the table: the client, the duty, when it was found, and what the smallest task needs."""
    mutant, broken = row.mutant, row.broken
    if broken is None:
        return mutant.name, mutant.check, "not found", "", "", mutant.about
    needed = len(broken.recording.task) - len(ALWAYS)
    size = f"{needed}" + (f" ({', '.join(sorted(row.parameters))})" if needed else "")
    return mutant.name, mutant.check, str(broken.after), f"{broken.after_s:.2f} s", size, mutant.about


def _examined(number: int) -> tuple[Sequence[str], float | None]:
    """Put a mutant under the kit; in a process of its own, so plain values come back."""
    row = examine(MUTANTS[number], is_alone=True)
    return cells(row), row.broken.after_s if row.broken else None


def main() -> int:
    """Print the table, with the duty of each mutant looked at alone. Returns 1 if a mutant was not found."""
    began_s, times = time.perf_counter(), []
    widths = [max(len(mutant.name) for mutant in MUTANTS), max(len(mutant.check) for mutant in MUTANTS), 8, 7, 18]
    heads = ("client", "broken duty", "examples", "seconds", "parameters needed", "mistake")
    print(_line(heads, widths))
    with get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
        for told, after_s in pool.imap(_examined, range(len(MUTANTS))):
            print(_line(told, widths), flush=True)
            times += [] if after_s is None else [after_s]
    took = f"median {median(times):.2f} s until it is seen; {time.perf_counter() - began_s:.0f} s in all"
    print(f"\n{len(times)} of {len(MUTANTS)} found; {took}")
    return 0 if len(times) == len(MUTANTS) else 1


def _line(told: Sequence[str], widths: Sequence[int]) -> str:
    """Return cells in columns, numbers to the right."""
    placed = [
        cell.rjust(width) if place in (2, 3) else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(told, widths, strict=False))
    ]
    return "  ".join([*placed, *told[len(widths) :]]).rstrip()


if __name__ == "__main__":
    sys.exit(main())
