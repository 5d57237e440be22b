"""What is kept in a file outlives its process, whole, and is seen to by those that are alive."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.sqlite import APPLICATION_ID, MIGRATIONS, BadState, Database
from mockserver.adapters.sqlite_agenda import MEND_MS, SqliteAgenda
from mockserver.adapters.sqlite_store import SqliteStore
from mockserver.forms import FORMS
from mockserver.platform.base import Content, Media
from mockserver.ports import UNSETTLED_MS, Entry, Key, Shelf, Topic

IN_USE = Entry(Media("me", "", ""), UNSETTLED_MS)


class Process:
    """What a process that has the file open has of it."""

    def __init__(self, path: Path, *, is_shared: bool = True) -> None:
        self.clock = ManualClock()
        self.database = Database(path, is_shared=is_shared)
        self.agenda = SqliteAgenda(self.database, self.clock)
        self.store = SqliteStore(self.database, FORMS, self.clock)
        self.woken: list[Key] = []
        for topic in Topic:
            self.agenda.attend(topic, partial(self.wake, topic))

    def wake(self, topic: Topic, key: Key) -> None:
        """See to something that is due."""
        self.woken.append(key)
        self.agenda.drop(topic, key)

    def die(self) -> None:
        """End as a process that was killed: the system lets go of its files."""
        self.agenda.close()
        self.database.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there."""
    return tmp_path / "mock.db"


def test_what_one_process_kept_the_next_one_finds(path: Path) -> None:
    """With its owner's rights alone."""
    first = Process(path)
    first.store.put(Shelf.MEDIA, ("a",), IN_USE)
    first.die()
    second = Process(path)
    assert second.store.get(Shelf.MEDIA, ("a",)) == IN_USE.value
    assert (first.agenda.number, second.agenda.number) == (1, 2)
    assert path.stat().st_mode & 0o777 == 0o600
    second.die()


def test_an_exception_undoes_what_belongs_together(path: Path) -> None:
    """Entries, counters and the agenda are as they were, and timers ring as they did."""
    process = Process(path)
    process.agenda.put(Topic.RESULT, ("kept",), process.clock.now_ms() + 100)
    told: list[str] = []

    def work() -> None:
        process.store.put(Shelf.MEDIA, ("a",), IN_USE)
        process.store.add(Shelf.ACCOUNTS, ("me",), (("spent", 1),), 0)
        process.agenda.drop(Topic.RESULT, ("kept",))
        process.agenda.put(Topic.RESULT, ("new",), process.clock.now_ms() + 50)
        process.store.afterwards(lambda: told.append("all happened"))
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        process.store.together(work)
    assert [process.store.count(shelf) for shelf in Shelf] == [0] * len(Shelf)
    process.clock.advance(1000)
    assert (process.woken, told) == ([("kept",)], [])
    process.die()


def test_others_see_nothing_of_what_is_not_over(path: Path) -> None:
    """And all of it afterwards."""
    here, there = Process(path), Process(path)
    seen = []

    def work() -> None:
        for name in "ab":
            here.store.put(Shelf.MEDIA, (name,), IN_USE)
            seen.append(there.store.count(Shelf.MEDIA))

    here.store.together(work)
    assert [*seen, there.store.count(Shelf.MEDIA)] == [0, 0, 2]
    for each in (here, there):
        each.die()


def test_what_a_dead_process_kept_is_taken_over(path: Path) -> None:
    """By one of those that are alive; what is due is due there, also what was under way."""
    here, there, third = Process(path), Process(path), Process(path)
    here.agenda.put(Topic.RESULT, ("waits",), here.clock.now_ms() + 100)
    here.agenda.take(Topic.DELIVERY, ("under", "way"))
    for each in (there, third):
        each.agenda.look()
        each.clock.advance(1000)
    assert (there.woken, third.woken) == ([], [])
    here.die()
    for each in (there, third, there):
        each.agenda.look()
        each.clock.advance(1000)
    assert (sorted(there.woken), third.woken) == ([("under", "way"), ("waits",)], [])
    assert not (path.parent / "mock.db-keepers" / "1").exists()
    for each in (there, third):
        each.die()


def test_only_who_keeps_an_entry_is_woken(path: Path) -> None:
    """Another process that put it anew has taken it over; one that dropped it ended it."""
    here, there = Process(path), Process(path)
    for name in ("moved", "dropped"):
        here.agenda.put(Topic.RESULT, (name,), here.clock.now_ms() + 100)
    there.agenda.put(Topic.RESULT, ("moved",), there.clock.now_ms() + 200)
    there.agenda.drop(Topic.RESULT, ("dropped",))
    for each in (here, there):
        each.clock.advance(1000)
    assert (here.woken, there.woken) == ([], [("moved",)])
    for each in (here, there):
        each.die()


def test_counters_are_exact_when_processes_add_at_once(path: Path) -> None:
    """To the ceiling, and not one more."""
    source = """
import sys
from pathlib import Path
from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.sqlite import Database
from mockserver.adapters.sqlite_store import SqliteStore
from mockserver.forms import FORMS
from mockserver.ports import Shelf
clock = ManualClock()
store = SqliteStore(Database(Path(sys.argv[1])), FORMS, clock)
amounts = (("spent", 1), ("n", 2))
print(sum(store.add(Shelf.ACCOUNTS, ("me",), amounts, clock.now_ms(), 500) for _ in range(200)))
"""
    Process(path).die()
    command = [sys.executable, "-c", source, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    added = [int(process.communicate()[0]) for process in processes]
    last = Process(path)
    assert sum(added) == 500
    assert last.store.get(Shelf.ACCOUNTS, ("me",)) == {"spent": 500, "n": 1000}
    last.die()


def foreign(path: Path) -> None:
    """Make a database of another program."""
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE theirs (a)")
    database.close()


def newer(path: Path) -> None:
    """Make a file of a later version."""
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE kept (a)")
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (foreign, "is a database of another program; name another file"),
        (newer, "was written by a newer runware-mock; name another file, or install that one"),
        (
            lambda path: path.write_text("no database at all" * 100),
            "cannot be used: file is not a database; name another file",
        ),
        (lambda path: path.mkdir(), "Is a directory; name a file that can be written"),
    ],
)
def test_a_file_that_is_none_of_ours_is_left_alone(path: Path, make: Callable[[Path], object], told: str) -> None:
    """It is said what it is, and it has the same bytes as before."""
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(BadState, match=told):
        Database(path)
    assert before is None or path.read_bytes() == before


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the path and what helps."""
    with pytest.raises(BadState, match=r"missing/mock.db cannot be made: there is no folder .*missing; make it first"):
        Database(tmp_path / "missing" / "mock.db")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (False, False, "is held by a mock without --workers: end that one, or begin both with --workers 2"),
        (False, True, "is held by a mock without --workers: end that one, or begin both with --workers 2"),
        (True, False, "is open elsewhere, as by a mock with --workers: end that one, or begin this with --workers 2"),
    ],
)
def test_who_cannot_have_a_file_beside_others_is_told_what_helps(
    path: Path, first: bool, second: bool, told: str
) -> None:
    """Which of the two mocks has to be begun otherwise depends on who wants the file alone."""
    here = Database(path, is_shared=first)
    with pytest.raises(BadState, match=told):
        Database(path, is_shared=second)
    here.close()
    Database(path, is_shared=second).close()


def test_another_program_that_changes_a_file_is_no_mock(path: Path) -> None:
    """It has the file open as those do that share it; to begin otherwise would not help."""
    Database(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BadState, match="is being changed by another program; end that one"):
            Database(path, busy_ms=10)


class Gathered(Process):
    """A process in which changes that come at the same time become there for good together, when the test says so."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, is_shared=False)
        self.soon: list[Callable[[], None]] = []
        self.told: list[tuple[str, bool]] = []
        self.database.gather(self.soon.append)

    def put(self, name: str, size: int = 1, fails: bool = False) -> None:
        """Keep something as a request does, and wait to be told of it."""

        def work() -> None:
            self.store.put(Shelf.CONTENT, (name,), Entry(Content(bytes(size), 1), UNSETTLED_MS))
            self.agenda.put(Topic.RESULT, (name,), self.clock.now_ms())
            if fails:
                raise KeyError(name)

        self.store.together(work)
        assert self.store.when_kept(lambda is_there: self.told.append((name, is_there)))

    def pass_by(self) -> None:
        """Let everything happen that was to happen soon."""
        while self.soon:
            self.soon.pop()()

    def after_death(self) -> list[str]:
        """Return what the next process finds."""
        self.database._connection.close()
        self.agenda.close()
        last = Process(self.database.path)
        names = [key[0] for key, _ in last.store.scan(Shelf.CONTENT)]
        last.die()
        return names


def test_nobody_is_told_and_nothing_rings_before_it_is_there_for_good(path: Path) -> None:
    """Several changes become so together; what dies before has happened to nobody."""
    process = Gathered(path)
    for name in "ab":
        process.put(name)
    process.clock.advance(1)
    assert (process.told, process.woken, len(process.soon)) == ([], [], 1)
    process.pass_by()
    process.clock.advance(1)
    assert (process.told, process.woken) == ([("a", True), ("b", True)], [("a",), ("b",)])
    assert not process.store.when_kept(lambda _: None)
    process.put("c")
    assert process.after_death() == ["a", "b"]


def test_a_work_that_fails_takes_none_of_the_others_along(path: Path) -> None:
    """Neither what came before it nor what comes after."""
    process = Gathered(path)
    process.put("a")
    with pytest.raises(KeyError):
        process.put("b", fails=True)
    process.put("c")
    assert process.store.get(Shelf.CONTENT, ("b",)) is None
    process.pass_by()
    process.clock.advance(1)
    assert process.woken == [("a",), ("c",)]
    assert process.after_death() == ["a", "c"]


def test_a_full_disk_leaves_nobody_in_the_belief_that_something_is_kept(path: Path) -> None:
    """Whoever was told that it is there finds it; whoever was not, or was told otherwise, may not."""
    process = Gathered(path)
    (pages,) = process.database.execute("PRAGMA page_count").fetchone()
    process.database.execute(f"PRAGMA max_page_count = {pages + 40}")
    for number in range(60):
        with suppress(sqlite3.OperationalError):
            process.put(f"{number}", size=6000)
        if number % 5 == 4:
            with suppress(sqlite3.OperationalError):
                process.pass_by()
    process.pass_by()
    kept = [name for name, is_there in process.told if is_there]
    assert 0 < len(kept) < 60
    assert sorted(process.after_death()) == sorted(kept)


def test_what_was_due_when_the_file_could_not_be_written_is_due_again(path: Path) -> None:
    """Its timer rang for what was undone; a little later it rings anew, until what it is for is there for good."""
    process = Gathered(path)
    database, commits = process.database, iter([False, True])
    for statement in (
        "PRAGMA foreign_keys = ON",
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
        "CREATE TABLE children (parent REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
    ):
        database.execute(statement)

    def see_to(key: Key) -> None:
        process.woken.append(key)
        process.agenda.drop(Topic.RESULT, key)
        if not next(commits):
            database.change("INSERT INTO children VALUES (1)", ())

    process.agenda.attend(Topic.RESULT, lambda key: process.store.together(partial(see_to, key)))
    process.put("a")
    process.pass_by()
    process.clock.advance(1)
    with pytest.raises(sqlite3.IntegrityError):
        process.pass_by()
    assert process.woken == [("a",)]
    process.clock.advance(2 * MEND_MS)
    process.pass_by()
    process.clock.advance(2 * MEND_MS)
    assert process.woken == [("a",), ("a",)]
    assert database.execute("SELECT * FROM due").fetchall() == []
    process.die()
