"""A clock whose time is kept with the state: a mock that is begun anew is not earlier than it was.

Where time goes as everywhere there is nothing to keep. Otherwise three numbers are kept whenever the clock is moved or
its rate changes: together they say what time it is at any later moment.
"""

from typing import NamedTuple

import orjson

from mockserver.adapters.clocks import SteeredClock, unix_ms
from mockserver.adapters.sqlite import BadState, Database

#: Under which name the time is kept.
NAME = "clock"


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
        """Return the mock's time at a moment of the machine; a machine that was set back does not set it back."""
        return self.now_ms + max(0, int((real_ms - self.real_ms) * self.rate))


def keep_time(clock: SteeredClock, database: Database) -> None:
    """Let a clock go on where the last one left off, and keep its time from now on.

    Args:
        clock: the clock of a mock that has not begun.
        database: holds its state. Where several processes share it nobody moves the clock, and nothing is kept.

    Raises:
        BadState: it is shared, and its time goes faster or slower than that of others.
    """
    kept = database.recall(NAME)
    line = None if kept is None else Line(*orjson.loads(kept))
    if line is not None:
        if database.is_shared and line.rate != 1:
            database.close()
            where = f"the time of {database.path} goes {line.rate:g} times as fast as everywhere"
            raise BadState(f"{where}; serve it once without --workers and --clock, or name another file")
        clock.go_on_from(line.at(unix_ms()))
    if database.is_shared:
        return

    def keep() -> None:
        line = Line(clock.now_ms(), unix_ms(), clock.rate)
        database.together(lambda: database.note(NAME, orjson.dumps([*line])))

    clock.when_set = keep
    if line is not None or clock.rate != 1:
        keep()
