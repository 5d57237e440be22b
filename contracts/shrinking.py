"""How an example becomes small: how it is searched for, what is left out of it, and for how long that is tried."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, Verbosity

from contracts.checks.base import Check, Finding
from contracts.recording import Recording

#: How Hypothesis is run: it says nothing, and minds neither slow examples nor those that are drawn again.
QUIETLY: Any = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "verbosity": Verbosity.quiet,
    "print_blob": False,
    "report_multiple_bugs": True,
}
#: So many examples are played to shrink the findings of one search; then the smallest so far are taken.
MOST_SHRINKS = 120
#: So many seconds that may take; an example of a client that polls for ever takes some.
MOST_SHRINKING_S = 20.0
#: The prompt that says nothing.
PLAIN_PROMPT = "a lighthouse"


class Breach(Exception):
    """An example breaks a duty. Hypothesis tells failures apart by type, so each duty has a type of its own."""

    def __init__(self, check: Check, finding: Finding, recording: Recording) -> None:
        super().__init__(check.name)
        self.check = check
        self.finding = finding
        self.recording = recording


#: Returns what a recording breaks, of the duties that are looked at and not known to be broken.
Judge = Callable[[Recording], Sequence[tuple[Check, Finding]]]


@cache
def breach_type(name: str) -> type[Breach]:
    """Return the type of the breaches of one duty."""
    return type(f"Breach of {name}", (Breach,), {})


def size_of(recording: Recording) -> int:
    """Return how large an example is; the smaller one is shown."""
    return len(name_of(recording.session or recording.task, recording.behaviour))


def breaches_in(problem: BaseException) -> list[Breach]:
    """Return the breaches that a search ended with.

    Raises:
        BaseException: it ended with something else.
    """
    if isinstance(problem, Breach):
        return [problem]
    found = [each for each in getattr(problem, "exceptions", ()) if isinstance(each, Breach)]
    if not found:
        raise problem
    return found


class Shrinking:
    """Bounds how long a search shrinks: past the limit nothing is played, and what failed before fails again.

    Args:
        most: how many examples are played to shrink one.
    """

    def __init__(self, most: int = MOST_SHRINKS) -> None:
        self._most = most
        self._breaches: dict[str, Breach] = {}
        self._since_first = 0
        self._until_s = float("inf")

    @property
    def goes_on(self) -> bool:
        """Say whether further examples are played."""
        return self._since_first <= self._most and time.perf_counter() < self._until_s

    def known(self, task: Any, behaviour: Any) -> Breach | None:
        """Return what an example broke before."""
        return self._breaches.get(name_of(task, behaviour))

    def note(self, task: Any, behaviour: Any, breach: Breach | None) -> None:
        """Remember what an example broke."""
        if breach is not None:
            if not self._breaches:
                self._until_s = time.perf_counter() + MOST_SHRINKING_S
            self._breaches[name_of(task, behaviour)] = breach
        self._since_first += bool(self._breaches)


def name_of(task: Any, behaviour: Any) -> str:
    """Return what tells an example from others."""
    return json.dumps([task, behaviour])


def smaller_tasks(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield tasks that are smaller by a parameter, by two that need each other, by a member of one, by their prompt."""
    for name, value in task.items():
        others = {each: member for each, member in task.items() if each != name}
        if name not in ("model", "positivePrompt"):
            yield others
        if isinstance(value, Mapping):
            yield from ({**others, name: smaller} for smaller in smaller_tasks(value))
    optional = [name for name in task if name not in ("model", "positivePrompt")]
    for pair in combinations(optional, 2):
        yield {name: value for name, value in task.items() if name not in pair}
    prompt = task.get("positivePrompt")
    if prompt is not None and prompt != PLAIN_PROMPT:
        yield {**task, "positivePrompt": PLAIN_PROMPT}
