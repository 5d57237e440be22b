"""A sound client breaks no duty: whatever the service does, there is no false alarm."""

import shutil
from pathlib import Path

import pytest

from contracts.clients.command import CommandClient
from contracts.clients.python import PythonClient
from contracts.families import FAMILIES
from contracts.report import Report
from contracts.reports import FORMATS
from contracts.runner import Runner
from contracts.stage import Stage
from contracts.together import TOGETHER
from tests.kit import sound_websocket
from tests.kit.sound import client
from tests.kit.table import unhurried

PROGRAMS = Path(__file__).parent / "programs"


def told(report: Report) -> str:
    """Return what a report says, for a test that fails."""
    return FORMATS["text"](report, "tests.kit.sound:client")


def test_nothing_is_found_in_a_sound_client() -> None:
    """Every kind of behaviour is played, and nothing is broken."""
    kinds: list[str] = []
    with Stage(PythonClient(client)) as stage:
        report = Runner(stage, profile="quick", seed=1, plan=unhurried("quick"), tell=kinds.append).run()
    assert not report.broken, told(report)
    assert kinds == [*FAMILIES, TOGETHER]
    assert report.examples >= 6 * (len(FAMILIES) - 1)


def test_nothing_is_found_in_a_sound_client_over_websocket() -> None:
    """Refusals for now, lost answers and broken connections are got over there as well, and nothing is broken."""
    with Stage(PythonClient(sound_websocket.client)) as stage:
        report = Runner(stage, profile="quick", seed=1, plan=unhurried("quick")).run()
    assert not report.broken, told(report)


@pytest.mark.deep
def test_nothing_is_found_in_a_sound_client_however_long_is_looked() -> None:
    """Thousands of examples raise no false alarm, over HTTP and over WebSocket."""
    for sound in (client, sound_websocket.client):
        with Stage(PythonClient(sound)) as stage:
            report = Runner(stage, profile="deep", seed=1, plan=unhurried("deep")).run()
        assert not report.broken, told(report)


def test_nothing_is_found_in_a_sound_program() -> None:
    """A client in JavaScript is checked as a program, in its own time, many examples side by side."""
    node = shutil.which("node")
    assert node, "node is missing: run make test, which sets it up"
    with Stage(CommandClient([node, str(PROGRAMS / "client.mjs")])) as stage:
        report = Runner(stage, profile="quick", seed=1, plan=unhurried("quick")).run(
            ["words", "addresses", "busy", "unacknowledged", "failing"]
        )
    assert not report.broken, told(report)
    assert report.examples > 30


def test_a_program_that_tries_nothing_again_is_found_out() -> None:
    """A client of curl and jq gives up at the first answer that another try would get over."""
    for tool in ("curl", "jq"):
        assert shutil.which(tool), f"{tool} is missing: run make test, which sets it up"
    with Stage(CommandClient(["sh", str(PROGRAMS / "client.sh")])) as stage:
        report = Runner(stage, profile="quick", seed=1, plan=unhurried("quick")).run(["words", "busy"])
    assert [each.check.name for each in report.broken] == ["survives-refusals-for-now"], told(report)
    [broken] = report.broken
    assert broken.recording.task.keys() == {"model", "positivePrompt"}
