"""What the store keeps, and what it lets go of first."""

import gc
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import HOUR_MS, MemoryStore, Room
from mockserver.ports import UNSETTLED_MS, Entry, Shelf

#: Settling is rounded up to so many milliseconds.
ROUNDING_MS = 64
A_WHILE_MS = 2 * ROUNDING_MS
SHELF = Shelf.MEDIA


def make_store(
    max_entries: int = 3, max_bytes: int = 10**9, retention_ms: int = HOUR_MS
) -> tuple[MemoryStore, ManualClock]:
    """Return a store with a small room for media, and its clock."""
    clock = ManualClock()
    return MemoryStore(clock, {SHELF: Room(max_entries, max_bytes, retention_ms)}), clock


def put(store: MemoryStore, clock: ManualClock, name: str, *, lives_ms: int = 0, weight: int = 0) -> None:
    """Keep an entry that is in use for a time, then let a while pass."""
    store.put(SHELF, (name,), Entry(name, clock.now_ms() + lives_ms, weight))
    clock.advance(A_WHILE_MS)


def names(store: MemoryStore, *candidates: str) -> str:
    """Return which of some entries are kept, in one string."""
    return " ".join(name for name in candidates if store.get(SHELF, (name,)) is not None)


def test_the_oldest_settled_entries_go_first_when_there_are_too_many() -> None:
    """Past the number of entries the one that settled first is dropped, whenever it was put."""
    store, clock = make_store(max_entries=3)
    put(store, clock, "late", lives_ms=5 * A_WHILE_MS)
    for name in ("a", "b", "c", "d"):
        put(store, clock, name)
    clock.advance(HOUR_MS // 2)
    put(store, clock, "e")
    put(store, clock, "f")
    assert names(store, "late", "a", "b", "c", "d", "e", "f") == "late e f"


def test_the_oldest_settled_entries_go_first_when_they_are_too_heavy() -> None:
    """Past the sum of weights as many of the oldest are dropped as it takes."""
    store, clock = make_store(max_entries=100, max_bytes=100)
    for name, weight in (("a", 40), ("b", 30), ("c", 30), ("d", 50)):
        put(store, clock, name, weight=weight)
    assert names(store, "a", "b", "c", "d") == "c d"


def test_weight_is_given_back() -> None:
    """An entry that is replaced or dropped no longer counts."""
    store, clock = make_store(max_entries=100, max_bytes=100)
    put(store, clock, "a", weight=60)
    put(store, clock, "b", weight=60)
    put(store, clock, "b", weight=30)
    put(store, clock, "c", weight=30)
    store.drop(SHELF, ("c",))
    put(store, clock, "d", weight=60)
    assert names(store, "a", "b", "c", "d") == "b d"


def test_what_is_in_use_is_never_dropped() -> None:
    """Neither number, nor weight, nor age takes an entry that has not settled."""
    store, clock = make_store(max_entries=1, max_bytes=1, retention_ms=10)
    for name in ("a", "b", "c"):
        put(store, clock, name, lives_ms=HOUR_MS, weight=100)
    clock.advance(HOUR_MS // 2)
    put(store, clock, "d", weight=100)
    assert names(store, "a", "b", "c") == "a b c"


def test_what_is_in_use_drives_out_nothing_that_settled() -> None:
    """Load that is under way, however heavy, costs no client its finished results."""
    store, clock = make_store(max_entries=100, max_bytes=100)
    put(store, clock, "a", weight=60)
    for name in ("b", "c", "d"):
        put(store, clock, name, lives_ms=HOUR_MS // 2, weight=60)
    assert names(store, "a", "b", "c", "d") == "a b c d"


def test_while_time_stands_still_the_limits_hold_as_well() -> None:
    """What settles at once counts at once, whatever the clock does."""
    store, clock = make_store(max_entries=100, max_bytes=100)
    for name in ("a", "b", "c"):
        store.put(SHELF, (name,), Entry("x", clock.now_ms(), 60))
    assert names(store, "a", "b", "c") == "c"


def test_an_entry_is_kept_for_its_retention_to_the_millisecond() -> None:
    """A settled entry is there until its retention is over, whether or not anything else happens."""
    store, clock = make_store(retention_ms=1000)
    store.put(SHELF, ("a",), Entry("a", clock.now_ms() + 500))
    clock.advance(1500)
    assert names(store, "a") == "a"
    clock.advance(1)
    assert names(store, "a") == ""
    assert store.count(SHELF) == 0


def test_what_is_past_its_retention_leaves_the_memory_by_itself() -> None:
    """Entries that nobody asks for any more do not stay: they go when something new comes."""
    store, clock = make_store(max_entries=1000, retention_ms=1000)
    for number in range(20):
        put(store, clock, str(number))
    clock.advance(2000)
    put(store, clock, "new")
    put(store, clock, "newer")
    assert store.count(SHELF) == 2


def test_one_entry_that_changes_often_does_not_drive_out_others() -> None:
    """What counts is how many entries there are, not how often they were put."""
    store, clock = make_store(max_entries=3)
    put(store, clock, "a")
    for _ in range(10):
        put(store, clock, "b")
    assert names(store, "a", "b") == "a b"


def test_entries_that_never_settle_leave_nothing_behind() -> None:
    """Memory does not grow with what was in use for an open time and was put again or dropped since."""
    store, clock = make_store(max_entries=3)
    for number in range(1000):
        store.put(SHELF, (str(number),), Entry("open", UNSETTLED_MS))
        if number % 2:
            store.drop(SHELF, (str(number),))
        else:
            put(store, clock, str(number))
    assert weigh(store) < weigh(make_store(max_entries=3)[0]) + 20


def weigh(store: MemoryStore) -> int:
    """Return how many objects hang on a store."""
    seen: set[int] = set()
    waiting: list[Any] = [store]
    while waiting:
        here = waiting.pop()
        if id(here) not in seen and not isinstance(here, type | ModuleType):
            seen.add(id(here))
            waiting.extend(gc.get_referents(here))
    return len(seen)


def test_shelves_do_not_share_their_room() -> None:
    """What is kept on one shelf takes no room on another, and has a name of its own there."""
    store, clock = make_store(max_entries=1)
    for shelf in (Shelf.TASKS, Shelf.SESSIONS):
        store.update(shelf, ("a",), lambda _, shelf=shelf: (Entry(shelf, clock.now_ms()), None))  # type: ignore[misc]
    put(store, clock, "a")
    assert (store.get(Shelf.TASKS, ("a",)), store.get(Shelf.SESSIONS, ("a",))) == (Shelf.TASKS, Shelf.SESSIONS)


@pytest.mark.parametrize("key", [("a",), ("unknown",)])
def test_an_update_without_an_entry_changes_nothing(key: tuple[str, ...]) -> None:
    """A change that returns None leaves what there is, and its outcome is returned."""
    store, clock = make_store()
    put(store, clock, "a")
    assert store.update(SHELF, key, lambda value: (None, f"saw {value}")) == ("saw a" if key == ("a",) else "saw None")
    assert (names(store, "a"), store.count(SHELF)) == ("a", 1)


COUNTERS = ("a",)


def add(store: MemoryStore, clock: ManualClock, *amounts: tuple[str, int], most: int | None = None) -> bool:
    """Add to the counters of one key."""
    return store.add(SHELF, COUNTERS, amounts, clock.now_ms(), most)


def test_counters_begin_at_nothing_and_add_up() -> None:
    """What is added under one name is one number, exact however large, and may be taken away again."""
    store, clock = make_store()
    assert add(store, clock, ("spent", 5), ("tasks", 1))
    assert add(store, clock, ("spent", 2**70), ("failed", 2))
    assert add(store, clock, ("tasks", -1))
    assert store.get(SHELF, COUNTERS) == {"spent": 5 + 2**70, "tasks": 0, "failed": 2}


def test_counters_are_added_to_all_together_or_not_at_all() -> None:
    """The limit is for the first; it may be reached and not be passed."""
    store, clock = make_store()
    assert not add(store, clock, ("spent", 11), ("tasks", 1), most=10)
    assert add(store, clock, ("spent", 4), ("tasks", 100), most=10)
    assert not add(store, clock, ("spent", 7), ("tasks", 1), most=10)
    assert add(store, clock, ("spent", 6), ("tasks", 1), most=10)
    assert not add(store, clock, ("spent", 1), most=10)
    assert add(store, clock, ("tasks", 1), most=None)
    assert store.get(SHELF, COUNTERS) == {"spent": 10, "tasks": 102}


def test_counters_are_kept_for_their_retention_after_they_were_last_added_to() -> None:
    """Adding keeps them, to about a second; what comes after they are gone begins anew."""
    store, clock = make_store(retention_ms=10_000)
    for _ in range(5):
        assert add(store, clock, ("tasks", 1))
        clock.advance(9_000)
    assert store.get(SHELF, COUNTERS) == {"tasks": 5}
    clock.advance(2_001)
    assert store.get(SHELF, COUNTERS) is None
    assert add(store, clock, ("tasks", 1))
    assert store.get(SHELF, COUNTERS) == {"tasks": 1}


def test_counters_make_room_like_anything_else() -> None:
    """Of many the ones that were not added to for longest go first, and each counter has a weight."""
    store, clock = make_store(max_entries=3)
    for name in "abcdea":
        store.add(SHELF, (name,), (("tasks", 1),), clock.now_ms())
        clock.advance(2000)
    put(store, clock, "new")
    put(store, clock, "newer")
    assert names(store, *"abcdea") == "a a"
    store, clock = make_store(max_bytes=10_000)
    for number in range(100):
        store.add(SHELF, ("many",), ((str(number), 1),), clock.now_ms())
        clock.advance(2000)
    put(store, clock, "new")
    put(store, clock, "newer")
    assert names(store, "many", "newer") == "newer"


def test_dropping_what_is_not_there_is_harmless() -> None:
    """An entry may be dropped twice."""
    store, clock = make_store()
    put(store, clock, "a")
    store.drop(SHELF, ("a",))
    store.drop(SHELF, ("a",))
    assert store.count(SHELF) == 0


@dataclass(frozen=True)
class Kept:
    """What the model remembers of an entry."""

    value: int
    settles_at_ms: int
    weight: int

    @property
    def slot(self) -> int:
        """When it settles, rounded as the store rounds."""
        return self.settles_at_ms // ROUNDING_MS


ROOM = Room(max_entries=3, max_bytes=100, retention_ms=2000)
NAMES = "abcdef"


class StoreBesideADict(RuleBasedStateMachine):
    """The store beside a dictionary from which only what the store may drop goes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.store = MemoryStore(self.clock, {SHELF: ROOM})
        self.model: dict[str, Kept] = {}
        self.values = 0

    @rule(
        name=st.sampled_from(NAMES),
        lives_ms=st.sampled_from([0, 0, 0, 100, 1000, 5000]),
        weight=st.sampled_from([0, 60]),
    )
    def put(self, name: str, lives_ms: int, weight: int) -> None:
        """Put an entry; afterwards what settled is within the limits."""
        self.values += 1
        kept = Kept(self.values, self.clock.now_ms() + lives_ms, weight)
        entry = Entry(kept.value, kept.settles_at_ms, kept.weight)
        known = self.model.get(name)
        assert self.store.update(SHELF, (name,), lambda value: (entry, value)) == (known.value if known else None)
        self.model[name] = kept
        self.forget_what_is_gone()
        settled = [kept for kept in self.model.values() if kept.slot < self.clock.now_ms() // ROUNDING_MS]
        assert len(settled) <= ROOM.max_entries
        assert sum(kept.weight for kept in settled) <= ROOM.max_bytes

    @rule(name=st.sampled_from(NAMES))
    def drop(self, name: str) -> None:
        """Drop an entry."""
        self.store.drop(SHELF, (name,))
        self.model.pop(name, None)

    @rule(by_ms=st.sampled_from([1, 70, 500, 1900]))
    def wait(self, by_ms: int) -> None:
        """Let time pass."""
        self.clock.advance(by_ms)

    @invariant()
    def forget_what_is_gone(self) -> None:
        """What is gone was too old, or settled and one too many, and nothing that stayed had settled long before it."""
        now_ms = self.clock.now_ms()
        found = {name: self.store.get(SHELF, (name,)) for name in NAMES}
        gone = {name: kept for name, kept in self.model.items() if found[name] is None}
        old = {name for name, kept in self.model.items() if kept.settles_at_ms + ROOM.retention_ms < now_ms}
        is_over = len(self.model) > ROOM.max_entries or sum(k.weight for k in self.model.values()) > ROOM.max_bytes
        assert old <= gone.keys()
        assert is_over or gone.keys() <= old
        for name, kept in gone.items():
            del self.model[name]
            assert kept.settles_at_ms <= now_ms, "what is in use is kept"
        for kept in gone.values():
            assert all(kept.slot <= other.slot for other in self.model.values()), "the oldest go first"
        assert {name: kept.value for name, kept in self.model.items()} == {
            n: v for n, v in found.items() if v is not None
        }


TestStoreBesideADict = StoreBesideADict.TestCase
TestStoreBesideADict.settings = settings(stateful_step_count=40)


def test_a_scan_shows_what_is_kept_in_the_order_in_which_it_came() -> None:
    """Of one shelf, without what is past its retention; whoever scans may drop what they find."""
    store, clock = make_store(max_entries=100)
    put(store, clock, "used", lives_ms=3 * HOUR_MS)
    for name in ("a", "b"):
        put(store, clock, name)
    store.put(Shelf.RESULTS, ("other",), Entry("other"))
    put(store, clock, "a")
    assert [value for _, value in store.scan(SHELF)] == ["used", "b", "a"]
    clock.advance(HOUR_MS + A_WHILE_MS)
    assert store.scan(SHELF) == [(("used",), "used")]
    for key, _ in store.scan(SHELF):
        store.drop(SHELF, key)
    assert (store.scan(SHELF), store.count(SHELF)) == ([], 0)


def test_a_scan_shows_counters_too() -> None:
    """As they stand."""
    store, clock = make_store()
    store.add(SHELF, ("me",), (("spent", 3),), clock.now_ms())
    assert store.scan(SHELF) == [(("me",), {"spent": 3})]
