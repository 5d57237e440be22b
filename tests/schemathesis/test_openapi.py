"""What `/openapi.json` says is what the mock does: Schemathesis takes it at its word."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.sdks import CLIENTS, ROOT
from tests.schemathesis.keys import KEY
from tests.support.server import served

HERE = Path(__file__).parent
COMMAND = CLIENTS / "schemathesis" / "bin" / "schemathesis"
#: Examples for each operation besides those that cover every branch of the description, and where chance begins.
EXAMPLES, SEED = 10, 20261127
#: A run that takes longer hangs, in seconds.
LIMIT_S = 600


def test_nothing_that_schemathesis_tries_contradicts_the_description(tmp_path: Path) -> None:
    """All its checks, in all its phases and along links, find no failure; schemathesis.toml says what is left out and why."""
    if not COMMAND.is_file():
        pytest.fail(f"{COMMAND} is missing: run make test, which sets it up", pytrace=False)
    with served("--speed", "instant", "--media", "prerendered", "--log", "quiet", "--api-key", KEY) as mock:
        words = [
            *(str(COMMAND), "--no-color", "--config-file", str(HERE / "schemathesis.toml")),
            *("run", f"http://127.0.0.1:{mock.port}/openapi.json"),
            *("--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-database", "none", "--no-shrink"),
            *("--header", f"Authorization: Bearer {KEY}", "--request-timeout", "20"),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.schemathesis.hooks"}
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅  {phase} (" in told, told
