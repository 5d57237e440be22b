"""Serve a mock, send it nonsense for a while, and say what came of it. Exit status 1 if anything failed."""

import argparse
import math
import secrets
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.ways import WAYS, Outcome, Way
from tests.support.server import Served, served

#: Deadlines of the mock that is served, short so that requests without an end take no time.
SETTINGS = ("--speed", "instant", "--log", "quiet", "--head-seconds", "0.2", "--body-seconds", "0.2")
#: How many tries are drawn at a time, and how many failures are told with their bytes.
ROUND, MOST_TOLD = 500, 20


class Fuzz:
    """Sends nonsense and counts what comes of it.

    Attributes:
        outcomes: how often each came, by way and word.
        failures: way, word and bytes of each that failed.
    """

    def __init__(self, url: str, ways: Sequence[str], most: float, until_s: float) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.failures: list[tuple[str, str, bytes]] = []
        self._ways: dict[str, Way] = {name: WAYS[name][0](url) for name in ways}
        self._most = most
        self._until_s = until_s

    @property
    def sent(self) -> int:
        """How much was sent."""
        return self.outcomes.total()

    @property
    def is_over(self) -> bool:
        """Whether it has gone on long enough."""
        return self.sent >= self._most or time.monotonic() >= self._until_s

    def run(self, number: int) -> None:
        """Send nonsense until it is over.

        Args:
            number: seed of what is drawn.
        """
        while not self.is_over:
            for name, data in self._draw(number):
                if data and not self.is_over:
                    self._try(name, data)
            number += 1
        for way in self._ways.values():
            way.close()

    def _draw(self, number: int) -> list[tuple[str, bytes]]:
        """Draw what is sent next, by which way. Nothing is sent meanwhile: what sends may use chance of its own."""
        named = [name for name in self._ways for _ in range(WAYS[name][2])]
        tries = st.sampled_from(named).flatmap(lambda name: st.tuples(st.just(name), WAYS[name][1]))
        drawn: list[tuple[str, bytes]] = []

        def keep(attempt: tuple[str, bytes]) -> None:
            drawn.append(attempt)

        limits: Any = settings(
            max_examples=int(min(ROUND, self._most)),
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(limits(given(tries)(keep)))()
        return drawn

    def _try(self, name: str, data: bytes) -> None:
        try:
            outcome = self._ways[name].send(data)
        except OSError as problem:
            self._ways[name].close()
            outcome = Outcome(f"{type(problem).__name__}", True)
        self.outcomes[name, outcome.word] += 1
        if outcome.is_failure:
            self.failures.append((name, outcome.word, data))


def report(fuzz: Fuzz, number: int, took_s: float, is_up: bool, said: Sequence[str]) -> str:
    """Return what came of it, for people."""
    rows = [f"  {way:<10} {word:<20} {count:>8,}" for (way, word), count in sorted(fuzz.outcomes.items())]
    failed = len(fuzz.failures)
    told = [f"  {way}: {word}: {data!r}" for way, word, data in fuzz.failures[:MOST_TOLD]]
    if failed > MOST_TOLD:
        told.append(f"  … and {failed - MOST_TOLD:,} more")
    lines = [f"{fuzz.sent:,} sent in {took_s:.0f} s, seed {number}", *rows]
    lines.append(f"{failed:,} failed" + (", each with its bytes:" if failed else ""))
    lines += told
    if not is_up:
        lines.append("the server has ended")
    lines += [f"the server said: {line}" for line in said]
    return "\n".join(lines)


def _troubles(mock: Served | None) -> tuple[bool, list[str]]:
    """Say whether the server is up, and what it said of failures."""
    if mock is None:
        return True, []
    said = [line for line in mock.lines.queue if "failure" in line or "Error" in line or "Traceback" in line]
    return mock.process.poll() is None, said[:MOST_TOLD]


def main(words: Sequence[str] | None = None) -> int:
    """Read the options, send nonsense and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long, 1 unless given")
    parser.add_argument("--requests", type=int, default=0, help="how many, in place of minutes")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="repeats what is drawn")
    parser.add_argument("--way", action="append", choices=WAYS, help="how it is sent, all unless given; repeatable")
    parser.add_argument("--url", help="a mock that is served already, such as http://127.0.0.1:8080/v1")
    options = parser.parse_args(words)
    began_s = time.monotonic()
    until_s = math.inf if options.requests else began_s + 60 * options.minutes
    with ExitStack() as stack:
        mock = None if options.url else stack.enter_context(served(*SETTINGS))
        url = options.url or (mock.http_url if mock else "")
        fuzz = Fuzz(url, options.way or tuple(WAYS), options.requests or math.inf, until_s)
        fuzz.run(options.seed)
        is_up, said = _troubles(mock)
    print(report(fuzz, options.seed, time.monotonic() - began_s, is_up, said))
    return 1 if fuzz.failures or said or not is_up else 0


if __name__ == "__main__":
    sys.exit(main())
