"""Which paths of a task's life were gone, as far as the wire tells: from the engine's table, and from few other facts.

Answers are told by their items, not by the request that they follow: over WebSocket they come when they come.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from contracts.coverage.codes import Codes
from contracts.coverage.points import LIFE_CYCLE, Points
from contracts.recording import Exchange, Json, objects_at
from mockserver.engine.life import REFUSALS, TRANSITIONS
from mockserver.engine.values import Command, Deliver, Describe, Poll, Status, Submit
from mockserver.spec.load import Spec

#: What clients bring about, of the commands of the engine, and what that is called.
COMMANDS: Mapping[type[Command], str] = MappingProxyType(
    {Submit: "submission", Poll: "poll", Describe: "task details", Deliver: "synchronous delivery"}
)
#: How far a task was when it met a command.
BEFORE: Mapping[Status | None, str] = MappingProxyType(
    {None: "of a new task", Status.PROCESSING: "while processing", Status.SUCCESS: "after success"}
    | {Status.ERROR: "after an error"}
)
#: What the engine has no words for.
BROKEN_RULE, FORGOTTEN = "refused: a rule is broken", "refused: forgotten since"
SEVERAL = "several in one answer"
SOME_LEFT, SOME_FAILED = "some finished and some processing", "some finished and some failed"
#: Where the engine looks for what a task asks to be sent, and what that is called.
DELIVERIES: Mapping[str, str] = MappingProxyType({"webhookURL": "webhook", "uploadEndpoint": "upload"})
#: Troubles that another try may get over, beside the statuses of the catalogue.
NO_ANSWER, BROKEN_ANSWER = "no answer", "broken JSON"
TOO_MANY, FAILED = 429, 500


class Paths:
    """The points of the life cycle.

    Args:
        spec: what the schemas say.
        codes: the error codes.
        points: where points are added.
    """

    def __init__(self, spec: Spec, codes: Codes, points: Points) -> None:
        self.spec = spec
        self.codes = codes
        self._points = points
        self._numbers: dict[tuple[str, str], int] = {}
        schemas = [model.schema["properties"] for model in spec.all_models]
        is_sync = any("sync" in schema.get("deliveryMethod", {}).get("enum", ()) for schema in schemas)
        for command, row in COMMANDS.items():
            if command is not Deliver or is_sync:
                self._declare_command(command, row)
        self._declare("submission", BROKEN_RULE)
        self._declare("poll", FORGOTTEN)
        self._declare("results", SEVERAL, SOME_LEFT, SOME_FAILED)
        self._declare(
            "asked for", *(word for name, word in DELIVERIES.items() if any(name in each for each in schemas))
        )
        self._declare("authentication", "in the body", "refused")
        self._declare("transport", "http", "websocket")
        statuses = {error.http for error in spec.catalogue.named.values()}
        troubles = [f"{status}" for status in sorted(statuses) if status == TOO_MANY or status >= FAILED]
        for trouble in (*troubles, BROKEN_ANSWER, NO_ANSWER):
            self._declare("trouble", trouble, f"{trouble} got over")

    def _declare_command(self, command: type[Command], row: str) -> None:
        self._declare(row, *(BEFORE[status] for status, moves in TRANSITIONS.items() if command in moves))
        is_refused = any(command not in moves for moves in TRANSITIONS.values())
        if is_refused and command is not Deliver:
            self._declare(row, f"refused: {REFUSALS[command]}")

    def _declare(self, row: str, *points: str) -> None:
        for point in points:
            self._numbers[row, point] = self._points.add(LIFE_CYCLE, row, point)

    def note(self, row: str, point: str) -> None:
        """Note a point that was seen; one that the schemas do not allow for is passed over."""
        number = self._numbers.get((row, point))
        if number is not None:
            self._points.seen.add(number)

    def note_command(self, command: type[Command], status: Status | None) -> None:
        """Note that a command met a task that was so far."""
        self.note(COMMANDS[command], BEFORE[status])

    def note_refusal(self, command: type[Command]) -> None:
        """Note that a command was refused."""
        self.note(COMMANDS[command], f"refused: {REFUSALS[command]}")


class Conversation:
    """What is known of the tasks of one service while what was said to it is gone through.

    Args:
        paths: the points.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._models = paths.spec.models
        self._running = paths.spec.dialect.running_status
        #: How each task ended that was taken on, by taskUUID; None while that is not known.
        self._known: dict[str, Status | None] = {}
        #: Tasks whose results come with the answer to their submission.
        self._synchronous: set[str] = set()
        #: Troubles that a request met, by task type and taskUUID.
        self._troubles: dict[tuple[str, str], set[str]] = {}

    def submitted(self, task: Json) -> None:
        """Note what a good task asks for."""
        for name, word in DELIVERIES.items():
            if name in task:
                self._paths.note("asked for", word)
        if task.get("deliveryMethod") == "sync":
            self._synchronous.add(_uuid(task))

    def hear(self, exchange: Exchange, items: Iterable[Json], errors: Iterable[Json]) -> None:
        """Note an exchange."""
        self._paths.note("transport", exchange.transport)
        statuses: dict[str, list[Status]] = {}
        for item in items:
            self._item(item, statuses)
        for error in errors:
            self._error(error, statuses)
        for found in statuses.values():
            self._note_results(found)
        self._note_trouble(exchange)

    def _item(self, item: Json, statuses: dict[str, list[Status]]) -> None:
        task_type, uuid = str(item.get("taskType")), _uuid(item)
        if task_type in self._models:
            self._generation(item, uuid, statuses)
        elif task_type == "getTaskDetails":
            self._details(item.get("response"))
        elif task_type == "authentication":
            self._paths.note("authentication", "in the body")

    def _generation(self, item: Json, uuid: str, statuses: dict[str, list[Status]]) -> None:
        status = item.get("status")
        if status is not None:
            told = self._status(status)
            statuses.setdefault(uuid, []).append(told)
            self._ended(uuid, told)
            self._paths.note_command(Poll, told)
        elif item.keys() & _RESULT:
            statuses.setdefault(uuid, []).append(Status.SUCCESS)
            self._ended(uuid, Status.SUCCESS)
            self._paths.note_command(Submit, None)
            self._paths.note_command(Deliver, Status.SUCCESS)
        else:
            self._paths.note_command(Submit, Status.ERROR if self._known.get(uuid) is Status.ERROR else None)
            self._known[uuid] = None

    def _status(self, word: Any) -> Status:
        return {self._running: Status.PROCESSING, "error": Status.ERROR}.get(str(word), Status.SUCCESS)

    def _ended(self, uuid: str, status: Status) -> None:
        if self._known.get(uuid) is not Status.ERROR:
            self._known[uuid] = status

    def _details(self, response: Any) -> None:
        """Note what the archive told; of a refused submission it tells of no task."""
        told = [each.get("status") for name in ("data", "errors") for each in objects_at(response, name)]
        found = {self._status(word) for word in told if word is not None}
        for status in (Status.PROCESSING, Status.ERROR, Status.SUCCESS):
            if status in found:
                self._paths.note_command(Describe, status)
                return

    def _error(self, error: Json, statuses: dict[str, list[Status]]) -> None:
        code, task_type, uuid = str(error.get("code")), str(error.get("taskType")), _uuid(error)
        category = self._paths.codes.category(code)
        if category == "auth":
            self._paths.note("authentication", "refused")
        elif error.get("status") == "error":
            statuses.setdefault(uuid, []).append(Status.ERROR)
            self._known[uuid] = Status.ERROR
            self._paths.note_command(Poll, Status.ERROR)
        elif task_type in self._models:
            self._refused(code, category, uuid)
        elif task_type == "getTaskDetails" and code == REFUSALS[Describe]:
            self._paths.note_refusal(Describe)
        elif task_type == "getResponse" and code == REFUSALS[Poll]:
            self._unknown(uuid)

    def _refused(self, code: str, category: str, uuid: str) -> None:
        if code == REFUSALS[Submit]:
            self._known.setdefault(uuid, None)
            self._paths.note_refusal(Submit)
        elif category == "validation":
            self._paths.note("submission", BROKEN_RULE)
        elif uuid in self._synchronous:
            self._known[uuid] = Status.ERROR
            self._paths.note_command(Submit, None)
            self._paths.note_command(Deliver, Status.ERROR)

    def _unknown(self, uuid: str) -> None:
        """A task that was known before is forgotten, unless its results went out with its submission."""
        if uuid in self._known and uuid not in self._synchronous:
            self._paths.note("poll", FORGOTTEN)
        else:
            self._paths.note_refusal(Poll)

    def _note_results(self, statuses: list[Status]) -> None:
        done = statuses.count(Status.SUCCESS)
        if done > 1:
            self._paths.note("results", SEVERAL)
        if done and Status.PROCESSING in statuses:
            self._paths.note("results", SOME_LEFT)
        if done and Status.ERROR in statuses:
            self._paths.note("results", SOME_FAILED)

    def _note_trouble(self, exchange: Exchange) -> None:
        trouble = _trouble(exchange)
        for task in exchange.tasks:
            key = (str(task.get("taskType")), _uuid(task))
            if trouble:
                self._troubles.setdefault(key, set()).add(trouble)
                self._paths.note("trouble", trouble)
            elif exchange.replies:
                for past in self._troubles.pop(key, ()):
                    self._paths.note("trouble", f"{past} got over")


#: What an item of a finished result has and an acknowledgement has not. Source: schema/wire/video.json (stated)
_RESULT = frozenset({"videoUUID", "videoURL"})


def _uuid(item: Json) -> str:
    return str(item.get("taskUUID")).lower()


def _trouble(exchange: Exchange) -> str:
    """Return what another try may get over, or "".

    Over WebSocket an answer that never comes cannot be told from one that comes later.
    """
    if exchange.transport == "websocket":
        return BROKEN_ANSWER if exchange.answers and not exchange.replies else ""
    if exchange.status is None:
        return NO_ANSWER
    if exchange.status == TOO_MANY or exchange.status >= FAILED:
        return str(exchange.status)
    return "" if exchange.replies else BROKEN_ANSWER
