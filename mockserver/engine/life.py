"""The task life cycle: one table of what may happen when, and one pure function that applies it.

No clock, no randomness, no store: time comes as an argument, and what is left to do goes out as effects.
"""

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.engine.results import overall, statuses_at
from mockserver.engine.values import (
    Accepted,
    Command,
    Deliver,
    Describe,
    Effect,
    Noted,
    Poll,
    PostWebhook,
    PutMedia,
    Rejected,
    Reply,
    Reported,
    Ripen,
    Status,
    Step,
    Submit,
    Task,
    Uploaded,
    WakeAt,
)

P, U, S, E = Status.PROCESSING, Status.UPLOADING, Status.SUCCESS, Status.ERROR

#: Status of the task before, command, statuses that may follow. A pair that is absent is refused.
TRANSITIONS: Mapping[Status | None, Mapping[type[Command], tuple[Status, ...]]] = MappingProxyType(
    {
        None: {Submit: (P,)},
        P: {Poll: (P,), Describe: (P,), Ripen: (P, S, E), Uploaded: (P, S, E)},
        S: {Poll: (S,), Describe: (S,), Deliver: (S,)},
        E: {Poll: (E,), Describe: (E,), Deliver: (E,), Submit: (P,)},
    }
)

#: What a refused command is answered with. Nobody waits for an answer to the others.
REFUSALS: Mapping[type[Command], str] = MappingProxyType(
    {Submit: "conflictTaskUUID", Poll: "taskNotFound", Describe: "taskNotFound", Deliver: "taskNotFound"}
)


def step(task: Task | None, command: Command, now_ms: int, reuse_after_success: bool = False) -> Step:
    """Apply one command to one task.

    Args:
        task: the task as stored, or None when the store has none under that UUID.
        command: what happened.
        now_ms: Unix time in milliseconds; the engine has no other clock.
        reuse_after_success: whether a UUID may be used again after its task succeeded.

    Returns:
        A Step. When the command is refused its task is the one passed in, unchanged.
    """
    statuses = statuses_at(task, now_ms) if task else ()
    status = overall(statuses) if task else None
    if type(command) not in TRANSITIONS[status] and not (
        reuse_after_success and status is S and isinstance(command, Submit)
    ):
        refusal = REFUSALS.get(type(command))
        return Step(task, Rejected(refusal, task) if refusal else Noted())
    match command:
        case Submit():
            accepted = command.task
            return Step(accepted, Accepted(accepted), _waits(accepted) if accepted.is_attended else ())
        case Poll() | Describe() if task:
            return Step(task, _report(task, statuses, command))
        case Deliver() if task:
            return Step(task._replace(is_delivered=True), Reported(task, statuses))
        case Ripen() if task:
            return _ripen(task, command.index, now_ms)
        case Uploaded() if task:
            return _uploaded(task, command.index, command.failure)
    raise AssertionError(f"TRANSITIONS lets {command} through, but no rule handles it")


def _report(task: Task, statuses: tuple[Status, ...], command: Command) -> Reply:
    """Results that went out with a synchronous submission are not found by polls, only in the archive."""
    is_hidden = task.is_delivered and isinstance(command, Poll)
    return Rejected(REFUSALS[Poll]) if is_hidden else Reported(task, statuses)


def _waits(task: Task) -> tuple[Effect, ...]:
    """Of an attended task every result is waited for."""
    return tuple(WakeAt(at_ms, index) for index, at_ms in enumerate(task.due_at_ms))


def _ripen(task: Task, index: int, now_ms: int) -> Step:
    """A result is made, and with it those before it that are due and of which nobody was told yet.

    What comes too early is meant for a task that was forgotten, whose UUID this one has.
    """
    effects: tuple[Effect, ...] = ()
    after = task
    for each in range(index + 1):
        if after.outcomes[each] is P and now_ms >= after.due_at_ms[each]:
            after, more = _make(after, each)
            effects = (*effects, *more)
    return Step(after, Noted(), effects)


def _make(task: Task, index: int) -> tuple[Task, tuple[Effect, ...]]:
    """A result is made: it failed, or its upload begins or waits for the one before, or it is done."""
    if task.fails(index):
        return _ended(task, index, E)
    upload = task.params.get("uploadEndpoint")
    if upload is None:
        return _ended(task, index, S)
    effects = () if U in task.outcomes else (PutMedia(upload, index),)
    return _with(task, index, U), effects


def _uploaded(task: Task, index: int, failure: str | None) -> Step:
    """An upload ended, and with it the result; the next one that waits begins.

    All results of a task go to one address. They are sent one after the other, in order, so that the last one stays
    there.

    Source: none (assumed)
    """
    if task.outcomes[index] is not U:
        return Step(task, Noted())
    if failure is not None:
        task = task._replace(failure=task.failure or failure, failing=(*task.failing, index))
    after, effects = _ended(task, index, S if failure is None else E)
    if U in after.outcomes:
        effects = (*effects, PutMedia(task.params["uploadEndpoint"], after.outcomes.index(U)))
    return Step(after, Noted(), effects)


def _ended(task: Task, index: int, status: Status) -> tuple[Task, tuple[Effect, ...]]:
    """A result has come to its end; its webhook is due."""
    webhook = task.params.get("webhookURL")
    return _with(task, index, status), (PostWebhook(webhook, index),) if webhook is not None else ()


def _with(task: Task, index: int, status: Status) -> Task:
    return task._replace(outcomes=(*task.outcomes[:index], status, *task.outcomes[index + 1 :]))
