"""A run of the kit: every kind of behaviour is tried until it shows no further broken duty.

A duty that was found broken is not looked at again, so there is one finding for each.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from contracts.checks import CHECKS
from contracts.checks.base import Check, Finding
from contracts.families import FAMILIES
from contracts.playing import Player
from contracts.recording import Recording
from contracts.report import REPLAY, Broken, Report
from contracts.search import explore
from contracts.session import Session
from contracts.shrinking import Breach, Judge
from contracts.stage import Stage
from contracts.together import SHARE, TOGETHER, explore_sessions


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is tried.

    Attributes:
        rounds: how many examples each kind of behaviour gets in each round, times its share. The first round is
            short, so that what is easily found is found soon.
        limit_s: after so many seconds nothing further is tried: clients that poll for ever would take hours.
    """

    rounds: Sequence[int]
    limit_s: float


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {"quick": Profile((6,), 90), "ci": Profile((6, 24), 300), "deep": Profile((6, 24, 270), 1800)}
)


def kinds_for(is_inside: bool) -> Sequence[str]:
    """Return the kinds of behaviour that are tried with clients whose time can jump, or with others."""
    return [*(name for name, family in FAMILIES.items() if is_inside or not family.takes_minutes), TOGETHER]


class Runner:
    """Tries a client.

    Args:
        stage: where examples are played.
        checks: names of the duties that are looked at; all unless given.
        profile: how much is tried, a name of `PROFILES`.
        seed: what chance is drawn from; random unless given.
        tell: is called with the name of each kind of behaviour when it begins, in each round.
        heed: is called with every recording.
        find: is called with each broken duty when it is in its smallest form.
        plan: what is tried under the name of the profile; what `PROFILES` says unless given.
    """

    def __init__(
        self,
        stage: Stage,
        checks: Collection[str] | None = None,
        profile: str = "ci",
        seed: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
        heed: Callable[[Recording], None] = lambda _: None,
        find: Callable[[Broken], None] = lambda _: None,
        plan: Profile | None = None,
    ) -> None:
        self._checks = [check for name, check in CHECKS.items() if checks is None or name in checks]
        self._profile = profile
        self._plan = plan or PROFILES[profile]
        self._seed = random.SystemRandom().randrange(2**32) if seed is None else seed
        self._tell = tell
        self._find = find
        self._new_player = partial(Player, stage, heed)

    def run(self, families: Collection[str] | None = None) -> Report:
        """Try every kind of behaviour, or some."""
        player = self._new_player(self._plan.limit_s)
        broken: dict[str, Broken] = {}
        kinds = [name for name in kinds_for(player.stage.is_inside) if families is None or name in families]
        tried: Counter[str] = Counter()
        for number, examples in enumerate(self._plan.rounds):
            for name in kinds:
                if player.is_late or len(broken) == len(self._checks):
                    break
                self._tell(name)
                self._try(player, name, examples, self._seed + number, broken)
                tried[name] += not player.is_late
        is_over = len(broken) == len(self._checks)
        cut = [name for name in kinds if tried[name] <= number and not is_over]
        # Programs take their own time, and these kinds minutes of it.
        beyond = [name for name in FAMILIES if name not in kinds_for(player.stage.is_inside) and families is None]
        return self._report(player, broken, self._profile, [*cut, *beyond])

    def replay(self, task: Mapping[str, Any], behaviour: Mapping[str, Any], family: str = "replayed") -> Report:
        """Play one example."""
        player = self._new_player()
        return self._replayed(player, [player.play(task, behaviour, family)])

    def replay_session(self, session: Session) -> Report:
        """Play one example in which several tasks are done at once."""
        player = self._new_player()
        return self._replayed(player, player.play_sessions([session], TOGETHER)[0])

    def _replayed(self, player: Player, recordings: Sequence[Recording]) -> Report:
        broken: dict[str, Broken] = {}
        for recording in recordings:
            for check, finding in self._breaches(recording, broken):
                broken[check.name] = Broken(check, finding, recording, 1, 0.0)
        return self._report(player, broken, REPLAY)

    def _report(self, player: Player, broken: Mapping[str, Broken], profile: str, cut: Sequence[str] = ()) -> Report:
        names = [check.name for check in self._checks]
        ordered = [broken[name] for name in names if name in broken]
        return Report(ordered, player.examples, player.took_s, self._seed, profile, names, cut)

    def _try(self, player: Player, name: str, examples: int, chance: int, broken: dict[str, Broken]) -> None:
        """Play examples of one kind, again and again until they show nothing new."""
        player.begin()
        first_seen: dict[str, tuple[int, float]] = {}

        def judge(recording: Recording) -> list[tuple[Check, Finding]]:
            found = self._breaches(recording, broken)
            for check, _ in found:
                first_seen.setdefault(check.name, (player.examples, player.took_s))
            return found

        while len(broken) < len(self._checks) and not player.is_late:
            found = _explore(player, name, examples, chance, judge)
            for breach in found:
                seen = first_seen[breach.check.name]
                broken[breach.check.name] = Broken(breach.check, breach.finding, breach.recording, *seen)
                self._find(broken[breach.check.name])
            if not found:
                return

    def _breaches(self, recording: Recording, known: Collection[str]) -> list[tuple[Check, Finding]]:
        """Return the first breach of each duty that is not known to be broken."""
        found = []
        for check in self._checks:
            if check.name not in known:
                finding = next(check.find(recording), None)
                if finding is not None:
                    found.append((check, finding))
        return found


def _explore(player: Player, name: str, examples: int, chance: int, judge: Judge) -> list[Breach]:
    if name == TOGETHER:
        return explore_sessions(player, max(1, round(examples * SHARE)), chance, judge)
    family = FAMILIES[name]
    return explore(player, name, family, max(1, round(examples * family.share)), chance, judge)
