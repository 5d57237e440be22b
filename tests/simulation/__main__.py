"""Runs simulations: `python -m tests.simulation --seed 123 --verbose` tells one, `--seeds 1000` tries many."""

import argparse
import sys
from collections.abc import Sequence

from tests.simulation.places import SETTINGS
from tests.simulation.stories import Trial, simulate
from tests.simulation.world import Broken, World


def main(words: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return 1 where an invariant does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the seed to run, or the first of several")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds are run")
    parser.add_argument("--state", choices=SETTINGS, default="memory", help="where it is kept")
    parser.add_argument("--verbose", action="store_true", help="print what happened, whether or not all is well")
    wanted = parser.parse_args(words)
    crashes = events = 0
    for seed in range(wanted.seed, wanted.seed + wanted.seeds):
        worlds: list[World] = []
        try:
            simulate(seed, SETTINGS[wanted.state], told=worlds.append)
        except Broken as problem:
            sys.stdout.write(f"{Trial(seed, wanted.state).report(problem)}\n")
            return 1
        [world] = worlds
        if wanted.verbose:
            sys.stdout.write(f"{world.history}\n")
        crashes, events = crashes + world.crashes, events + len(world.history)
    seeds = "1 seed" if wanted.seeds == 1 else f"{wanted.seeds} seeds"
    sys.stdout.write(f"{seeds}, {crashes} crashes, {events} events: every invariant holds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
