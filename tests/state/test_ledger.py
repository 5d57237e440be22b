"""The journal of a mock whose state outlives it: written with the state, read by all who share it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.sqlite import Database
from mockserver.adapters.sqlite_ledger import SqliteLedger
from mockserver.journal import Attempt, Entry, Exchange
from mockserver.ledger import MOST_STEPS, KeptJournal

MOST = 16
ATTEMPT: dict[str, Any] = {
    "owner": "me",
    "task_uuid": "24cd5dff-cb81-4db5-8506-000000000001",
    "index": 0,
    "kind": "webhook",
    "method": "POST",
    "url": "https://example.com/hook?a=%2F",
    "attempt": 1,
    "status": None,
    "excerpt": "",
    "problem": "no answer within 5 s",
    "outcome": "retry",
    "next_at_ms": 7,
    "ms": 1.5,
}


class Desk:
    """A process that keeps a journal."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.ledger = SqliteLedger(self.database, MOST)
        self.journal = KeptJournal(ManualClock(), MOST, self.ledger)

    def note(self, owner: str = "me", *frames: bytes) -> None:
        """Note an exchange."""
        answer: Any = frames or b'{"data":[]}'
        outcomes: Any = ("accepted",) * len(frames) or "accepted"
        self.journal.note(owner, "http", "/v1", 200, b'[{"taskType":"ping"}]', outcomes, answer, 0.5)


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Two processes that share a file."""
    both = Desk(tmp_path / "mock.db"), Desk(tmp_path / "mock.db")
    yield both
    for desk in both:
        desk.database.close()


def test_what_one_noted_the_other_one_reads(desks: tuple[Desk, Desk]) -> None:
    """Exchanges, over HTTP or in frames, and attempts, equal to what they were, numbered in one row."""
    here, there = desks
    here.note()
    here.journal.note_attempt(**ATTEMPT)
    here.note("you", b'{"data":[]}', b'{"errors":[]}')
    found = here.journal.entries()
    there.note()
    assert [entry.number for entry in there.journal.entries()] == [1, 2, 3, 4]
    assert list(there.journal.entries())[:3] == list(found)
    assert [type(entry) for entry in found] == [Exchange, Attempt, Exchange]
    assert [entry.number for entry in there.journal.entries("you")] == [3]
    assert [entry.number for entry in there.journal.entries(after=3)] == [4]
    assert here.journal.last_number == 4


def test_whoever_watches_sees_what_anybody_noted(desks: tuple[Desk, Desk]) -> None:
    """From then on, each entry once, with its number."""
    here, there = desks
    here.note()
    seen: list[Entry] = []
    stop = here.journal.watch(seen.append)
    here.note()
    there.note("you")
    there.journal.write()
    assert seen == []
    for _ in range(2):
        here.journal.step()
    assert sorted(entry.number for entry in seen) == [2, 3]
    stop()
    here.note()
    here.journal.write()
    assert len(seen) == 2


def test_entries_of_a_key_can_be_forgotten(desks: tuple[Desk, Desk]) -> None:
    """In all processes, and their numbers are not given again."""
    here, there = desks
    for owner in ("me", "you", "me"):
        here.note(owner)
    here.journal.write()
    there.journal.forget("me")
    assert [entry.owner for entry in here.journal.entries()] == ["you"]
    here.journal.forget()
    there.note()
    assert [entry.number for entry in here.journal.entries()] == []
    assert [entry.number for entry in there.journal.entries()] == [4]


def test_the_oldest_entries_go_when_there_are_too_many(desks: tuple[Desk, Desk]) -> None:
    """Of each kind, so that many requests do not push out the attempts."""
    here, _ = desks
    here.journal.note_attempt(**ATTEMPT)
    for _ in range(10):
        for _ in range(10):
            here.note()
        here.journal.write()
    kinds = [type(entry) for entry in here.journal.entries()]
    assert kinds.count(Attempt) == 1
    assert MOST <= kinds.count(Exchange) <= MOST + MOST


def test_what_nobody_waits_for_is_written_sooner_or_later(tmp_path: Path) -> None:
    """A process that has the file alone writes once in many steps."""
    desk = Desk(tmp_path / "mock.db")
    desk.note()
    for _ in range(MOST_STEPS - 1):
        desk.journal.step()
    assert desk.ledger.last == 0
    desk.journal.step()
    assert desk.ledger.last == 1
    desk.database.close()
