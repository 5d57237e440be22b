"""Plays examples until each broken duty is found, in its smallest form.

Hypothesis draws tasks and behaviours and shrinks what fails. A duty that was found broken is not looked at again, so
there is one finding for each.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hypothesis import Phase, given, seed, settings

from contracts.checks import CHECKS
from contracts.checks.base import Check, Finding
from contracts.families import FAMILIES, WHOLE, Family
from contracts.recording import Recording
from contracts.report import Broken, Report
from contracts.session import Session
from contracts.shrinking import QUIETLY, Breach, Shrinking, breach_type, breaches_in, size_of, smaller_tasks
from contracts.stage import Stage
from contracts.together import SHARE, TOGETHER, explore_sessions
from mockserver.spec.load import Model


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is tried.

    Attributes:
        examples: how many examples each kind of behaviour gets, times its share.
    """

    examples: int


PROFILES: Mapping[str, Profile] = MappingProxyType({"quick": Profile(6), "ci": Profile(30), "deep": Profile(300)})


class Runner:
    """Plays examples on a stage.

    Args:
        stage: where they are played.
        checks: names of the duties that are looked at; all unless given.
        profile: how much is tried, a name of `PROFILES`.
        seed: what chance is drawn from; random unless given.
        tell: is called with the name of each kind of behaviour when it begins.
        heed: is called with every recording.
    """

    def __init__(
        self,
        stage: Stage,
        checks: Collection[str] | None = None,
        profile: str = "ci",
        seed: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
        heed: Callable[[Recording], None] = lambda _: None,
    ) -> None:
        self._stage = stage
        self._checks = [check for name, check in CHECKS.items() if checks is None or name in checks]
        self._profile = profile
        self._seed = random.SystemRandom().randrange(2**32) if seed is None else seed
        self._tell = tell
        self._heed = heed
        self._examples = 0
        self._began_s = 0.0
        self._uuids: set[str] = set()
        self._first_seen: dict[str, tuple[int, float]] = {}

    def run(self, families: Collection[str] | None = None) -> Report:
        """Try every kind of behaviour, or some."""
        self._began_s = time.perf_counter()
        broken: dict[str, Broken] = {}
        for name, family in FAMILIES.items():
            is_possible = self._stage.is_inside or not family.takes_minutes
            is_over = len(broken) == len(self._checks)
            if is_possible and not is_over and (families is None or name in families):
                self._tell(name)
                self._explore(name, family, broken)
        if len(broken) < len(self._checks) and (families is None or TOGETHER in families):
            self._tell(TOGETHER)
            self._explore_together(broken)
        ordered = [broken[check.name] for check in self._checks if check.name in broken]
        took_s = time.perf_counter() - self._began_s
        names = [check.name for check in self._checks]
        return Report(ordered, self._examples, took_s, self._seed, self._profile, names)

    def replay(self, task: Mapping[str, Any], behaviour: Mapping[str, Any], family: str = "replayed") -> Report:
        """Play one example."""
        self._began_s = time.perf_counter()
        return self._replayed([self._play(task, behaviour, family)])

    def replay_session(self, session: Session) -> Report:
        """Play one example in which several tasks are done at once."""
        self._began_s = time.perf_counter()
        return self._replayed(self._play_sessions([session])[0])

    def _replayed(self, recordings: Sequence[Recording]) -> Report:
        broken: dict[str, Broken] = {}
        for recording in recordings:
            for check, finding in self._breaches(recording, broken):
                broken[check.name] = Broken(check, finding, recording, 1, 0.0)
        took_s = time.perf_counter() - self._began_s
        names = [check.name for check in self._checks]
        return Report([broken[name] for name in names if name in broken], 1, took_s, self._seed, "replay", names)

    def _explore(self, name: str, family: Family, broken: dict[str, Broken]) -> None:
        """Play examples of one kind, again and again until they show nothing new."""
        model = self._stage.spec.all_models[0]
        while len(broken) < len(self._checks):
            search = self._search if self._stage.is_inside else self._search_outside
            found = search(name, family, model, frozenset(broken))
            for breach in found:
                after, after_s = self._first_seen[breach.check.name]
                finding, recording = self._smallest(breach)
                broken[breach.check.name] = Broken(breach.check, finding, recording, after, after_s)
            if not found:
                return

    def _explore_together(self, broken: dict[str, Broken]) -> None:
        """Play sessions, again and again until they show nothing new."""

        def judge(recording: Recording) -> list[tuple[Check, Finding]]:
            found = self._breaches(recording, broken)
            for check, _ in found:
                self._first_seen.setdefault(check.name, (self._examples, time.perf_counter() - self._began_s))
            return found

        while len(broken) < len(self._checks):
            found = explore_sessions(self._stage, self._count(SHARE), self._seed, self._play_sessions, judge)
            for breach in found:
                seen = self._first_seen[breach.check.name]
                broken[breach.check.name] = Broken(breach.check, breach.finding, breach.recording, *seen)
            if not found:
                return

    def _play_sessions(self, sessions: Sequence[Session]) -> list[list[Recording]]:
        """Play sessions side by side, and return the recordings of each."""
        self._examples += len(sessions)
        earlier = frozenset(self._uuids)

        async def play() -> list[list[Recording]]:
            return await asyncio.gather(*(self._stage.play_session(each, TOGETHER, earlier) for each in sessions))

        played = self._stage.run(play())
        for recording in (recording for recordings in played for recording in recordings):
            self._remember(recording)
        return played

    def _count(self, share: float) -> int:
        return max(1, round(PROFILES[self._profile].examples * share))

    def _search_outside(self, name: str, family: Family, model: Model, known: Collection[str]) -> list[Breach]:
        """Do the same with a client that runs elsewhere, in its own time: many examples side by side."""
        drawn: list[tuple[Any, Any]] = []

        @seed(self._seed)
        @settings(max_examples=self._count(family.share), database=None, phases=(Phase.generate,), **QUIETLY)
        @given(family.tasks(model), family.behaviours(self._stage.spec))
        def draw(task: Mapping[str, Any], behaviour: Mapping[str, Any]) -> None:
            drawn.append((task, behaviour))

        draw()
        smallest: dict[str, Breach] = {}
        for recording in self._play_all([(task, behaviour, name) for task, behaviour in drawn]):
            for check, finding in self._breaches(recording, known):
                self._first_seen.setdefault(check.name, (self._examples, time.perf_counter() - self._began_s))
                best = smallest.get(check.name)
                if best is None or size_of(recording) < size_of(best.recording):
                    smallest[check.name] = breach_type(check.name)(check, finding, recording)
        return [*smallest.values()]

    def _search(self, name: str, family: Family, model: Model, known: Collection[str]) -> list[Breach]:
        """Return the smallest examples that break duties which are not known to be broken."""
        shrinking = Shrinking()

        @seed(self._seed)
        @settings(
            max_examples=self._count(family.share), database=None, phases=(Phase.generate, Phase.shrink), **QUIETLY
        )
        @given(family.tasks(model), family.behaviours(self._stage.spec))
        def play(task: Mapping[str, Any], behaviour: Mapping[str, Any]) -> None:
            breach = shrinking.known(task, behaviour)
            if breach is None and shrinking.goes_on:
                recording = self._play(task, behaviour, name)
                for check, finding in self._breaches(recording, known):
                    self._first_seen.setdefault(check.name, (self._examples, time.perf_counter() - self._began_s))
                    breach = breach_type(check.name)(check, finding, recording)
                    break
                shrinking.note(task, behaviour, breach)
            if breach is not None:
                raise breach

        try:
            play()
        except (Breach, BaseExceptionGroup) as problem:
            return breaches_in(problem)
        return []

    def _smallest(self, breach: Breach) -> tuple[Finding, Recording]:
        """Take away every parameter that the breach does not need.

        Hypothesis shrinks what it drew; a parameter whose absence would change what is drawn after it may be left.
        """
        model = self._stage.spec.all_models[0]
        finding, recording = breach.finding, breach.recording
        is_smaller = True
        while is_smaller:
            is_smaller = False
            tasks = [task for task in smaller_tasks(recording.task) if model.checker.accepts({**WHOLE, **task})]
            for other in self._play_each(tasks, recording.behaviour, recording.family):
                found = next(breach.check.find(other), None)
                if found is not None:
                    finding, recording, is_smaller = found, other, True
                    break
        return finding, recording

    def _play_each(
        self, tasks: Sequence[Mapping[str, Any]], behaviour: Mapping[str, Any], family: str
    ) -> Iterable[Recording]:
        """Play tasks as they are asked for; of a client that runs elsewhere all at once, as that takes no longer."""
        if self._stage.is_inside:
            return (self._play(task, behaviour, family) for task in tasks)
        return self._play_all([(task, behaviour, family) for task in tasks])

    def _play_all(self, examples: Sequence[tuple[Any, Any, str]]) -> list[Recording]:
        self._examples += len(examples)
        earlier = frozenset(self._uuids)

        async def play() -> list[Recording]:
            return await asyncio.gather(*(self._stage.play(*example, earlier) for example in examples))

        recordings = self._stage.run(play())
        for recording in recordings:
            self._remember(recording)
        return recordings

    def _remember(self, recording: Recording) -> None:
        self._heed(recording)
        self._uuids |= {str(sent.get("taskUUID")) for _, sent in recording.submissions}

    def _play(self, task: Mapping[str, Any], behaviour: Mapping[str, Any], family: str) -> Recording:
        self._examples += 1
        recording = self._stage.run(self._stage.play(task, behaviour, family, frozenset(self._uuids)))
        self._remember(recording)
        return recording

    def _breaches(self, recording: Recording, known: Collection[str]) -> list[tuple[Check, Finding]]:
        """Return the first breach of each duty that is not known to be broken."""
        found = []
        for check in self._checks:
            if check.name not in known:
                finding = next(check.find(recording), None)
                if finding is not None:
                    found.append((check, finding))
        return found
