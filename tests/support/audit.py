"""`python -m tests.support.audit PIP_AUDIT LOCK`: fail where a pinned package has a known weakness.

pip-audit fails alike whether it found something or reached nobody, and succeeds where a mirror knows no package at all.
Here each is told apart, so that a machine without a network can still check everything else.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

#: Longest the audit may take, in seconds, and how much is shown of why it did not come about, in characters.
LIMIT_S, SHOWN = 180, 200


def verdict(report: str, said: str) -> tuple[int, str]:
    """Return the exit status and a sentence.

    Args:
        report: what pip-audit wrote as JSON, or "" where it wrote nothing.
        said: what it wrote on standard error.
    """
    try:
        packages: Sequence[Mapping[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        why = (said.strip().splitlines() or ["no reason was given"])[-1]
        return 0, f"Not audited: the service that knows weaknesses cannot be asked ({why[:SHOWN]})"
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        return 0, f"Not audited: the service that was asked knows none of the {len(packages)} packages"
    weak = [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in "
        f"{', '.join(weakness.get('fix_versions', ())) or 'no version yet'}"
        for package in asked
        for weakness in package.get("vulns", ())
    ]
    skipped = len(packages) - len(asked)
    unknown = f"; {skipped} could not be asked about" if skipped else ""
    if weak:
        return 1, "\n".join([f"Weaknesses are known of pinned packages{unknown}:", *weak])
    return 0, f"No weakness is known of {len(asked)} pinned package{'s' if len(asked) != 1 else ''}{unknown}"


def main(command: str, lock: str) -> int:
    """Audit a lock file, say what came of it and return the exit status."""
    words = [
        command,
        "--requirement",
        lock,
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=LIMIT_S)
        status, sentence = verdict(done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        status, sentence = verdict("", f"it took longer than {LIMIT_S} s")
    print(sentence)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
