"""`python -m tests.support.coverage_floor 85`: fail where a single file is covered less than that."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def main(floor: float) -> int:
    """Return 0 when every measured file reaches the floor, in per cent, and 1 otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], check=True)
        files = json.loads(report.read_text())["files"]
    low = {name: entry["summary"]["percent_covered"] for name, entry in files.items()}
    low = {name: percent for name, percent in low.items() if percent < floor}
    for name, percent in sorted(low.items()):
        print(f"{name}: {percent:.1f} % covered, at least {floor:g} % is wanted")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
