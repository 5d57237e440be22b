"""Nothing that was acknowledged is lost, whenever a process is killed. `make kills` does it two hundred times."""

import asyncio
from pathlib import Path

import pytest

from tests.kills.trial import trial


@pytest.mark.parametrize(("workers", "kills"), [(1, 4), (2, 8)], ids=["the only process", "one of two"])
def test_nothing_is_lost_when_a_process_is_killed_under_load(tmp_path: Path, workers: int, kills: int) -> None:
    """Each task that was acknowledged is known and ends, and its webhook comes; the rest is served without a 5xx."""
    outcome = asyncio.run(trial(str(tmp_path / "mock.db"), kills, workers, 1, tmp_path))
    assert outcome.acknowledged > 0
    assert (outcome.lost_tasks, outcome.lost_webhooks, outcome.statuses, outcome.exit_status) == ([], [], {}, 0)
