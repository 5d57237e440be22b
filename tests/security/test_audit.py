"""The audit of pinned packages says what it found, and never calls a look at nothing a good one."""

import json

import pytest

from tests.support.audit import verdict

GOOD = {"name": "good", "version": "1.0", "vulns": []}
WEAK = {"name": "weak", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1", "2.0"]}]}
LOST = {"name": "lost", "version": "1.0", "vulns": [{"id": "CVE-2", "fix_versions": []}]}
SKIPPED = {"name": "mine", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "told"),
    [
        ([GOOD], 0, "No weakness is known of 1 pinned package"),
        ([GOOD, SKIPPED], 0, "No weakness is known of 1 pinned package; 1 could not be asked about"),
        ([SKIPPED, SKIPPED], 0, "Not audited: the service that was asked knows none of the 2 packages"),
        ([GOOD, WEAK], 1, "Weaknesses are known of pinned packages:\nweak 1.0: CVE-1, mended in 1.1, 2.0"),
        ([LOST], 1, "Weaknesses are known of pinned packages:\nlost 1.0: CVE-2, mended in no version yet"),
    ],
)
def test_what_was_found_is_told(packages: list[object], status: int, told: str) -> None:
    """A weakness fails the check; packages that nobody could be asked about are counted."""
    assert verdict(json.dumps({"dependencies": packages, "fixes": []}), "") == (status, told)


@pytest.mark.parametrize(
    ("said", "why"), [("Traceback\nConnectionError: no route\n", "ConnectionError: no route"), ("", "no reason")]
)
def test_a_service_that_cannot_be_reached_fails_nothing_and_is_told(said: str, why: str) -> None:
    """Whoever works without a network can still check everything else."""
    status, told = verdict("", said)
    assert status == 0
    assert told.startswith("Not audited: ")
    assert why in told
