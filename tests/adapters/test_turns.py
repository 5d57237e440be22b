"""Whose turn it is: everybody gets one, nobody has too many, and receivers that hang are in nobody's way.

Time is a list here: each delivery ends when the simulation says so.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from mockserver.adapters.turns import (
    MOST_PER_RECEIVER,
    MOST_PLACES,
    MOST_REMEMBERED,
    MOST_TRIALS,
    Turns,
    receiver_of,
)

#: How long receivers that hang are waited for, in milliseconds.
DEADLINE_MS = 5000


class World:
    """Receivers that each take their time, and what is on its way to them.

    Args:
        turns: whose turn it is.
        takes_ms: how long a receiver takes; None for one that hangs until the deadline.
    """

    def __init__(self, turns: Turns, takes_ms: Callable[[str], int | None]) -> None:
        self.turns = turns
        self.takes_ms = takes_ms
        self.now_ms = 0
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.most_in_all = 0
        self.ended_at_ms: dict[str, int] = {}
        self.order: list[tuple[str, int]] = []
        self._ends: list[tuple[int, int, str]] = []
        self._number = 0

    def send(self, receiver: str, number: int = 1) -> None:
        """Let some deliveries to a receiver stand in line."""
        for index in range(number):
            self.turns.join(receiver, partial(self._start, receiver, index))

    def _start(self, receiver: str, index: int) -> None:
        self.order.append((receiver, index))
        self.under_way[receiver] += 1
        self.most[receiver] = max(self.most[receiver], self.under_way[receiver])
        self.most_in_all = max(self.most_in_all, self.under_way.total())
        took_ms = self.takes_ms(receiver)
        self._number += 1
        heapq.heappush(
            self._ends, (self.now_ms + (DEADLINE_MS if took_ms is None else took_ms), self._number, receiver)
        )

    def run(self, until_ms: int = 10**9) -> None:
        """Let time pass until nothing is under way, or until a time."""
        while self._ends and self._ends[0][0] <= until_ms:
            self.now_ms, _, receiver = heapq.heappop(self._ends)
            self.under_way[receiver] -= 1
            self.ended_at_ms[receiver] = self.now_ms
            self.turns.leave(receiver, self.takes_ms(receiver) is None)


def by_name(receiver: str) -> int | None:
    """Return how long a receiver takes whose name says it: good ones 10 ms, others hang."""
    return 10 if receiver.startswith("good") else None


def good_ones_end_ms(world: World) -> int:
    """Return when the last of the good receivers had everything."""
    return max(at_ms for receiver, at_ms in world.ended_at_ms.items() if receiver.startswith("good"))


@pytest.mark.parametrize("hanging", [1, 16, 200, 312])
@pytest.mark.parametrize("number", [1, 20])
@pytest.mark.parametrize("come_first", [True, False])
def test_hanging_receivers_hold_up_no_good_one(hanging: int, number: int, come_first: bool) -> None:
    """200 good receivers have everything as early beside as many that hang, however much waits for those."""

    def end_ms(hanging: int) -> int:
        world = World(Turns(), by_name)
        for index in range(hanging if come_first else 0):
            world.send(f"bad {index}", 20)
        for index in range(200):
            world.send(f"good {index}", number)
        for index in range(0 if come_first else hanging):
            world.send(f"bad {index}", 20)
        world.run(until_ms=100_000)
        return good_ones_end_ms(world)

    assert end_ms(hanging) == end_ms(0)


def test_more_hanging_receivers_than_can_be_tried_leave_those_alone_that_answered_before() -> None:
    """A receiver that answered once goes on to be served while thousands hang."""
    world = World(Turns(), by_name)
    world.send("good 1", 2)
    world.run()
    for index in range(2000):
        world.send(f"bad {index}", 20)
    began_ms = world.now_ms
    world.send("good 1", 200)
    world.run(until_ms=began_ms + DEADLINE_MS - 1)
    assert world.under_way["good 1"] == 0
    assert world.ended_at_ms["good 1"] - began_ms < 200
    assert world.most_in_all <= MOST_PLACES + MOST_TRIALS


def test_a_receiver_that_answers_gets_more_and_more_places() -> None:
    """Up to its most, and back to one when it hangs; what waits is sent in order."""
    takes_ms: list[int | None] = [10]
    world = World(Turns(), lambda _: takes_ms[0])
    world.send("a", 100)
    for under_way in (2, 8, 16, 16):
        world.run(until_ms=world.now_ms + 10)
        assert world.under_way["a"] == under_way
    world.run()
    assert world.most["a"] == MOST_PER_RECEIVER
    assert [index for _, index in world.order] == list(range(100))
    takes_ms[0] = None
    world.send("a", 40)
    assert world.under_way["a"] == MOST_PER_RECEIVER
    world.run(until_ms=world.now_ms + DEADLINE_MS)
    assert (world.under_way["a"], world.turns.taken, world.turns.trials) == (1, 0, 1)
    world.run()
    assert len(world.order) == 140
    assert (world.turns.taken, world.turns.trials) == (0, 0)


def test_everybody_has_a_turn_before_anybody_has_two() -> None:
    """A receiver with much to get does not push back one with little."""
    world = World(Turns(most_places=4, most_trials=3), lambda _: 10)
    world.send("much", 50)
    for name in ("little", "less", "least"):
        world.send(name, 2)
    world.run()
    assert [receiver for receiver, _ in world.order[:4]] == ["much", "little", "less", "much"]
    assert max(world.ended_at_ms[name] for name in ("little", "less", "least")) <= 40
    assert world.most_in_all <= 7


def test_what_waits_can_be_forgotten() -> None:
    """Nothing starts any more, and what is under way may end."""
    world = World(Turns(), lambda _: 10)
    world.send("a", 5)
    world.turns.clear()
    world.run()
    assert world.order == [("a", 0)]
    assert (world.turns.taken, world.turns.trials) == (0, 0)


def test_receivers_are_forgotten_when_there_are_many() -> None:
    """Memory does not grow with the number of receivers that there ever were."""
    turns = Turns()
    world = World(turns, lambda _: 10)
    for index in range(3 * MOST_REMEMBERED):
        world.send(f"receiver {index}")
        world.run()
    assert len(turns.receivers) <= MOST_REMEMBERED
    assert f"receiver {3 * MOST_REMEMBERED - 1}" in turns.receivers


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("http://127.0.0.1:8080/a?b#c", "http://127.0.0.1:8080"),
        ("HTTPS://Example.com?token=/x", "https://example.com"),
        ("https://example.com#x", "https://example.com"),
        ("nonsense", "nonsense://"),
    ],
)
def test_a_receiver_is_scheme_host_and_port(url: str, receiver: str) -> None:
    """Paths and queries of one receiver share its line."""
    assert receiver_of(url) == receiver
