"""Several calls of one client at once, as data: what it is asked for, and in which order things happen.

A session is what a machine draws, what is shrunk, and what `--example` plays again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

Json = Mapping[str, Any]

#: Longest time that passes in one step, in milliseconds: a day.
LONGEST_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Begin:
    """A call begins, beside those that are under way.

    Attributes:
        task: the place of its task in the session, 0 being the first.
    """

    task: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes.

    Attributes:
        for_ms: how much, in milliseconds.
    """

    for_ms: int


@dataclass(frozen=True, slots=True)
class Behave:
    """The service behaves in another way, for tasks that are handed in from now on.

    Attributes:
        behaviour: rules of a scenario; none for a service with which nothing goes wrong.
    """

    behaviour: Json


Step = Begin | Wait | Behave


@dataclass(frozen=True, slots=True)
class Session:
    """Calls of one client, and what happens meanwhile. When every step is done, all calls are waited for.

    Attributes:
        tasks: what the client is asked for, each with a prompt of its own, by which it is known in requests.
        steps: what happens, in order; each task is begun once.
    """

    tasks: Sequence[Json]
    steps: Sequence[Step]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON, as a report shows it."""
        return {"tasks": [dict(task) for task in self.tasks], "steps": [_as_data(step) for step in self.steps]}

    def without(self, task: int) -> "Session":
        """Return it without one of its tasks."""
        left = [step for step in self.steps if step != Begin(task)]
        moved = [Begin(step.task - 1) if isinstance(step, Begin) and step.task > task else step for step in left]
        return Session([each for number, each in enumerate(self.tasks) if number != task], moved)


def _as_data(step: Step) -> dict[str, Any]:
    match step:
        case Begin(task):
            return {"begin": task}
        case Wait(for_ms):
            return {"wait_ms": for_ms}
        case Behave(behaviour):
            return {"behave": dict(behaviour)}


def read_session(data: Any) -> Session:
    """Read a session.

    Args:
        data: an object with `tasks` and `steps`, as `Session.as_data` returns it.

    Raises:
        ValueError: it is no session; says where, what and how to mend it.
    """
    tasks, steps = data.get("tasks"), data.get("steps")
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, dict) for task in tasks):
        raise ValueError("tasks: a list of objects is expected, each what the client is asked for")
    if not isinstance(steps, list):
        raise ValueError('steps: a list is expected, such as [{"begin": 0}, {"wait_ms": 500}, {"begin": 1}]')
    session = Session(tasks, [_read_step(f"steps[{place}]", step, len(tasks)) for place, step in enumerate(steps)])
    begun = sorted(step.task for step in session.steps if isinstance(step, Begin))
    if begun != [*range(len(tasks))]:
        raise ValueError(f"steps: each of the {len(tasks)} tasks is begun once, those begun are {begun}")
    prompts = [task.get("positivePrompt") for task in tasks]
    if any(prompts.count(prompt) > 1 for prompt in prompts):
        raise ValueError("tasks: each needs a positivePrompt of its own, by which it is known in requests")
    return session


def _read_step(place: str, step: Any, tasks: int) -> Step:
    match step:
        case {"begin": bool()} | {"wait_ms": bool()}:
            pass  # Python takes them for numbers
        case {"begin": int(task)} if len(step) == 1 and 0 <= task < tasks:
            return Begin(task)
        case {"wait_ms": int(for_ms)} if len(step) == 1 and 0 <= for_ms <= LONGEST_MS:
            return Wait(for_ms)
        case {"wait_ms": int(for_ms)} if len(step) == 1 and for_ms > LONGEST_MS:
            raise ValueError(f"{place}/wait_ms: longer than a day; write milliseconds up to {LONGEST_MS}")
        case {"behave": {"rules": _} as behaviour} if len(step) == 1:
            return Behave(behaviour)
    begin = '{"begin": 0}' if tasks == 1 else f'{{"begin": 0}} to {{"begin": {tasks - 1}}}'
    raise ValueError(
        f'{place}: {step!r} is no step; there are {begin}, {{"wait_ms": 500}} and {{"behave": {{"rules": []}}}}'
    )


def smaller_sessions(session: Session) -> Iterator[Session]:
    """Yield sessions of two of the tasks, and those that are smaller by a task, a step, or the length of a wait."""
    if len(session.tasks) > 2:
        for pair in combinations(range(len(session.tasks)), 2):
            left = session
            for number in reversed([each for each in range(len(session.tasks)) if each not in pair]):
                left = left.without(number)
            yield left
    for number in range(len(session.tasks)):
        if len(session.tasks) > 1:
            yield session.without(number)
    for place, step in enumerate(session.steps):
        before, after = session.steps[:place], session.steps[place + 1 :]
        if not isinstance(step, Begin):
            yield replace(session, steps=[*before, *after])
        if isinstance(step, Wait) and step.for_ms > 1:
            yield replace(session, steps=[*before, Wait(step.for_ms // 10 or 1), *after])
