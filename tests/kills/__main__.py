"""Kill mocks at random instants, and say what was lost: the command."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.kills.trial import trial


def main() -> int:
    """Run the trials. Returns 1 where something was lost."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.kills",
        description="Kill served mocks with SIGKILL at random instants under load, and count what was lost.",
        epilog="example: python -m tests.kills --kills 100 --workers 3",
    )
    parser.add_argument("--kills", type=int, default=100, help="how often something is killed (default: 100)")
    parser.add_argument("--workers", type=int, default=1, help="processes that serve; one is killed (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="what the instants are drawn from (default: 1)")
    parser.add_argument("--state", help="where the state is kept (default: a file that is made for it)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = options.state or str(folder / "mock.db")
        outcome = asyncio.run(trial(state, options.kills, options.workers, options.seed, folder, print))
        print((folder / "errors.log").read_text()[-2000:], end="", file=sys.stderr)
    print(outcome)
    return 1 if outcome.lost_tasks or outcome.lost_webhooks else 0


if __name__ == "__main__":
    sys.exit(main())
