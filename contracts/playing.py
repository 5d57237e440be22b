"""Plays examples on a stage, each once: counts them, and remembers what a client named its tasks."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from contracts.recording import Recording
from contracts.session import Session
from contracts.shrinking import name_of
from contracts.stage import Stage

Json = Mapping[str, Any]


class Player:
    """Plays examples.

    Args:
        stage: where.
        heed: is called with every recording.
        limit_s: after so many seconds of real time `is_late` says that it is enough.

    Attributes:
        examples: how many were played.
    """

    def __init__(self, stage: Stage, heed: Callable[[Recording], None], limit_s: float = float("inf")) -> None:
        self.stage = stage
        self.examples = 0
        self._heed = heed
        self._began_s = time.perf_counter()
        self._limit_s = limit_s
        self._uuids: set[str] = set()
        #: A search that begins anew draws the same examples again; what came of them is known.
        self._played: dict[str, Recording] = {}

    @property
    def took_s(self) -> float:
        """How many seconds have passed."""
        return time.perf_counter() - self._began_s

    @property
    def is_late(self) -> bool:
        """Say whether the time that there is has passed."""
        return self.took_s > self._limit_s

    def begin(self) -> None:
        """Forget what was played: another kind of behaviour begins."""
        self._played.clear()

    def play(self, task: Json, behaviour: Json, family: str) -> Recording:
        """Play an example, or return how it went."""
        name = name_of(task, behaviour)
        if name not in self._played:
            self.examples += 1
            recording = self.stage.run(self.stage.play(task, behaviour, family, frozenset(self._uuids)))
            self._played[name] = self._remembered(recording)
        return self._played[name]

    def play_each(self, tasks: Sequence[Json], behaviour: Json, family: str) -> Iterable[Recording]:
        """Play tasks as they are asked for; of a client that runs elsewhere all at once, as that takes no longer."""
        if self.stage.is_inside:
            return (self.play(task, behaviour, family) for task in tasks)
        return self.play_all([(task, behaviour) for task in tasks], family)

    def play_all(self, examples: Sequence[tuple[Json, Json]], family: str) -> list[Recording]:
        """Play examples side by side."""
        names = [name_of(*example) for example in examples]
        new = {name: example for name, example in zip(names, examples, strict=True) if name not in self._played}
        self.examples += len(new)
        earlier = frozenset(self._uuids)

        async def play() -> list[Recording]:
            return await asyncio.gather(*(self.stage.play(*each, family, earlier) for each in new.values()))

        for name, recording in zip(new, self.stage.run(play()), strict=True):
            self._played[name] = self._remembered(recording)
        return [self._played[name] for name in names]

    def play_sessions(self, sessions: Sequence[Session], family: str) -> list[list[Recording]]:
        """Play sessions side by side, and return the recordings of each."""
        self.examples += len(sessions)
        earlier = frozenset(self._uuids)

        async def play() -> list[list[Recording]]:
            return await asyncio.gather(*(self.stage.play_session(each, family, earlier) for each in sessions))

        return [[self._remembered(each) for each in recordings] for recordings in self.stage.run(play())]

    def _remembered(self, recording: Recording) -> Recording:
        self._heed(recording)
        self._uuids |= {str(sent.get("taskUUID")) for _, sent in recording.submissions}
        return recording
