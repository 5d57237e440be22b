"""A clock whose time is kept with the state: a mock that is begun anew goes on where the last one was.

Where time goes as everywhere there is nothing to keep. Otherwise three numbers are kept whenever the clock is moved or
its rate changes, and now and then while it goes faster: they say what time it was.
"""

from collections.abc import Callable
from typing import NamedTuple

import orjson

from mockserver.adapters.clocks import SteeredClock, unix_ms
from mockserver.adapters.sqlite import BadState, Database
from mockserver.ports import Clock

#: Under which name the time is kept.
NAME = "clock"
#: For how long the mock may have gone on after its time was kept last, in milliseconds of real time.
UNKEPT_MS = 1000


class Line(NamedTuple):
    """How time goes.

    Attributes:
        now_ms: a time of the mock's clock, as Unix time in milliseconds.
        real_ms: the time of the machine at that moment, alike.
        rate: seconds of the mock that pass in a second of the machine.
    """

    now_ms: int
    real_ms: int
    rate: float

    def at(self, real_ms: int) -> int:
        """Return the mock's time at a moment at which nobody serves it.

        It is not before any time that was told. While nobody serves, time passes as everywhere, or not at all where it
        stands; a machine that was set back does not set it back.
        """
        away_ms = max(0, real_ms - self.real_ms)
        served_ms = min(away_ms, UNKEPT_MS)
        return self.now_ms + int(served_ms * self.rate + (away_ms - served_ms) * min(self.rate, 1))


def keep_time(clock: Clock, database: Database) -> Callable[[], None]:
    """Let a clock go on where the last one left off, and keep its time whenever it is moved.

    Args:
        clock: the clock of a mock that has not begun; only a `SteeredClock` has a time that is kept.
        database: holds its state. Where several processes share it nobody moves the clock, and nothing is kept.

    Returns:
        What keeps its time where that is not as everywhere: to be called when the mock begins, and now and then.

    Raises:
        BadState: it is shared, and its time goes faster or slower than that of others.
    """
    if not isinstance(clock, SteeredClock):
        return lambda: None
    kept = database.recall(NAME)
    line = None if kept is None else Line(*orjson.loads(kept))
    if line is not None:
        if database.is_shared and line.rate != 1:
            where = f"the time of {database.path} goes {line.rate:g} times as fast as everywhere"
            raise BadState(f"{where}; serve it once without --workers and --clock, or name another file")
        clock.go_on_from(line.at(unix_ms()))
    if database.is_shared:
        return lambda: None

    def keep() -> None:
        now = Line(clock.now_ms(), unix_ms(), clock.rate)
        database.together(lambda: database.note(NAME, orjson.dumps([*now])))

    def keep_own_time() -> None:
        nonlocal line
        if clock.rate != 1 or (line is not None and line.rate != 1):
            keep()
            line = None

    clock.when_set = keep
    return keep_own_time
