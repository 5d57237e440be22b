"""Mistakes that a mock could have, planted: what the simulation must find."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from mockserver.adapters.dice import KeyedDice
from mockserver.adapters.sqlite_agenda import SqliteAgenda
from mockserver.dispatch import Dispatch
from mockserver.engine.deliveries import Owed
from mockserver.engine.values import Effect, PutMedia, Reported, Status, Task
from mockserver.ports import Amounts, Entry, Key, Shelf, Topic
from mockserver.runtime import Runtime
from mockserver.wire import Answer
from tests.simulation.durable import DurableAgenda, DurableStore, InMemory, Unit
from tests.simulation.file import InFile
from tests.simulation.places import SETTINGS, Setting

T = TypeVar("T")


class ForgetfulAgenda(DurableAgenda):
    """Forgets in a crash which deliveries are due."""

    forgets = Topic.DELIVERY

    def attend(self, topic: Topic, wake: Callable[[Key], None]) -> None:
        """Say who is woken about a topic."""
        if topic is self.forgets:
            self._wakes[topic] = wake
        else:
            super().attend(topic, wake)


class SleepyAgenda(ForgetfulAgenda):
    """Forgets in a crash which results are due."""

    forgets = Topic.RESULT


class TornStore(DurableStore):
    """Commits every change by itself."""

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something."""
        return work()


class LateStore(DurableStore):
    """Says that changes are there before they are: each is committed when the next one comes."""

    _is_inside = False

    def together(self, work: Callable[[], T]) -> T:
        """Carry out something."""
        if self._is_inside:
            return work()
        if self._unit is not None:
            self.disk.commit(self._unit)
            self.committed(self._unit)
        self._unit, self._is_inside = Unit(), True
        try:
            return work()
        finally:
            self._is_inside = False


class LeakyStore(DurableStore):
    """Finds a task by its UUID alone."""

    def get(self, shelf: Shelf, key: Key) -> Any | None:
        """Return the value kept under a key, or one whose key ends alike."""
        found = super().get(shelf, key)
        if found is None and shelf is Shelf.TASKS:
            return next((task for (_, uuid), task in self.scan(shelf) if uuid == key[1]), None)
        return found


class BlindStore(DurableStore):
    """Does not look at what is there before it takes a task on."""

    def update(self, shelf: Shelf, key: Key, change: Callable[[Any | None], tuple[Entry | None, T]]) -> T:
        """Replace an entry by what a function makes of it, or of nothing."""
        fresh, outcome = change(None) if shelf is Shelf.TASKS else (None, None)
        if fresh is None:
            return super().update(shelf, key, change)
        self.put(shelf, key, fresh)
        return outcome  # type: ignore[return-value]


class MiserlyStore(DurableStore):
    """Gives nothing back."""

    def add(self, shelf: Shelf, key: Key, amounts: Amounts, at_ms: int, most: int | None = None) -> bool:
        """Add to counters, but take nothing away."""
        return amounts[0][1] < 0 or super().add(shelf, key, amounts, at_ms, most)


class HastyDispatch(Dispatch):
    """Forgets what is owed when it is sent, not when it has come."""

    def _try(self, key: Key, owed: Owed) -> None:
        self._drop(key)
        super()._try(key, owed)


class HastyRuntime(Runtime):
    """Has a hasty dispatch."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        old = self.dispatch
        self.dispatch = HastyDispatch(
            old._store,
            old._agenda,
            old._clock,
            old.courier,
            old._journal,
            old._manners,
            old._most_attempts,
            old._fetch,
            old._over,
            old._log,
        )


class EndlessRuntime(Runtime):
    """Never gives a delivery up."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.dispatch._most_attempts = {"webhook": 10**9, "upload": 10**9}


class RepeatingRuntime(Runtime):
    """Draws the same again after a crash."""

    def __init__(self, *parts: Any) -> None:
        desk, *others = parts
        super().__init__(replace(desk, dice=KeyedDice(b"a secret")), *others)


class WaveringRuntime(Runtime):
    """Takes back every second time that a result is there."""

    _number = 0

    def _report(self, reply: Reported) -> Answer:
        self._number += 1
        hidden = Reported(reply.task, (Status.PROCESSING,) * len(reply.statuses))
        return super()._report(hidden if self._number % 2 else reply)


class ForgetfulRuntime(Runtime):
    """Does not tell of the second result any more once the third is there."""

    def _report(self, reply: Reported) -> Answer:
        told = super()._report(reply)
        done = [item for item in told.data if item.get("status") == "success"]
        return replace(told, data=[item for item in told.data if item is not done[1]]) if len(done) > 2 else told


class GenerousRuntime(Runtime):
    """Tells of a result twice."""

    def _report(self, reply: Reported) -> Answer:
        told = super()._report(reply)
        return replace(told, data=[*told.data, *[item for item in told.data if item["status"] == "success"][:1]])


class ParallelRuntime(Runtime):
    """Uploads the second result beside the first."""

    def _carry_out(self, key: Key, task: Task, effect: Effect) -> None:
        super()._carry_out(key, task, effect)
        if isinstance(effect, PutMedia) and effect.index == 0 and len(task.due_at_ms) > 1:
            super()._carry_out(key, task, PutMedia(effect.url, 1))


class HeartlessKeeper(SqliteAgenda):
    """Takes over nothing from those that have died."""

    def look(self) -> None:
        """Do nothing."""


class GreedyKeeper(SqliteAgenda):
    """Takes the living for dead."""

    def _is_alive(self, number: int) -> bool:
        return number < 0


class Mistake(NamedTuple):
    """A mistake.

    Attributes:
        breaks: the invariant that does not hold.
        setting: where a mock that has it keeps its state.
        runtime: of such a mock.
    """

    breaks: str
    setting: Setting = SETTINGS["memory"]
    runtime: type[Runtime] = Runtime


def _stored(breaks: str, store: type[DurableStore]) -> Mistake:
    return Mistake(breaks, Setting(partial(InMemory, store=store)))


def _woken(breaks: str, agenda: type[DurableAgenda]) -> Mistake:
    return Mistake(breaks, Setting(partial(InMemory, agenda=agenda)))


def _kept(breaks: str, agenda: type[SqliteAgenda]) -> Mistake:
    return Mistake(breaks, Setting(partial(InFile, agenda, is_shared=True), 3))


MISTAKES: Mapping[str, Mistake] = MappingProxyType(
    {
        "an agenda that drops deliveries in a crash": _woken("no owed webhook is lost", ForgetfulAgenda),
        "an agenda that drops results in a crash": _woken("every task ends", SleepyAgenda),
        "a keeper that takes nothing over": _kept("every task ends", HeartlessKeeper),
        "a keeper that takes from the living": _kept("every task ends", GreedyKeeper),
        "a store that tears changes apart": _stored("no owed webhook is lost", TornStore),
        "a store that commits after the answer": _stored("no acknowledged task is lost", LateStore),
        "a store that leaks across keys": _stored("no cross-key leak", LeakyStore),
        "a store that does not look first": _stored("one acknowledgement", BlindStore),
        "a store that gives nothing back": _stored("what is taken on is paid for", MiserlyStore),
        "a dispatch that drops before it has delivered": Mistake("no owed webhook is lost", runtime=HastyRuntime),
        "a dispatch that never gives up": Mistake("every delivery ends", runtime=EndlessRuntime),
        "dice that begin anew after a crash": Mistake("a result belongs to one task", runtime=RepeatingRuntime),
        "a poll that forgets a result": Mistake("as many results as asked for", runtime=ForgetfulRuntime),
        "a poll that tells of too much": Mistake("as many results as asked for", runtime=GenerousRuntime),
        "a poll that takes back what it told": Mistake("polls are monotone", runtime=WaveringRuntime),
        "uploads side by side": Mistake("one upload at a time", runtime=ParallelRuntime),
    }
)
