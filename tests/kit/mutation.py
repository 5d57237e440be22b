"""`python -m tests.kit.mutation`: change the code of the duties in small ways, and see whether a test fails each time."""

import json
import subprocess
import sys
from pathlib import Path

#: Percentage of the changes that tests must notice.
LEAST = 90
#: Where mutmut keeps the changed code and what came of it.
FOLDER = Path("mutants")
#: Statuses that mutmut has for changes that were noticed, by its names.
NOTICED = ("killed", "timeout", "segfault")


def main() -> int:
    """Run mutmut and sum up. Returns 1 if too few changes were noticed."""
    subprocess.run([sys.executable, "-m", "mutmut", "run", "--max-children", "2"], check=True, stdout=sys.stderr)
    subprocess.run([sys.executable, "-m", "mutmut", "export-cicd-stats"], check=True, stdout=sys.stderr)
    found = json.loads((FOLDER / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    told = subprocess.run(
        [sys.executable, "-m", "mutmut", "results"], check=True, capture_output=True, text=True
    ).stdout
    print("\n".join(line.strip() for line in told.splitlines() if not line.endswith("killed")))
    total, noticed = found["total"], sum(found.get(name, 0) for name in NOTICED)
    percent = 100 * noticed / total
    print(f"{noticed} of {total} changes were noticed by a test: {percent:.1f} % ({LEAST} % are asked for)")
    return 0 if percent >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
