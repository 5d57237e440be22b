"""What happened in a simulation, in order, for whoever reads why it failed."""

from mockserver.ports import Clock


class History:
    """Keeps what happened.

    Args:
        clock: says when.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ms = clock.now_ms()
        self._events: list[tuple[int, str, str]] = []

    def note(self, who: str, what: str) -> None:
        """Note that somebody did something."""
        self._events.append((self._clock.now_ms() - self._began_ms, who, what))

    def __len__(self) -> int:
        return len(self._events)

    def __str__(self) -> str:
        return "\n".join(f"{at_ms / 1000:10.3f} s  {who:<10} {what}" for at_ms, who, what in self._events)
