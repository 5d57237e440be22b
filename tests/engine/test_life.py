"""The table of the task life cycle, walked from end to end."""

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

import pytest

from mockserver.engine.life import REFUSALS, TRANSITIONS, step
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
    Reported,
    Ripen,
    Status,
    Step,
    Submit,
    Task,
    Uploaded,
    WakeAt,
)
from tests.engine.tasks import NOW_MS, SECOND_MS, UPLOAD, WEBHOOK, E, P, S, U, make_task

LATER_MS = NOW_MS + 60 * SECOND_MS

ANOTHER = make_task(uuid="f1ea033a-0000-4000-8000-000000000000", submitted_at_ms=LATER_MS, due_at_ms=(LATER_MS + 1,))

COMMANDS: tuple[Command, ...] = (
    Submit(ANOTHER),
    Poll(),
    Describe(),
    Ripen(0),
    Uploaded(0),
    Uploaded(0, "uploadFailed"),
    Deliver(),
)


class Moment(NamedTuple):
    """A task at a time."""

    task: Task | None
    now_ms: int

    @property
    def status(self) -> Status | None:
        """How far the task is."""
        return overall(statuses_at(self.task, self.now_ms)) if self.task else None


#: Tasks in every state they can be in, of every kind.
MOMENTS: Mapping[str, Moment] = MappingProxyType(
    {
        "nothing": Moment(None, NOW_MS),
        "fresh": Moment(make_task(), NOW_MS),
        "half done": Moment(make_task(2), NOW_MS + SECOND_MS),
        "about to fail": Moment(make_task(fails=True), NOW_MS + SECOND_MS - 1),
        "waiting for its timer": Moment(make_task(webhook=True), LATER_MS),
        "waiting to fail": Moment(make_task(webhook=True, fails=True), LATER_MS),
        "waiting for two": Moment(make_task(2, webhook=True), LATER_MS),
        "waiting to upload": Moment(make_task(upload=True), LATER_MS),
        "waiting to upload two": Moment(make_task(2, upload=True), LATER_MS),
        "uploading": Moment(make_task(upload=True, outcomes=(U,)), LATER_MS),
        "uploading one of two": Moment(make_task(2, upload=True, outcomes=(U, P)), LATER_MS),
        "uploading two": Moment(make_task(2, upload=True, outcomes=(U, U)), LATER_MS),
        "done": Moment(make_task(), LATER_MS),
        "done and told": Moment(make_task(webhook=True, outcomes=(S,)), LATER_MS),
        "done and uploaded": Moment(make_task(upload=True, outcomes=(S,)), LATER_MS),
        "handed over": Moment(make_task(is_delivered=True), LATER_MS),
        "failed": Moment(make_task(fails=True), LATER_MS),
        "failed and told": Moment(make_task(2, fails=True, webhook=True, outcomes=(E, E)), LATER_MS),
    }
)

PAIRS = tuple(product(MOMENTS, COMMANDS))


def pairs(is_allowed: bool) -> list[Any]:
    """Return the pairs of moment and command that the table has, or those that it lacks."""
    return [
        pytest.param(MOMENTS[name], command, id=f"{name}, {type(command).__name__}")
        for name, command in PAIRS
        if (type(command) in TRANSITIONS[MOMENTS[name].status]) == is_allowed
    ]


def test_every_command_and_every_status_is_walked() -> None:
    """The tables below leave out no command and no state."""
    assert {type(command) for command in COMMANDS} == set(get_args(Command))
    assert {moment.status for moment in MOMENTS.values()} == set(TRANSITIONS)


@pytest.mark.parametrize(("moment", "command"), pairs(is_allowed=False))
def test_what_the_table_lacks_is_refused_and_changes_nothing(moment: Moment, command: Command) -> None:
    """A command that the table does not have leaves the task as it is and sends nothing."""
    name = REFUSALS.get(type(command))
    reply = Rejected(name, moment.task) if name else Noted()
    assert step(moment.task, command, moment.now_ms) == Step(moment.task, reply)


@pytest.mark.parametrize(("moment", "command"), pairs(is_allowed=True))
def test_what_the_table_has_leads_where_it_says(moment: Moment, command: Command) -> None:
    """A command that the table has leads to one of the statuses that it names."""
    done = step(moment.task, command, moment.now_ms)
    assert Moment(done.task, moment.now_ms).status in TRANSITIONS[moment.status][type(command)]


def test_every_status_that_the_table_names_is_reached() -> None:
    """No transition of the table is there for nothing."""
    named = {
        (before, command, after) for before, row in TRANSITIONS.items() for command in row for after in row[command]
    }
    reached = {
        (moment.status, type(command), Moment(step(moment.task, command, moment.now_ms).task, moment.now_ms).status)
        for moment, command in product(MOMENTS.values(), COMMANDS)
        if type(command) in TRANSITIONS[moment.status]
    }
    assert reached == named


@pytest.mark.parametrize("command", COMMANDS[1:], ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("name", [name for name in MOMENTS if name != "nothing"])
def test_finished_results_stay_what_they_are(name: str, command: Command) -> None:
    """No command but a new submission touches a result that came to its end."""
    task, now_ms = MOMENTS[name]
    done = step(task, command, now_ms)
    assert task
    assert done.task
    before, after = statuses_at(task, now_ms), statuses_at(done.task, now_ms)
    ended = [index for index, status in enumerate(before) if status in (S, E)]
    assert [after[index] for index in ended] == [before[index] for index in ended]


@pytest.mark.parametrize(
    ("name", "command", "after", "effects"),
    [
        ("waiting for its timer", Ripen(0), (S,), (PostWebhook(WEBHOOK, 0),)),
        ("waiting to fail", Ripen(0), (E,), (PostWebhook(WEBHOOK, 0),)),
        ("waiting for two", Ripen(0), (S, P), (PostWebhook(WEBHOOK, 0),)),
        ("waiting for two", Ripen(1), (S, S), (PostWebhook(WEBHOOK, 0), PostWebhook(WEBHOOK, 1))),
        ("waiting to upload", Ripen(0), (U,), (PutMedia(UPLOAD, 0),)),
        ("waiting to upload two", Ripen(1), (U, U), (PutMedia(UPLOAD, 0),)),
        ("uploading", Ripen(0), (U,), ()),
        ("uploading", Uploaded(0), (S,), ()),
        ("uploading one of two", Uploaded(0), (S, P), ()),
        ("uploading one of two", Uploaded(1), (U, P), ()),
        ("uploading one of two", Ripen(1), (U, U), ()),
        ("uploading two", Uploaded(0), (S, U), (PutMedia(UPLOAD, 1),)),
        ("uploading two", Uploaded(0, "uploadFailed"), (E, U), (PutMedia(UPLOAD, 1),)),
        ("uploading", Uploaded(0, "uploadFailed"), (E,), ()),
        ("waiting to upload", Uploaded(0), (P,), ()),
        ("done and told", Ripen(0), (S,), ()),
        ("done and uploaded", Uploaded(0), (S,), ()),
        ("failed and told", Ripen(1), (E, E), ()),
    ],
)
def test_timers_and_uploads_lead_to_what_is_sent_next(
    name: str, command: Command, after: tuple[Status, ...], effects: tuple[Effect, ...]
) -> None:
    """A timer begins an upload or ends a result, an upload ends it; said twice, it is done once.

    A timer that is late, as when the store failed, does not let a later result come first.
    """
    done = step(MOMENTS[name].task, command, LATER_MS)
    assert done.task
    assert (done.task.outcomes, done.reply, done.effects) == (after, Noted(), effects)


def test_the_webhook_comes_after_the_upload() -> None:
    """Of a result with both, the upload is sent first and the webhook when it is through."""
    task = make_task(webhook=True, upload=True)
    ripe = step(task, Ripen(0), LATER_MS)
    assert ripe.effects == (PutMedia(UPLOAD, 0),)
    assert step(ripe.task, Uploaded(0), LATER_MS).effects == (PostWebhook(WEBHOOK, 0),)


@pytest.mark.parametrize(
    ("task", "effects"),
    [
        (make_task(3), ()),
        (make_task(2, webhook=True), (WakeAt(NOW_MS + 1000, 0), WakeAt(NOW_MS + 2000, 1))),
        (make_task(upload=True), (WakeAt(NOW_MS + 1000, 0),)),
        (make_task(2, fails=True, webhook=True), (WakeAt(NOW_MS + 1000, 0), WakeAt(NOW_MS + 1000, 1))),
    ],
)
def test_only_what_must_be_sent_has_timers(task: Task, effects: tuple[Effect, ...]) -> None:
    """A task without webhook and upload needs no timer: time alone says how far it is."""
    assert step(None, Submit(task), NOW_MS) == Step(task, Accepted(task), effects)


def test_a_finished_task_makes_room_only_where_the_dialect_lets_it() -> None:
    """reuse-after-success decides whether a second submission takes the place of a finished task."""
    done = MOMENTS["done"].task
    assert step(done, Submit(ANOTHER), LATER_MS).reply == Rejected("conflictTaskUUID", done)
    assert step(done, Submit(ANOTHER), LATER_MS, reuse_after_success=True).reply == Accepted(ANOTHER)
    running = MOMENTS["fresh"].task
    assert step(running, Submit(ANOTHER), NOW_MS, reuse_after_success=True).reply == Rejected(
        "conflictTaskUUID", running
    )


@pytest.mark.parametrize("name", ["done", "failed"])
def test_what_was_handed_over_is_found_in_the_archive_only(name: str) -> None:
    """After a synchronous delivery polls do not find the task, the archive does, and it can be handed over again."""
    moment = MOMENTS[name]
    done = step(moment.task, Deliver(), moment.now_ms)
    assert done.task
    assert isinstance(done.reply, Reported)
    assert step(done.task, Poll(), moment.now_ms) == Step(done.task, Rejected("taskNotFound"))
    assert step(done.task, Describe(), moment.now_ms).reply == Reported(done.task, done.reply.statuses)
    assert isinstance(step(done.task, Deliver(), moment.now_ms).reply, Reported)
