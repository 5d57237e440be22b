"""What every store and every agenda does, wherever it keeps things."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.adapters.stores import HOUR_MS, MemoryStore, Room
from mockserver.engine.deliveries import Owed
from mockserver.engine.values import Planned, Status, Task
from mockserver.media.pictures import Picture
from mockserver.plans import Plan, Rules
from mockserver.platform.base import Content, Media, Session
from mockserver.ports import UNSETTLED_MS, Entry, Shelf, Topic
from mockserver.runtime import Refusal
from tests.state.places import PLACES, TIMED, Place

#: More than any rounding of settling.
A_WHILE_MS = 200
#: Four bytes and more in one character, what ends a line, and what escapes.
STRANGE_KEYS = [
    ("a",),
    ("a", ""),
    ("", "a"),
    ("a\nb",),
    ("a", "b"),
    ("a\\n", "b"),
    ("a\\", "nb"),
    ("\U0001f9ff\x00",),
]
NONCE = bytes(range(16))

VALUES: dict[Shelf, Any] = {
    Shelf.TASKS: Task(
        owner="me",
        uuid="24CD5DFF-cb81-4db5-8506-000000000001",
        task_type="videoInference",
        air="minimax:3@1",
        params={
            "positivePrompt": "a\u0000 \U0001f9ff",
            "duration": 6.0,
            "width": 1366,
            "inputs": {"frameImages": ["x"]},
        },
        origin="http://127.0.0.1:8080",
        submitted_at_ms=1,
        due_at_ms=(2, 2**53),
        nonce=NONCE,
        cost_micro_usd=490_000,
        failure="providerError",
        outcomes=(Status.SUCCESS, Status.UPLOADING),
        pictures=((0, "a-digest"), (-1, "another")),
        failing=(1,),
        faults=(Planned("delay-answer", (("seconds", 1.5), ("is_it", True), ("code", "x")), None, 2, "poll"),),
    ),
    Shelf.RESULTS: (("me", "a-uuid"), 3),
    Shelf.REFUSALS: Refusal({"seed": -(2**63), "x": [None, 1e300, {"": []}]}, [{"code": "invalid", "pointer": "/x"}]),
    Shelf.MEDIA: Media("me", "a-digest", "image/png", "https://example.com/a%2Fb"),
    Shelf.CONTENT: Content(bytes(range(256)) * 5000, 2),
    Shelf.PICTURES: Picture(b"\x89PNG", "PNG", 1366, 768),
    Shelf.SESSIONS: Session("me", (b'{"data":[]}', b"")),
    Shelf.PLANS: Plan((1, 2), (), (Planned("drop-webhook"),), (0,)),
    Shelf.DELIVERIES: Owed(
        "webhook", "me", "a-uuid", 0, "https://example.com/?a=%2F", b"{}", NONCE, 5, (500, 503), 2, 1
    ),
    Shelf.ACCOUNTS: {"spent": 2**60, "": 1},
    Shelf.RULES: Rules(7, {"rules": [{"faults": ["drop-webhook"], "probability": 0.5}]}),
    Shelf.COUNTS: {"fitted": 1},
}

Make = Callable[..., Place]


@pytest.fixture(params=PLACES)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Make places of each kind."""
    entered = []

    def make(*, shelf: Shelf = Shelf.MEDIA, **room: int) -> Place:
        rooms = {shelf: Room(**{"max_entries": 1000, "max_bytes": 10**9, "retention_ms": HOUR_MS, **room})}
        context = PLACES[request.param](tmp_path, rooms)
        entered.append(context)
        place: Place = context.__enter__()
        return place

    yield make
    for context in reversed(entered):
        context.__exit__(None, None, None)


def media(name: str) -> Media:
    """Return a value that is known by a name."""
    return Media(name, "", "")


def put(place: Place, name: str, *, lives_ms: int = 0, weight: int = 0) -> None:
    """Keep a value that is in use for a time, then let a while pass."""
    place.store.put(Shelf.MEDIA, (name,), Entry(media(name), place.clock.now_ms() + lives_ms, weight))
    place.clock.advance(A_WHILE_MS)


def names(place: Place) -> str:
    """Return which values are kept, the oldest first."""
    return " ".join(media.owner for _, media in place.store.scan(Shelf.MEDIA))


@pytest.mark.parametrize("shelf", Shelf, ids=lambda shelf: shelf.value)
def test_what_was_put_is_found_equal(make: Make, shelf: Shelf) -> None:
    """To the type: whole numbers stay whole, tuples stay tuples, and no text is changed."""
    place = make()
    value = VALUES[shelf]
    place.store.put(shelf, ("a", "b"), Entry(value, UNSETTLED_MS))
    found = place.store.get(shelf, ("a", "b"))
    assert found == value
    assert type(found) is type(value)
    assert repr(found) == repr(value)
    assert place.store.count(shelf) == 1


def test_no_two_keys_are_taken_for_each_other(make: Make) -> None:
    """Whatever characters their parts have."""
    place = make()
    for number, key in enumerate(STRANGE_KEYS):
        place.store.put(Shelf.MEDIA, key, Entry(media(str(number)), UNSETTLED_MS))
    assert [key for key, _ in place.store.scan(Shelf.MEDIA)] == STRANGE_KEYS
    assert [place.store.get(Shelf.MEDIA, key) for key in STRANGE_KEYS] == [
        media(str(n)) for n in range(len(STRANGE_KEYS))
    ]


def test_shelves_do_not_know_each_other(make: Make) -> None:
    """The same key may be on all of them."""
    place = make()
    for shelf, value in VALUES.items():
        place.store.put(shelf, ("a",), Entry(value, UNSETTLED_MS))
    place.store.drop(Shelf.MEDIA, ("a",))
    assert [shelf for shelf in Shelf if place.store.get(shelf, ("a",)) is None] == [Shelf.MEDIA]


def test_what_is_settled_is_kept_for_its_time(make: Make) -> None:
    """And what is in use for as long as it is, however long that takes."""
    place = make(retention_ms=1000)
    put(place, "settled")
    put(place, "in-use", lives_ms=5000)
    place.clock.advance(1000)
    assert (names(place), place.store.get(Shelf.MEDIA, ("settled",))) == ("in-use", None)
    place.clock.advance(5000)
    assert names(place) == ""


def test_the_oldest_go_when_there_are_too_many(make: Make) -> None:
    """Of what is settled; how soon is the store's affair."""
    place = make(max_entries=4)
    put(place, "in-use", lives_ms=HOUR_MS)
    for name in "abcdefgh":
        put(place, name)
    assert names(place) in ("in-use e f g h", "in-use d e f g h")


def test_the_oldest_go_when_they_are_too_heavy(make: Make) -> None:
    """By the sum of their weights."""
    place = make(max_entries=7, max_bytes=100)
    for name in "abcdefgh":
        put(place, name, weight=30)
    assert names(place) in ("f g h", "e f g h")


def test_an_entry_takes_the_place_of_the_one_before(make: Make) -> None:
    """With its own time and weight, as the newest."""
    place = make()
    for name in "ab":
        put(place, name)
    place.store.put(Shelf.MEDIA, ("a",), Entry(media("new"), UNSETTLED_MS))
    assert names(place) == "b new"


def test_an_update_sees_what_is_there(make: Make) -> None:
    """And may leave it as it is."""
    place = make()
    seen = []

    def change(value: Media | None) -> tuple[Entry | None, int]:
        seen.append(value)
        return (Entry(media("x"), UNSETTLED_MS) if value is None else None), len(seen)

    assert [place.store.update(Shelf.MEDIA, ("a",), change) for _ in range(2)] == [1, 2]
    assert seen == [None, media("x")]
    assert place.store.get(Shelf.MEDIA, ("a",)) == media("x")


def test_counters_have_a_ceiling(make: Make) -> None:
    """Past it nothing is added, to none of them."""
    place = make()
    add, at_ms = place.store.add, place.clock.now_ms()
    assert add(Shelf.ACCOUNTS, ("me",), (("spent", 70), ("requests", 1)), at_ms, 100)
    assert not add(Shelf.ACCOUNTS, ("me",), (("spent", 40), ("requests", 1)), at_ms, 100)
    assert add(Shelf.ACCOUNTS, ("me",), (("spent", 30), ("requests", 1)), at_ms, 100)
    assert add(Shelf.ACCOUNTS, ("me",), (("spent", -50), ("other", 2)), at_ms)
    assert place.store.get(Shelf.ACCOUNTS, ("me",)) == {"spent": 50, "requests": 2, "other": 2}


def test_what_an_owner_has_in_use_is_counted(make: Make) -> None:
    """What has settled is not, nor what is another's, though its name begins alike."""
    place = make()
    now_ms = place.clock.now_ms()
    for key, at_ms in (("a", now_ms + 100), ("b", now_ms + 200), ("c", UNSETTLED_MS), ("d", now_ms)):
        place.store.put(Shelf.MEDIA, ("me", key), Entry(key, at_ms))
    for owner in ("m", "me\n", "mee", "you"):
        place.store.put(Shelf.MEDIA, (owner, "a"), Entry("a", UNSETTLED_MS))
    counts = [place.store.in_use(Shelf.MEDIA, "me")]
    for _ in range(2):
        place.clock.advance(100)
        counts.append(place.store.in_use(Shelf.MEDIA, "me"))
    assert counts == [3, 2, 1]

    def work() -> int:
        place.store.put(Shelf.MEDIA, ("me", "e"), Entry("e", UNSETTLED_MS))
        return place.store.in_use(Shelf.MEDIA, "me")

    assert place.store.together(work) == 2
    place.store.drop(Shelf.MEDIA, ("me", "e"))
    place.store.put(Shelf.MEDIA, ("me", "c"), Entry("c", now_ms + 200))
    assert place.store.in_use(Shelf.MEDIA, "me") == 0


def test_work_within_work_is_part_of_it(make: Make) -> None:
    """What it returns comes back, and what it changed is seen by the rest at once."""
    place = make()

    def inner() -> str:
        put(place, "b")
        return names(place)

    def outer() -> tuple[str, str]:
        put(place, "a")
        return names(place), place.store.together(inner)

    assert place.store.together(outer) == ("a", "a b")
    assert names(place) == "a b"


def test_what_comes_afterwards_comes_once_the_work_has_happened(make: Make) -> None:
    """And at once without a work, or in memory, where nothing is ever undone."""
    place = make()
    said: list[str] = []

    def work() -> None:
        put(place, "a")
        place.store.afterwards(lambda: said.append(names(place)))
        put(place, "b")

    place.store.together(work)
    place.store.keep()
    place.store.afterwards(lambda: said.append("at once"))
    assert said == ["a" if isinstance(place.store, MemoryStore) else "a b", "at once"]


class Woken:
    """Somebody who is woken, and remembers when and about what."""

    def __init__(self, place: Place, *, drops: bool = True) -> None:
        self.calls: list[tuple[int, str]] = []
        self._place, self._drops, self._began_ms = place, drops, place.clock.now_ms()
        for topic in Topic:
            place.agenda.attend(topic, lambda key, topic=topic: self.wake(topic, key))  # type: ignore[misc]

    def put(self, name: str, after_ms: int, topic: Topic = Topic.RESULT) -> None:
        """Have this one woken."""
        self._place.agenda.put(topic, (name, "x\ny"), self._began_ms + after_ms)

    def wake(self, topic: Topic, key: tuple[str, ...]) -> None:
        """Remember a call."""
        assert key[1:] == ("x\ny",)
        self.calls.append((self._place.clock.now_ms() - self._began_ms, f"{topic.value} {key[0]}"))
        if self._drops:
            self._place.agenda.drop(topic, key)


@pytest.mark.parametrize("make", TIMED, indirect=True)
def test_somebody_is_woken_once_when_the_time_has_come(make: Make) -> None:
    """In order of time; what is late already is told soon; topics do not know each other."""
    place = make()
    woken = Woken(place)
    woken.put("late", 500)
    woken.put("early", 100)
    woken.put("early", 200, Topic.DELIVERY)
    woken.put("past", -100)
    assert woken.calls == []
    place.clock.advance(1000)
    assert woken.calls == [(0, "result past"), (100, "result early"), (200, "delivery early"), (500, "result late")]


@pytest.mark.parametrize("make", TIMED, indirect=True)
def test_an_entry_of_the_agenda_can_be_moved_and_dropped(make: Make) -> None:
    """The time that was set last counts; what was dropped wakes nobody, and may be put again."""
    place = make()
    woken = Woken(place)
    for name in ("moved", "dropped", "again"):
        woken.put(name, 100)
    woken.put("moved", 300)
    place.agenda.drop(Topic.RESULT, ("dropped", "x\ny"))
    place.agenda.drop(Topic.RESULT, ("again", "x\ny"))
    woken.put("again", 50)
    place.clock.advance(1000)
    assert woken.calls == [(50, "result again"), (300, "result moved")]


@pytest.mark.parametrize("make", TIMED, indirect=True)
def test_what_is_due_is_left_to_the_caller_or_wakes_soon(make: Make) -> None:
    """One of the two, in the process that took it, for as long as it lives."""
    place = make()
    woken = Woken(place)
    woken.put("taken", 100)
    is_taken = place.agenda.take(Topic.RESULT, ("taken", "x\ny"))
    assert woken.calls == []
    place.clock.advance(1000)
    assert woken.calls == ([] if is_taken else [(0, "result taken")])
