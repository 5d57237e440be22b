"""How much one key may have under way at a time, and whether it has."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple

from mockserver.ports import Shelf, Store


class Quotas(NamedTuple):
    """How much one key may have under way.

    Attributes:
        running: tasks that are being made.
        owed: deliveries that are owed to its receivers.
    """

    running: int
    owed: int


#: A million tasks take some 2 GiB of memory. Source: none (assumed)
USUAL = Quotas(running=1_000_000, owed=10_000)


class Gate:
    """Says which tasks are too much.

    Args:
        store: knows what is running.
        quotas: how much one key may have under way.
        owed_by: says how many deliveries are owed to the receivers of a key.
    """

    def __init__(self, store: Store, quotas: Quotas, owed_by: Callable[[str], int]) -> None:
        self._running = Running(store, quotas.running)
        self._quotas = quotas
        self._owed_by = owed_by

    def too_much(self, owner: str, params: Mapping[str, Any]) -> str:
        """Say which quota a task would exceed, and how to raise it; "" where it may be taken on, and is taken to be.

        Deliveries count as if the task ended now.

        Args:
            owner: digest of the key.
            params: the task.
        """
        kinds = ("webhookURL" in params) + ("uploadEndpoint" in params)
        if kinds and self._owed_by(owner) + kinds * int(params.get("numberResults", 1)) > self._quotas.owed:
            most = _counted(self._quotas.owed, "delivery", "deliveries")
            return f"{most} may be owed to the receivers of one key; the setting max-owed allows more"
        if not self._running.lets_in(owner):
            most = _counted(self._quotas.running, "task", "tasks")
            return f"{most} of one key may be running; the setting max-running allows more"
        return ""


#: A key without room is counted again after so many times as long as counting took.
REST = 10
#: Of how many keys something is known; past it the one that came first is forgotten.
MOST_KEYS = 10_000
#: Tasks are counted anew after this part of the quota.
PARTS = 8


class Running:
    """Which keys may hand in more tasks.

    Counting takes time that grows with what is kept, so it is done when a key has handed in an eighth of its quota
    since the last time, or as many as there was room for. By that eighth a key may have more running: once for each
    process, and again after so many other keys came that it was forgotten. Of quotas below eight all tasks are counted
    for each new one; then a key may have more only by what other processes let in at the same moment.

    Args:
        store: knows what is running.
        most: tasks of a key that may be running at a time.
        now_s: tells real time, in seconds.
    """

    def __init__(self, store: Store, most: int, now_s: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._most = most
        self._now_s = now_s
        #: For each key, how many more tasks are let in before those that run are counted.
        self._left: dict[str, int] = {}
        #: For each key without room, until when it is not counted again, in seconds.
        self._full_until_s: dict[str, float] = {}

    def lets_in(self, owner: str) -> bool:
        """Say whether another task of a key may be taken on; if so, it is taken to be."""
        left = self._left.get(owner)
        if left is None:
            left = self._meet(owner)
        left = left or self._look(owner)
        if left:
            self._left[owner] = left - 1
        return left > 0

    def _meet(self, owner: str) -> int:
        if len(self._left) >= MOST_KEYS:
            first = next(iter(self._left))
            del self._left[first]
            self._full_until_s.pop(first, None)
        self._left[owner] = 0
        return self._most // PARTS

    def _look(self, owner: str) -> int:
        """Count, unless that was done just now and there was no room, and return how many more are let in."""
        began_s = self._now_s()
        if began_s < self._full_until_s.get(owner, 0.0):
            return 0
        room = self._most - self._store.in_use(Shelf.TASKS, owner)
        if room > 0:
            self._full_until_s.pop(owner, None)
            return min(room, self._most // PARTS + 1)
        ended_s = self._now_s()
        self._full_until_s[owner] = ended_s + REST * (ended_s - began_s)
        return 0


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
