"""The agenda that lives as long as its process: timers of the clock."""

from collections.abc import Callable
from functools import partial

from mockserver.ports import Clock, Key, Topic


class ClockAgenda:
    """Wakes from the clock. For one thread at a time.

    Args:
        clock: tells when a time has come.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wakes: dict[Topic, Callable[[Key], None]] = {}
        #: What cancels the timer of each entry; one that rang is harmless to cancel.
        self._timers: dict[tuple[Topic, Key], Callable[[], None]] = {}

    def attend(self, topic: Topic, wake: Callable[[Key], None]) -> None:
        """Say who is woken about a topic."""
        self._wakes[topic] = wake

    def put(self, topic: Topic, key: Key, at_ms: int) -> None:
        """Have somebody woken about a thing at a time, in place of the one set before."""
        before = self._timers.get((topic, key))
        if before is not None:
            before()
        self._timers[topic, key] = self._clock.call_at(at_ms, partial(self._wakes[topic], key))

    def take(self, topic: Topic, key: Key) -> bool:
        """Leave a thing that is due now to the caller."""
        self.drop(topic, key)
        return True

    def drop(self, topic: Topic, key: Key) -> None:
        """Wake nobody about a thing any more."""
        cancel = self._timers.pop((topic, key), None)
        if cancel is not None:
            cancel()
