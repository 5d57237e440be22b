"""Whose turn it is to be sent: a line for each receiver, and places for which the lines take turns.

A receiver that has not answered yet, or did not the last time, has one place among those for trying; one that answers
has more and more among the others. So receivers that hang, however many deliveries wait for them, are in nobody's way.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

#: Deliveries under way at a time to receivers that answer: to all, and to one.
MOST_PLACES = 256
MOST_PER_RECEIVER = 16
#: Deliveries under way at a time to receivers that are tried, one each.
MOST_TRIALS = 512
#: Receivers without deliveries that are remembered.
MOST_REMEMBERED = 1024

Start = Callable[[], None]


@dataclass(slots=True)
class Line:
    """One receiver.

    Attributes:
        waiting: deliveries that have no place yet.
        under_way: places it has.
        window: places that it may have: doubled by each answer, one after it hung.
        is_tried: whether its one place is a trial.
        is_in_turn: whether it stands in a queue of lines for the next place.
    """

    waiting: deque[Start] = field(default_factory=deque)
    under_way: int = 0
    window: int = 1
    is_tried: bool = False
    is_in_turn: bool = False


class Turns:
    """Lets deliveries start, each in its turn. For one thread at a time.

    Args:
        most_places: deliveries under way at a time to receivers that answer.
        most_per_receiver: those of them to one receiver.
        most_trials: deliveries under way at a time to other receivers.

    Attributes:
        receivers: the lines of those that something was sent to, the longest ago first.
        taken: places that are taken.
        trials: trials that are under way.
    """

    def __init__(
        self,
        most_places: int = MOST_PLACES,
        most_per_receiver: int = MOST_PER_RECEIVER,
        most_trials: int = MOST_TRIALS,
    ) -> None:
        self._most_places = most_places
        self._most_per_receiver = most_per_receiver
        self._most_trials = most_trials
        self._next: deque[Line] = deque()
        self._next_to_try: deque[Line] = deque()
        self.receivers: OrderedDict[str, Line] = OrderedDict()
        self.taken = self.trials = 0

    def join(self, receiver: str, start: Start) -> None:
        """Start a delivery when it is its turn, perhaps now.

        Args:
            receiver: where to; deliveries to the same are started in order.
            start: begins it; `leave` must be called when it has ended.
        """
        line = self.receivers.get(receiver)
        if line is None:
            line = self.receivers[receiver] = Line()
        self.receivers.move_to_end(receiver)
        line.waiting.append(start)
        self._offer(line)
        self._let_in()

    def leave(self, receiver: str, has_hung: bool) -> None:
        """Give a place back.

        Args:
            receiver: as in `join`.
            has_hung: whether the receiver let the whole time pass without an answer.
        """
        line = self.receivers[receiver]
        if line.is_tried:
            self.trials -= 1
        else:
            self.taken -= 1
        line.is_tried = False
        line.under_way -= 1
        line.window = 1 if has_hung else min(2 * line.window, self._most_per_receiver)
        self._offer(line)
        self._let_in()
        self._tidy()

    def clear(self) -> None:
        """Start nothing that waits."""
        for line in self.receivers.values():
            line.waiting.clear()

    def _offer(self, line: Line) -> None:
        """Let a line stand in turn if it could use a place."""
        if line.waiting and not line.is_in_turn and line.under_way < line.window:
            line.is_in_turn = True
            (self._next if line.window > 1 else self._next_to_try).append(line)

    def _let_in(self) -> None:
        while self._next and self.taken < self._most_places:
            if _may_start(line := self._next.popleft()):
                self.taken += 1
                self._start(line)
        while self._next_to_try and self.trials < self._most_trials:
            if _may_start(line := self._next_to_try.popleft()):
                self.trials += 1
                line.is_tried = True
                self._start(line)

    def _start(self, line: Line) -> None:
        line.under_way += 1
        start = line.waiting.popleft()
        self._offer(line)
        start()

    def _tidy(self) -> None:
        """Forget receivers that nothing was sent to for the longest time."""
        excess = len(self.receivers) - MOST_REMEMBERED
        if excess > 0:
            idle = [name for name, line in self.receivers.items() if not (line.waiting or line.under_way)]
            for name in idle[:excess]:
                del self.receivers[name]


def _may_start(line: Line) -> bool:
    """Say whether a line whose turn has come can still use it: meanwhile it may have hung or been cleared."""
    line.is_in_turn = False
    return bool(line.waiting) and line.under_way < line.window


def receiver_of(url: str) -> str:
    """Return the part of an address that says who receives: scheme, host and port, as written but for their case."""
    scheme, _, rest = url.partition("://")
    for end in "/?#":
        rest = rest.partition(end)[0]
    return f"{scheme}://{rest}".lower()
