"""The results that clients were told of: found by their UUID for as long as their address is good.

What a result is known by follows from its task, so only the way from a UUID to a task is kept.
"""

from dataclasses import dataclass, replace

from mockserver.engine.results import good_until_ms, result_of, statuses_at
from mockserver.engine.values import Reported, Result, Status, Task
from mockserver.ports import Clock, Entry, Shelf, Store


@dataclass(frozen=True, slots=True)
class Found:
    """A finished result that somebody asks for by its address.

    Attributes:
        task: the task that it belongs to.
        index: which of its results, 0 being the first.
        good_for_ms: how long the address stays good, in milliseconds.
    """

    task: Task
    index: int
    good_for_ms: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A finished result whose address is no longer good. Polls of its task go on to show it (assumed)."""

    task: Task
    index: int


class Shown:
    """Remembers and finds results.

    Args:
        store: keeps the way from a UUID to its task.
        clock: tells the time.
        keep_ms: how long the address of a video is good if its task does not say, in milliseconds.
        is_fleet: whether mocks at other addresses serve the same tasks.
    """

    def __init__(self, store: Store, clock: Clock, keep_ms: int, *, is_fleet: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._keep_ms = keep_ms
        self._is_fleet = is_fleet

    def asked_at(self, origin: str, reply: Reported) -> Reported:
        """Return a report as who asks at an address is to see it.

        In a fleet its videos lie at that address: the mock that took it on may be gone, and this one has them too.

        Args:
            origin: scheme and authority under which the client reached the mock.
            reply: how far a task is.
        """
        if not self._is_fleet or reply.task.origin == origin:
            return reply
        return replace(reply, task=reply.task._replace(origin=origin))

    def show(self, task: Task, index: int) -> Result:
        """Make a result findable by its UUID; one that is not finished cannot be downloaded all the same."""
        result = result_of(task, index)
        key = (result.video_uuid,)
        if self._store.get(Shelf.RESULTS, key) is None:
            place = Entry(((task.owner, task.uuid.lower()), index), max(task.due_at_ms[-1], self._clock.now_ms()))
            self._store.put(Shelf.RESULTS, key, place)
        return result

    def find(self, video_uuid: str) -> Found | Gone | None:
        """Return the finished result of that UUID, if a client was told of it and its task is still kept."""
        place = self._store.get(Shelf.RESULTS, (video_uuid,))
        if place is None:
            return None
        key, index = place
        task = self._store.get(Shelf.TASKS, key)
        if not isinstance(task, Task):
            return None
        now_ms = self._clock.now_ms()
        if statuses_at(task, now_ms)[index] is not Status.SUCCESS:
            return None
        good_for_ms = good_until_ms(task, index, self._keep_ms) - now_ms
        return Found(task, index, good_for_ms) if good_for_ms > 0 else Gone(task, index)
