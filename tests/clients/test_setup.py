"""An SDK that is not there is not overlooked."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.clients.sdks import ROOT, SDK_JS


@pytest.mark.parametrize(
    ("missing", "named"), [({"package": "node/nowhere"}, "node/nowhere"), ({"program": ("no-node",)}, "no-node")]
)
def test_a_missing_sdk_fails_its_tests_in_one_line(missing: dict[str, object], named: str) -> None:
    """Without an SDK its tests fail and say what is missing and what sets it up; they are not skipped."""
    with pytest.raises(pytest.fail.Exception) as failure:
        replace(SDK_JS, **missing).require()  # type: ignore[arg-type]
    message = str(failure.value)
    assert named in message
    assert "make test" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("commands", "is_enough"),
    [
        ({"node": 0, "npm": 0}, True),
        ({"node": 0}, False),
        ({"node": 0, "npm": 1}, False),
        ({"node": 1, "npm": 0}, False),
        ({"npm": 0}, False),
        ({}, False),
    ],
)
def test_a_node_of_the_machine_counts_only_with_its_npm(
    tmp_path: Path, commands: dict[str, int], is_enough: bool
) -> None:
    """Debian packages Node without npm; then, as for an old Node or a broken npm, Node comes as a wheel."""
    for name, status in commands.items():
        stub = tmp_path / name
        stub.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
        stub.chmod(0o755)
    done = subprocess.run([ROOT / ".ci/has-node"], env={**os.environ, "PATH": str(tmp_path)}, check=False)
    assert (done.returncode == 0) == is_enough
