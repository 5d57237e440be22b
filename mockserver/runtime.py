"""The one loop: bytes in, answers out, and what is left to do carried out.

Everything that decides lies below: reading, the schemas, the engine, the wire. Here the pieces meet the store, the
clock and the courier. Transports frame bytes and call `exchange`; they do nothing else.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.dispatch import Dispatch, insist
from mockserver.engine.deliveries import Owed
from mockserver.engine.life import step
from mockserver.engine.plan import due_times, figures_of
from mockserver.engine.results import overall, statuses_at
from mockserver.engine.safety import examined
from mockserver.engine.values import (
    Command,
    Deliver,
    Describe,
    Effect,
    Planned,
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
from mockserver.faults.base import Moment
from mockserver.faults.reading import BadFault
from mockserver.journal import LONGEST_KEPT_TEXT, Journal, shortened
from mockserver.keeping import compact, size_of, without_pictures
from mockserver.media.darkroom import Busy
from mockserver.plans import Hit, Plans, Postponed, Spoilt, lasting, marks, views
from mockserver.platform import (
    PLATFORM_TASKS,
    Caller,
    Desk,
    Given,
    Held,
    Missing,
    charge,
    given_pictures,
    lacking,
    refund,
    refuse_addresses,
    take_pictures,
)
from mockserver.platform.base import good
from mockserver.ports import UNSETTLED_MS, Agenda, Courier, Entry, Key, Shelf, Topic
from mockserver.quotas import USUAL, Gate, Quotas
from mockserver.reading import Limits, Unreadable, read_tasks
from mockserver.shown import Shown
from mockserver.spec.load import Model
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.violations import Checked, check_task
from mockserver.wire import Answer

#: How long a synchronous submission is held, in milliseconds. Source: schema/dialect.json, delivery (stated).
SYNC_BUDGET_MS = 120_000
#: How often a held submission whose results are due but not there is looked at again.
SYNC_RETRY_MS = 250

#: How often each kind of delivery is tried, where nobody says otherwise.
ONCE: Mapping[str, int] = MappingProxyType({"webhook": 1, "upload": 1})
#: Takes the bytes of a file and its media type, or None where there is no file.
TakeMedia = Callable[[tuple[bytes, str] | None], None]
#: Gets the file of a result and hands it over once: at once, or later from the event loop of the call. Never blocks.
FetchMedia = Callable[[Task, int, TakeMedia], None]
Log = Callable[[str], None]


#: What a task is answered with: at once, or something that `Runtime.settle` waits for.
Answering = Answer | Held | Spoilt | Postponed


class Submission(NamedTuple):
    """A task handed in, found good by its schema.

    Attributes:
        model: the model that it chose.
        checked: what was found.
        sent: the task as sent.
        size: how many bytes it has.
        owner: digest of the key.
        origin: scheme and authority under which the client reached the mock.
        nonce: what its results derive from.
        hits: the faults that act on it now.
        faults: the faults that matter once it is taken on.
    """

    model: Model
    checked: Checked
    sent: Mapping[str, Any]
    size: int
    owner: str
    origin: str
    nonce: bytes
    hits: Sequence[Hit]
    faults: tuple[Planned, ...]


class Refusal(NamedTuple):
    """A submission that was refused, as getTaskDetails shows it until one under its UUID is accepted.

    Attributes:
        request: the task as sent; long texts cut.
        errors: what it was answered with.
    """

    request: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]]


class Runtime:
    """Answers requests for as long as it lives. For one thread at a time; nothing in it blocks.

    Args:
        desk: schemas, wire, store, clock and keys.
        agenda: wakes when something is due.
        courier: carries uploads and webhooks.
        fetch_media: gets the file of a result and hands it over.
        limits: how much one request may hold.
        speed: how many times faster than the real service videos are made.
        keep_media_ms: how long the address of a video is good if its task does not say, in milliseconds.
        log: is told, in a sentence, what went wrong outside of any request.
        journal: keeps what was sent, or None.
        most_attempts: how often a webhook and an upload are tried; once unless given.
        quotas: how much one key may have under way.
        is_fleet: whether mocks at other addresses serve the same tasks.

    Attributes:
        dispatch: what is owed to receivers.
        shown: what clients were told of.
    """

    def __init__(
        self,
        desk: Desk,
        agenda: Agenda,
        courier: Courier,
        fetch_media: FetchMedia,
        limits: Limits,
        speed: float,
        keep_media_ms: int,
        log: Log,
        journal: Journal | None = None,
        most_attempts: Mapping[str, int] = ONCE,
        quotas: Quotas = USUAL,
        *,
        is_fleet: bool = False,
    ) -> None:
        unanswered = desk.spec.tasks.keys() - PLATFORM_TASKS.keys() - {"getResponse", "getTaskDetails"}
        if unanswered:
            name = min(unanswered)
            raise SchemaProblem(f"tasks/{name}.json", f"nothing answers the task type {name!r}", "take the file out")
        self.desk = desk
        self.agenda = agenda
        self.fetch_media = fetch_media
        self.limits = limits
        self.plans = Plans(desk, log)
        self._speed = speed
        self.shown = Shown(desk.store, desk.clock, keep_media_ms, is_fleet=is_fleet)
        self._log = log
        self.dispatch = Dispatch(
            desk.store,
            agenda,
            desk.clock,
            courier,
            journal,
            desk.spec.manners,
            most_attempts,
            self._fetch,
            self._delivered,
            log,
        )
        self._gate = Gate(desk.store, quotas, self.dispatch.owed_by)
        agenda.attend(Topic.RESULT, self._ripe)
        self._upload_failure = "uploadFailed" if desk.spec.dialect.upload_failure == "fail" else None
        self._unsafe_ending = "unsafeContentDetected" if desk.spec.dialect.unsafe_content == "block" else None
        self._reuse = desk.spec.dialect.reuse_after_success == "accept"
        self._empty_if_unknown = desk.spec.dialect.unknown_task == "empty"

    # Requests

    def exchange(self, body: bytes, caller: Caller) -> Sequence[Answering]:
        """Answer one request.

        Args:
            body: the bytes as they came.
            caller: who sends them; authentication in the body changes it.

        Returns:
            One answer a task, in their order, up to the first that lacks a good key; a single one for a body that
            cannot be read.
        """
        tasks = read_tasks(body, self.limits, self.desk.spec.names)
        if isinstance(tasks, Unreadable):
            return [self.desk.wire.unreadable(tasks)]
        return self.desk.store.together(partial(self._answers, tasks, body, caller))

    def _answers(self, tasks: Sequence[Mapping[str, Any]], body: bytes, caller: Caller) -> Sequence[Answering]:
        answers: list[Answering] = []
        for task in tasks:
            size = len(body) if len(tasks) == 1 else size_of(task)
            if self.plans.has_no_rules:
                answer = self._answer(task, caller, size)
            else:
                answer = self.plans.by_rule(caller.owner or "", task, size, partial(self._answer, task, caller, size))
            answers.append(answer)
            if caller.owner is None and isinstance(answer, Answer) and answer.errors:
                break
        return answers

    def _answer(self, sent: Mapping[str, Any], caller: Caller, size: int) -> Answering:
        task_type = sent.get("taskType")
        if caller.owner is None and not _needs_no_key(task_type, caller):
            return self.desk.wire.unaddressed("invalidApiKey" if caller.was_refused else "missingApiKey")
        checked = check_task(self.desk.spec, sent)
        if checked.violations:
            answer = self.desk.wire.refused(sent, checked.violations)
            if caller.owner is not None:
                self._archive(caller.owner, sent, answer, size)
            return answer
        if isinstance(checked.branch, Model):
            if "[[" in checked.task.get("positivePrompt", "") or not self.plans.has_no_rules:
                return self._submit_in_trouble(checked.branch, checked, caller, sent, size)
            return self._submit(checked.branch, checked, caller, sent, size)
        if task_type == "getResponse":
            return self._poll(checked.task, caller, size)
        if task_type == "getTaskDetails":
            return self._describe(checked.task, caller)
        return PLATFORM_TASKS[str(task_type)](self.desk, caller, checked.task)

    def _submit_in_trouble(
        self, model: Model, checked: Checked, caller: Caller, sent: Mapping[str, Any], size: int
    ) -> Answering:
        """Take on a task with which something may go wrong."""
        key = (caller.owner or "", checked.task["taskUUID"].lower())
        try:
            faults = self.plans.decide(key, checked.task)
        except BadFault as problem:
            answer = self.desk.wire.refused(sent, [self.plans.violation(problem)])
            self._archive(key[0], sent, answer, size)
            return answer
        hits = self.plans.take(key, faults, Moment.SUBMIT)
        submit = partial(self._submit, model, checked, caller, sent, size, hits, lasting(faults, hits))
        spoilt: Answering = self.plans.go_on(hits, marks(faults), size, checked.task, submit)
        return spoilt

    def _submit(
        self,
        model: Model,
        checked: Checked,
        caller: Caller,
        sent: Mapping[str, Any],
        size: int,
        hits: Sequence[Hit] = (),
        faults: tuple[Planned, ...] = (),
    ) -> Answer | Held:
        params, owner = checked.task, caller.owner or ""
        given: Sequence[Given] = ()
        if "inputs" in params or "webhookURL" in params or "uploadEndpoint" in params:
            refused = refuse_addresses(self.desk, model, params)
            if refused:
                return self._archive(owner, sent, self.desk.wire.refused(sent, refused), size)
        if "inputs" in params:
            found = given_pictures(self.desk, caller, params)
            if isinstance(found, Missing):
                answer = self.desk.wire.error("mediaNotFound", params, place=found.path, name=found.name)
                return self._archive(owner, sent, answer, size)
            given = found
        nonce = self.desk.dice.draw(owner, "task")
        submission = Submission(model, checked, sent, size, owner, caller.origin, nonce, hits, faults)
        return Held(partial(self._look_and_accept, submission, given)) if given else self._accept(submission, ())

    async def _look_and_accept(self, submission: Submission, given: Sequence[Given]) -> Answer:
        """Look at the pictures of a task, then take it on or refuse it."""
        model, checked, sent, size, owner, *_ = submission
        try:
            taken = await take_pictures(self.desk, model, given)
        except Busy:
            return self._archive(owner, sent, self.desk.wire.error("rateLimitExceeded", checked.task), size)
        if taken.violations:
            return self._archive(owner, sent, self.desk.wire.refused(sent, taken.violations), size)
        answer = self.desk.store.together(partial(self._accept, submission, taken.pictures))
        settled = await answer.answer() if isinstance(answer, Held) else answer
        settled.notes = [*settled.notes, *taken.notes]
        return settled

    def _accept(self, submission: Submission, pictures: tuple[tuple[int, str], ...]) -> Answer | Held:
        """Take a task on, unless another one is in its way."""
        params, owner = submission.checked.task, submission.owner
        # A UUID that is spelt as most are is kept once.
        uuid = params["taskUUID"]
        key = (owner, lower if (lower := uuid.lower()) != uuid else uuid)
        task = self._draft(submission, key, pictures)
        for hit in submission.hits:
            task = hit.fault.shape(task)
        if "safety" in params:
            task = examined(task, submission.model, self._unsafe_ending)
        if too_much := self._gate.too_much(owner, params):
            return self._turned_away(key, task, submission, "rateLimitExceeded", f"{too_much}.")
        if not charge(self.desk, task):
            return self._turned_away(key, task, submission, "insufficientCredits", lacking(self.desk, task))
        done = self._apply(key, Submit(task))
        if isinstance(done.reply, Rejected):
            refund(self.desk, task)
            answer = self.desk.wire.error(done.reply.error, params, done.reply.task)
            return self._archive(owner, submission.sent, answer, submission.size)
        self.desk.store.drop(Shelf.REFUSALS, key)
        if params.get("deliveryMethod") == "sync":
            return Held(partial(self._awaited, task, task.submitted_at_ms + SYNC_BUDGET_MS))
        answer = self.desk.wire.accepted(task)
        answer.notes = submission.checked.notes
        return answer

    def _turned_away(self, key: Key, task: Task, submission: Submission, name: str, reason: str) -> Answer:
        """Refuse a task for which there is no room or no money.

        A UUID in use is told of first: to clients that try again it means that their task was taken on.
        """
        reply = self._look(key, Submit(task)).reply
        if isinstance(reply, Rejected):
            answer = self.desk.wire.error(reply.error, task.params, reply.task)
        else:
            answer = self.desk.wire.error(name, task.params, reason=reason)
        return self._archive(task.owner, submission.sent, answer, submission.size)

    def _draft(self, submission: Submission, key: Key, pictures: tuple[tuple[int, str], ...]) -> Task:
        """Draw up a task as it will be stored: when its results are due, what they cost."""
        model, checked, _, size, _, origin, nonce, _, faults = submission
        params = checked.task
        now_ms = self.desk.clock.now_ms()
        owner = key[0]
        number = int(params.get("numberResults", 1))
        figures = figures_of(model, params)
        kept = without_pictures(params) if "inputs" in params else compact(params)
        return Task(
            owner,
            params["taskUUID"],
            kept["taskType"],
            model.air,
            kept,
            origin,
            now_ms,
            due_times(figures, number, nonce, now_ms, self._speed),
            nonce,
            figures.cost_micro_usd,
            failure=None,
            outcomes=_all_processing(number),
            is_attended="webhookURL" in params or "uploadEndpoint" in params,
            weight=_OBJECT_OVERHEAD * (size if size <= LONGEST_KEPT_TEXT else size_of(kept)),
            pictures=pictures,
            faults=faults,
        )

    def _poll(self, request: Mapping[str, Any], caller: Caller, size: int) -> Answering:
        key = (caller.owner or "", request["taskUUID"].lower())
        reply = self._look(key, _POLL).reply
        if isinstance(reply, Reported):
            reply = self.shown.asked_at(caller.origin, reply)
            if reply.task.faults:
                return self._poll_in_trouble(key, reply.task, request, size)
            return self._report(reply)
        if self._empty_if_unknown and caller.transport != "websocket":
            return Answer(outcome="unknown", about=("getResponse", request["taskUUID"]))
        return self.desk.wire.error("taskNotFound", request)

    def _poll_in_trouble(self, key: Key, task: Task, request: Mapping[str, Any], size: int) -> Answering:
        """Say how far a task is with which something goes wrong."""
        hits = self.plans.take(key, task.faults, Moment.POLL)

        def report() -> Answer:
            seen, at_ms = task, self.desk.clock.now_ms()
            for hit in hits:
                seen, at_ms = hit.fault.view(seen, at_ms)
            return self._report(Reported(seen, statuses_at(seen, at_ms)))

        spoilt: Answering = self.plans.go_on(hits, [*marks(task.faults), *views(hits)], size, request, report)
        return spoilt

    def _describe(self, request: Mapping[str, Any], caller: Caller) -> Answer:
        """Answer from the archive: the last request under a UUID and the last answer to it."""
        key = (caller.owner or "", request["taskUUID"].lower())
        refusal: Refusal | None = self.desk.store.get(Shelf.REFUSALS, key)
        if refusal:
            return good(request, "refused", request=[refusal.request], response={"errors": refusal.errors})
        done = self._look(key, Describe())
        if not isinstance(done.reply, Reported):
            return self.desk.wire.error("taskNotFound", request)
        answer = self._report(self.shown.asked_at(caller.origin, done.reply))
        response = {
            name: items for name, items in (("data", answer.data), ("errors", answer.errors)) if items or name == "data"
        }
        return good(request, answer.outcome, request=[done.reply.task.params], response=response)

    def _archive(self, owner: str, sent: Mapping[str, Any], answer: Answer, size: int) -> Answer:
        """Remember a refusal for getTaskDetails, and return it.

        Args:
            owner: whose it is.
            sent: the task.
            answer: the refusal.
            size: its size in bytes, roughly.
        """
        uuid, task_type = sent.get("taskUUID"), sent.get("taskType")
        if not isinstance(uuid, str) or not isinstance(task_type, str):
            return answer
        if len(uuid) == _UUID_LENGTH and task_type in self.desk.spec.models:
            request, weight = sent, size
            if size > LONGEST_KEPT_TEXT:
                request = shortened(sent)
                weight = size_of(request) + size_of(answer.errors)
            kept = Refusal(request, answer.errors)
            self.desk.keep(Shelf.REFUSALS, (owner, uuid.lower()), kept, _OBJECT_OVERHEAD * weight)
        return answer

    # The engine

    def _apply(self, key: Key, command: Command) -> Step:
        """Let a command change a task, then carry out what follows."""
        now_ms = self.desk.clock.now_ms()

        def change(stored: Task | None) -> tuple[Entry | None, Step]:
            done = step(stored, command, now_ms, self._reuse)
            task = done.task
            if task is None or task is stored:
                return None, done
            return Entry(task, _settles_at_ms(task, now_ms), task.weight), done

        done = self.desk.store.update(Shelf.TASKS, key, change)
        for effect in done.effects:
            if done.task is not None:
                self._carry_out(key, done.task, effect)
        return done

    def _look(self, key: Key, command: Poll | Describe | Submit) -> Step:
        """Ask about a task without changing it."""
        return step(self.desk.store.get(Shelf.TASKS, key), command, self.desk.clock.now_ms(), self._reuse)

    def _ripe(self, key: Key) -> None:
        """The time of a result has come."""
        insist(self.desk.clock, partial(self.desk.store.together, partial(self._ripen, key)))

    def _ripen(self, key: Key) -> None:
        *of_task, index = key
        self.agenda.drop(Topic.RESULT, key)
        self._happen(tuple(of_task), Ripen(int(index)))

    def _happen(self, key: Key, command: Command) -> None:
        """Let something happen to a task that no request asked for."""
        self._apply(key, command)

    def _carry_out(self, key: Key, task: Task, effect: Effect) -> None:
        match effect:
            case WakeAt():
                self.agenda.put(Topic.RESULT, (*key, str(effect.index)), effect.at_ms)
            case PutMedia():
                self._owe(key, task, effect, b"")
            case PostWebhook():
                result = None if task.outcomes[effect.index] is Status.ERROR else self.shown.show(task, effect.index)
                self._owe(key, task, effect, self.desk.wire.webhook(task, result))
            case _:
                raise AssertionError(f"nobody carries out {effect}")

    def _owe(self, key: Key, task: Task, effect: PutMedia | PostWebhook, body: bytes) -> None:
        """Owe an upload or a webhook to its receiver, as the faults of its task have it."""
        kind = "upload" if isinstance(effect, PutMedia) else "webhook"
        letter = self.plans.letter(key, task, effect.index, Moment(kind))
        at_ms = self.desk.clock.now_ms() + letter.delay_ms
        owed = Owed(kind, key[0], task.uuid, effect.index, effect.url, body, task.nonce, at_ms, letter.answers)
        for _ in range(letter.copies):
            self.dispatch.owe(owed)

    def _fetch(self, owed: Owed, take: TakeMedia) -> None:
        """Get the file of an upload."""
        task = self.desk.store.get(Shelf.TASKS, (owed.owner, owed.task_uuid.lower()))
        if isinstance(task, Task) and task.nonce == owed.nonce:
            self.fetch_media(task, owed.index, take)
        else:
            take(None)

    def _delivered(self, owed: Owed, is_delivered: bool) -> None:
        """Go on after a delivery: a result counts when its upload is over."""
        if owed.kind == "upload":
            key = (owed.owner, owed.task_uuid.lower())
            self._happen(key, Uploaded(owed.index, None if is_delivered else self._upload_failure))

    def _report(self, reply: Reported) -> Answer:
        """Tell a client how far its task is, and make what it is told of findable."""
        if _SUCCESS not in reply.statuses:
            return self.desk.wire.reported(reply.task, reply.statuses, ())
        results = [self.shown.show(reply.task, index) for index in range(len(reply.statuses))]
        return self.desk.wire.reported(reply.task, reply.statuses, results)

    # Answers that come later

    async def settle(self, answers: Sequence[Answering]) -> list[Answer | Spoilt]:
        """Wait for the answers that are held or late, all at once, and return all in their order."""
        if len(answers) == 1:
            return [await self._settled(answers[0])]
        return await asyncio.gather(*(self._settled(answer) for answer in answers))

    async def _settled(self, answer: Answering) -> Answer | Spoilt:
        match answer:
            case Held():
                return await answer.answer()
            case Postponed():
                await self.sleep_until(answer.until_ms)
                return await self._settled(self.desk.store.together(answer.arrive))
            case Spoilt() if isinstance(answer.answer, Held):
                return answer.worded(await answer.answer.answer())
            case _:
                return answer

    async def _awaited(self, task: Task, until_ms: int) -> Answer:
        """Wait for the results of a synchronous submission."""
        at_ms = task.due_at_ms[-1]
        while True:
            await self.sleep_until(min(at_ms, until_ms))
            answer = self.desk.store.together(partial(self._deliver, task, until_ms))
            if answer is not None:
                return answer
            at_ms = self.desk.clock.now_ms() + SYNC_RETRY_MS

    async def pause(self, for_ms: int) -> None:
        """Let some time of the mock's clock pass."""
        await self.sleep_until(self.desk.clock.now_ms() + for_ms)

    async def sleep_until(self, at_ms: int) -> None:
        """Wait for a time of the mock's clock, in milliseconds."""
        if self.desk.clock.now_ms() >= at_ms:
            return
        woken = asyncio.Event()
        cancel = self.desk.clock.call_at(at_ms, woken.set)
        try:
            await woken.wait()
        finally:
            cancel()

    def _deliver(self, task: Task, until_ms: int) -> Answer | None:
        """Return the results of a task with its submission; an error where time is up; None while neither is so.

        Source: schema/dialect.json, delivery (observed: results handed over this way are not found by polls)
        """
        done = self._apply((task.owner, task.uuid.lower()), Deliver())
        if isinstance(done.reply, Reported):
            return _without_status(self._report(done.reply), task)
        return self.desk.wire.error("timeout", task.params) if self.desk.clock.now_ms() >= until_ms else None


def _needs_no_key(task_type: Any, caller: Caller) -> bool:
    """Say whether a task is answered before authentication: a heartbeat is, which some clients begin with."""
    return task_type == "authentication" or (task_type == "ping" and caller.transport == "websocket")


_POLL = Poll()
_PROCESSING, _SUCCESS = Status.PROCESSING, Status.SUCCESS
_UUID_LENGTH = 36


@lru_cache(maxsize=64)
def _all_processing(number: int) -> tuple[Status, ...]:
    return (_PROCESSING,) * number


#: How much more room parsed JSON takes than its text, roughly.
_OBJECT_OVERHEAD = 4


def _settles_at_ms(task: Task, now_ms: int) -> int:
    """Say until when a task is in use: until it is done, which of an attended one is known only afterwards."""
    if task.is_attended and overall(task.outcomes) is _PROCESSING:
        return UNSETTLED_MS
    return max(task.due_at_ms[-1], now_ms)


def _without_status(answer: Answer, task: Task) -> Answer:
    data = [{name: value for name, value in item.items() if name != "status"} for item in answer.data]
    errors = [{name: value for name, value in error.items() if name != "status"} for error in answer.errors]
    return replace(answer, data=data, errors=errors, about=(task.task_type, task.uuid))
