"""Kill mocks at random instants, and say what was lost: the command."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kills.mock import KilledMock, Victim, fleet
from tests.kills.trial import SETTINGS, trial
from tests.support.ports import free_port
from tests.support.redis import redis_server


def main() -> int:
    """Run the trials. Returns 1 where something was lost."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.kills",
        description="Kill served mocks with SIGKILL at random instants under load, and count what was lost.",
        epilog="example: python -m tests.kills --kills 100 --workers 3",
    )
    parser.add_argument("--kills", type=int, default=100, help="how often something is killed (default: 100)")
    victims = parser.add_mutually_exclusive_group()
    victims.add_argument("--workers", type=int, default=1, help="processes on one file; one is killed (default: 1)")
    victims.add_argument(
        "--fleet", type=int, metavar="N", help="N mocks on a Redis instead; one is killed and begun again"
    )
    parser.add_argument("--seed", type=int, default=1, help="what the instants are drawn from (default: 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _victim(folder, options.workers, options.fleet) as victim:
            outcome = asyncio.run(trial(victim, options.kills, options.seed, print))
        print((folder / "errors.log").read_text()[-2000:], end="", file=sys.stderr)
    print(outcome)
    return 1 if outcome.lost_tasks or outcome.lost_webhooks else 0


@contextmanager
def _victim(folder: Path, workers: int, size: int | None) -> Iterator[Victim]:
    """Provide who is killed, with a state of its own in a folder."""
    log = folder / "errors.log"
    if size is None:
        yield KilledMock(str(folder / "mock.db"), free_port(), workers, log, *SETTINGS)
        return
    with redis_server(folder) as server, fleet(server.url(), size, log, *SETTINGS) as victim:
        yield victim


if __name__ == "__main__":
    sys.exit(main())
