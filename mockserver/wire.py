"""What the mock answers, in the API's own words.

Here replies and reasons become the items and errors of an envelope. Reading requests is `reading`; which transport
carries an envelope, and in how many pieces, is the transports' business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from mockserver.engine.account import MICRO
from mockserver.engine.safety import mode_of
from mockserver.engine.values import Result, Status, Task
from mockserver.hidden import without_secrets
from mockserver.reading import Unreadable
from mockserver.spec.catalogue import ApiError
from mockserver.spec.checkers.base import Path
from mockserver.spec.dialect import Dialect
from mockserver.spec.load import Spec
from mockserver.spec.violations import Violation, dotted, pointer_to

Item = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """What one task of a request is answered with.

    Attributes:
        data: items of things that went well.
        errors: items of things that failed.
        http: status that the errors ask for when nothing went well.
        outcome: a word for the log: "accepted", "success 1/1", the code of an error.
        about: task type and taskUUID for the log.
        notes: what the log should say besides.
        is_authentication: whether the task showed a key.
        is_upload: whether the task stored a picture the older way.
    """

    data: Sequence[Item] = ()
    errors: Sequence[Item] = ()
    http: int = 200
    outcome: str = ""
    about: tuple[str, str] = ("", "")
    notes: Sequence[str] = ()
    is_authentication: bool = False
    is_upload: bool = False


class Envelope(NamedTuple):
    """Status and body of one HTTP answer."""

    status: int
    body: bytes


class Wire:
    """Words answers for one spec and dialect. Holds no state that changes."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._dialect: Dialect = spec.dialect
        self._running = spec.dialect.running_status
        self._shows_pointer = spec.dialect.error_pointer == "shown"
        self._first_reason_only = spec.dialect.reasons == "first"

    def accepted(self, task: Task) -> Answer:
        """Answer a submission that was taken on: the bare acknowledgement.

        Source: schema/wire/acknowledgement.json (stated)
        """
        task_type = task.task_type
        return Answer(({"taskType": task_type, "taskUUID": task.uuid},), (), 200, "accepted", (task_type, task.uuid))

    def reported(self, task: Task, statuses: Sequence[Status], results: Sequence[Result]) -> Answer:
        """Answer a poll: every result as it stands, in the order in which they are made.

        A failed generation is told once however many results it was to have.

        Args:
            task: the polled task.
            statuses: how far each result is.
            results: what each is known by; those that are not finished are not looked at.

        Source: schema/tasks/getResponse.json (stated)
        """
        task_type = task.task_type
        data: list[Item] = []
        done = failed = 0
        for index, status in enumerate(statuses):
            if status is Status.SUCCESS:
                done += 1
                data.append(self.finished(task, results[index], polled=True))
            elif status is Status.ERROR:
                failed += 1
            else:
                data.append({"taskType": task_type, "taskUUID": task.uuid, "status": self._running})
        if failed:
            return self._with_failure(task, data)
        outcome = f"{'success' if done == len(statuses) else self._running} {done}/{len(statuses)}"
        return Answer(data=data, outcome=outcome, about=("getResponse", task.uuid))

    def _with_failure(self, task: Task, data: list[Item]) -> Answer:
        failure = self.failure(task)
        form = self._dialect.failed_result
        if form != "errors":
            error = {key: value for key, value in failure.items() if key not in ("taskType", "taskUUID", "status")}
            data.append({"taskType": failure["taskType"], "taskUUID": task.uuid, "status": "error", "error": error})
        return Answer(
            data=data,
            errors=[failure] if form != "item" else (),
            http=200 if self._dialect.failed_poll_status == "ok" else 400,
            outcome=failure["code"],
            about=("getResponse", task.uuid),
        )

    def finished(self, task: Task, result: Result, polled: bool) -> Item:
        """Return the item of a finished result; a poll adds its status.

        Source: schema/wire/video.json (stated)
        """
        item: Item = {"taskType": task.task_type, "taskUUID": task.uuid}
        if polled:
            item["status"] = "success"
        item["videoUUID"] = result.video_uuid
        if task.params.get("includeCost") is True:
            item["cost"] = task.cost_micro_usd / MICRO
        item["seed"] = result.seed
        item["videoURL"] = self.video_url(task, result)
        if "safety" in task.params and mode_of(task.params) != "none":
            item["NSFWContent"] = task.is_flagged
        return item

    def video_url(self, task: Task, result: Result) -> str:
        """Return the address at which the mock serves a result.

        Source: schema/dialect.json, video-path (observed)
        """
        extension = str(task.params.get("outputFormat", "MP4")).lower()
        return f"{task.origin}{self._dialect.video_path}{result.video_uuid}.{extension}"

    def failure(self, task: Task) -> Item:
        """Return the error of a generation that failed."""
        if task.failure is None:
            raise AssertionError(f"{task.uuid} did not fail")
        error = self._spec.failures[task.failure]
        branch = self._spec.branch(task.task_type, task.air)
        item = self._error(error, {"reason": "The mock was asked for it."})
        return {
            **item,
            "status": "error",
            "taskType": task.task_type,
            "taskUUID": task.uuid,
            **({"documentation": branch.documentation} if branch else {}),
        }

    def refused(self, task: Mapping[str, Any], violations: Sequence[Violation]) -> Answer:
        """Answer a task that breaks rules: every reason, or the first where the dialect says so.

        Of an authentication what is wrong with the key comes first, and no error names a task: official clients wait
        for one that does not (observed).
        """
        scope = _scope(task)
        if scope.get("taskType") == "authentication":
            scope.pop("taskUUID", None)
            violations = sorted(violations, key=lambda violation: violation.error.category != "auth")
        told = violations[:1] if self._first_reason_only else violations
        shows_pointer = self._shows_pointer
        return Answer(
            errors=[_members(violation, shows_pointer) | scope for violation in told],
            http=violations[0].error.http,
            outcome=_codes(violations),
            about=(scope.get("taskType", "?"), scope.get("taskUUID", "")),
        )

    def error(
        self, name: str, task: Mapping[str, Any], about: Task | None = None, /, *, place: Path = (), **facts: str
    ) -> Answer:
        """Answer a task with one error of the catalogue.

        Args:
            name: name of the error in the catalogue.
            task: the task as sent.
            about: the stored task that is in the way, if any.
            place: where in the task the value stands that is at fault, if there is one.
            facts: what the error's sentence needs. A reason follows a sentence that has no room for it.
        """
        error = self._spec.catalogue.error(name)
        scope = _scope(task)
        item = {**self._error(error, facts), **self._placed(place), **scope}
        if "reason" in facts and "{reason}" not in error.template:
            item["message"] += f" {facts['reason']}"
        if about is not None:
            item["context"] = {
                "taskType": about.task_type,
                "taskUUID": about.uuid,
                "deliveryMethod": about.params.get("deliveryMethod", "async"),
            }
        return Answer(
            errors=[item],
            http=error.http,
            outcome=error.code,
            about=(scope.get("taskType", "?"), scope.get("taskUUID", "")),
        )

    def _placed(self, place: Path) -> Item:
        if not place:
            return {}
        pointer = {"pointer": pointer_to(place)} if self._shows_pointer else {}
        return {"parameter": dotted(place), **pointer}

    def unaddressed(self, name: str, /, **facts: str) -> Answer:
        """Answer a request as a whole with one error: of the connection, the key or the bytes."""
        error = self._spec.catalogue.error(name)
        return Answer(errors=[self._error(error, facts)], http=error.http, outcome=error.code)

    def unreadable(self, why: Unreadable) -> Answer:
        """Answer a body that cannot be read."""
        return self.unaddressed(why.code, reason=why.reason)

    @staticmethod
    def _error(error: ApiError, facts: Mapping[str, str]) -> Item:
        return {"code": error.code, "message": error.say(**facts), **error.fields}

    def envelope(self, answers: Sequence[Answer]) -> Envelope:
        """Put the answers of one HTTP request into one body.

        The status is 200 as soon as one task went well; where all failed it is the first failure's. The
        authentication item does not count: the same task is answered alike whichever way the key came.

        Source: schema/dialect.json, failed-poll-status (assumed)
        """
        if len(answers) == 1:
            answer = answers[0]
            if not (answer.is_authentication or answer.is_upload):
                if not answer.errors:
                    return Envelope(200, orjson.dumps({"data": answer.data}))
                return self._failed(answer.data, answer.errors, 200 if answer.data else answer.http)
        shown = [
            answer
            for answer in answers
            if not (answer.is_authentication and answer.data and self._dialect.auth_item == "hidden")
        ]
        data = [item for answer in shown for item in answer.data]
        errors = [error for answer in shown for error in answer.errors]
        if not errors:
            is_bare = len(data) == 1 and shown[0].is_upload and self._dialect.image_upload_data == "object"
            return Envelope(200, orjson.dumps({"data": data[0] if is_bare else data}))
        is_good = any(answer.data and not answer.is_authentication for answer in shown)
        status = 200 if is_good else next(answer.http for answer in shown if answer.errors)
        return self._failed(data, errors, status)

    def _failed(self, data: Sequence[Item], errors: Sequence[Item], status: int) -> Envelope:
        hides_data = not data and self._dialect.rejected_data == "absent"
        return Envelope(status, orjson.dumps({"errors": errors} if hides_data else {"data": data, "errors": errors}))

    def frames(self, answer: Answer) -> list[bytes]:
        """Put one answer into WebSocket frames: data and errors never share one.

        Source: schema/wire/answer.json (observed: official clients drop the data of a shared frame)
        """
        frames = [orjson.dumps({"data": answer.data})] if answer.data else []
        if answer.errors:
            frames.append(orjson.dumps({self._dialect.socket_errors_key: answer.errors}))
        return frames

    def webhook(self, task: Task, result: Result | None) -> bytes:
        """Return the body of a webhook call about a result that ended, None being one that failed.

        Source: schema/wire/webhook.json (observed)
        """
        failed = result is None
        item = self.failure(task) if result is None else self.finished(task, result, polled=False)
        if self._dialect.webhook_envelope == "flat":
            return orjson.dumps(item)
        return orjson.dumps({"errors" if failed else "data": [item]})


def _scope(task: Mapping[str, Any]) -> dict[str, str]:
    """Return which task an error belongs to, as far as the task says so in strings."""
    scope: dict[str, str] = {}
    for name in ("taskType", "taskUUID"):
        value = task.get(name)
        if isinstance(value, str) and len(value) < 100:
            scope[name] = value
    return scope


@lru_cache(maxsize=2048)
def _members(violation: Violation, shows_pointer: bool) -> Item:
    """Return the members of a reason's error, all but the task it belongs to."""
    parameter = violation.parameter
    item: Item = {
        "code": violation.error.code,
        "message": without_secrets(violation.message),
        "parameter": parameter if isinstance(parameter, str) else list(parameter),
    }
    if shows_pointer:
        item["pointer"] = violation.pointer
    return {**item, **violation.facts, **violation.error.fields}


def _codes(violations: Sequence[Violation]) -> str:
    first = violations[0].error.code
    return first if len(violations) == 1 else f"{first} and {len(violations) - 1} more"
