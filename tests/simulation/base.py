"""What a place is where the state of simulated mocks outlives them."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from mockserver.adapters.dice import make_secret
from mockserver.ports import Agenda, Clock, Dice, Key, Shelf, Store

#: What draws derive from, in every life of a mock.
SECRET = make_secret(7)


def nothing() -> None:
    """Do nothing."""


class Opened(NamedTuple):
    """What one process has of a place.

    Attributes:
        store: keeps entries.
        agenda: wakes.
        dice: draw what no other process draws.
        begin: is called when everybody is there who is woken, and every second from then on.
        die: lets go of what the system lets go of when a process is killed.
    """

    store: Store
    agenda: Agenda
    dice: Dice
    begin: Callable[[], None] = nothing
    die: Callable[[], None] = nothing


class Place(Protocol):
    """Where state is kept that outlives processes."""

    def open(self, clock: Clock) -> Opened:
        """Return what a new process has."""

    def peek(self, shelf: Shelf, key: Key) -> Any | None:
        """Return what was committed."""

    def close(self) -> None:
        """Let go of everything, after all processes have died."""
