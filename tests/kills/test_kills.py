"""Nothing that was acknowledged is lost, whenever a process is killed. `make kills` does it hundreds of times."""

import asyncio
from pathlib import Path

import pytest

from tests.kills.mock import KilledMock, Victim, fleet
from tests.kills.trial import SETTINGS, trial
from tests.support.ports import free_port
from tests.support.redis import redis_server


@pytest.mark.parametrize(("workers", "kills"), [(1, 4), (2, 8)], ids=["the only process", "one of two"])
def test_nothing_is_lost_when_a_process_is_killed_under_load(tmp_path: Path, workers: int, kills: int) -> None:
    """Each task that was acknowledged is known and ends, and its webhook comes; the rest is served without a 5xx."""
    state = str(tmp_path / "mock.db")
    nothing_is_lost(KilledMock(state, free_port(), workers, tmp_path / "errors.log", *SETTINGS), kills)


def test_nothing_is_lost_when_a_mock_of_a_fleet_is_killed_under_load(tmp_path: Path) -> None:
    """Its tasks and webhooks are the other one's until it is back."""
    with (
        redis_server(tmp_path) as server,
        fleet(server.url(), 2, tmp_path / "errors.log", *SETTINGS) as mocks,
    ):
        nothing_is_lost(mocks, 4)


def nothing_is_lost(victim: Victim, kills: int) -> None:
    """Kill it so often, and see that all came in the end."""
    outcome = asyncio.run(trial(victim, kills, 1))
    assert outcome.acknowledged > 5 * kills
    assert (outcome.lost_tasks, outcome.lost_webhooks, outcome.statuses, outcome.exit_status) == ([], [], {}, 0)
