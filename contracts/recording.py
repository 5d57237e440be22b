"""What was said between a client and the mock, and what the client made of it: values that checks are held against.

A recording says what came over the wire, byte for byte, and nothing of the mock's own opinion but the faults that it
was told to have.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import orjson

from mockserver.spec.documents import escape
from mockserver.spec.load import load_spec

Json = Mapping[str, Any]

#: Statuses after which another try may go well, beside 5xx.
AGAIN = frozenset({408, 429})
#: What is taken for the status of an error that the catalogue does not name, such as one of a parameter.
UNKNOWN_STATUS = 400
#: What is said about a connection, and not about a task.
ABOUT_THE_LINE = frozenset({"authentication", "ping"})


@dataclass(frozen=True)
class Exchange:
    """One request of a client, or one message over a WebSocket, and what was answered.

    Attributes:
        number: counts the exchanges of an example from 1.
        transport: "http" or "websocket".
        connection: counts the connections from 1; 0 over HTTP.
        at_ms: when it came, in milliseconds from the beginning of the example.
        ended_at_ms: when the last byte of its answer was sent, or None where none was.
        target: path and query of its address, as asked for.
        headers: header lines, names in lower case; over WebSocket those of the handshake.
        body: the bytes as they came.
        status: HTTP status; 0 over WebSocket, None where no answer began.
        answers: body of the answer, or the frames, as sent.
        faults: names of the faults that were seen in the answer.
        retry_after_s: what the answer asked to wait, in seconds, or None.
    """

    number: int
    transport: str
    connection: int
    at_ms: int
    ended_at_ms: int | None
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    status: int | None
    answers: Sequence[bytes]
    faults: Sequence[str] = ()
    retry_after_s: float | None = None

    @cached_property
    def document(self) -> Any:
        """The request as JSON, or None where it is none."""
        return _parsed(self.body)

    @cached_property
    def tasks(self) -> Sequence[Json]:
        """The objects in the request."""
        document = self.document if isinstance(self.document, list) else [self.document]
        return [task for task in document if isinstance(task, dict)]

    def pointer(self, task: Json, *way: str | int) -> str:
        """Return the JSON Pointer, from the body on, of a place in one of its tasks."""
        place = [index for index, each in enumerate(self.document) if each is task] if self.document is not task else []
        return pointer_of(*place, *way)

    @cached_property
    def replies(self) -> Sequence[Json]:
        """The answers that are JSON objects."""
        return [reply for reply in map(_parsed, self.answers) if isinstance(reply, dict)]

    @property
    def items(self) -> Sequence[Json]:
        """What stands under `data` in the answers."""
        return [item for reply in self.replies for item in objects_at(reply, "data")]

    @property
    def errors(self) -> Sequence[Json]:
        """What stands under `errors` in the answers."""
        return [error for reply in self.replies for error in objects_at(reply, "errors")]

    def header(self, name: str) -> str:
        """Return the value of a header, or ""."""
        return next((value for each, value in self.headers if each == name), "")

    @property
    def is_about_tasks(self) -> bool:
        """Say whether more was asked than who is there: a heartbeat and an authentication alone are no request."""
        return any(str(task.get("taskType")) not in ABOUT_THE_LINE for task in self.tasks) or not self.tasks

    @property
    def is_refused_for_now(self) -> bool:
        """Say whether the service is too busy or has failed: by the status, over WebSocket by the errors.

        An error that a generation ended with says so by a status of its own, and is not for now.

        Source: documentation of task polling, of an error in a poll (stated)
        """
        if self.transport == "websocket":
            is_about_the_request = all(error.get("status") != "error" for error in self.errors)
            return bool(self.errors) and is_about_the_request and all(map(_is_for_now, self._statuses))
        return self.status is not None and _is_for_now(self.status)

    @property
    def is_refused_for_good(self) -> bool:
        """Say whether the same again would be refused again."""
        return bool(self.errors) and all(400 <= each < 500 and not _is_for_now(each) for each in self._statuses)

    @property
    def _statuses(self) -> Sequence[int]:
        """The status of the answer; over WebSocket those that its errors would have over HTTP."""
        if self.transport == "websocket":
            return [_catalogue().get(str(error.get("code")), UNKNOWN_STATUS) for error in self.errors]
        return [self.status or 0]

    @property
    def is_transient(self) -> bool:
        """Say whether a client should try again: too busy, failed, or without a whole answer."""
        return self.status is None or self.is_refused_for_now or not self.replies


@dataclass(frozen=True)
class Outcome:
    """What a client made of a task.

    Attributes:
        results: the items that it returned, or None where it raised.
        code: the error code that it showed, or None.
        message: what its error says, or "".
        is_endless: whether it had not come to an end in time.
        value: what it returned, if that is no list of objects.
    """

    results: Sequence[Json] | None = None
    code: str | None = None
    message: str = ""
    is_endless: bool = False
    value: Any = None

    @property
    def has_failed(self) -> bool:
        """Say whether it raised."""
        return self.results is None and not self.is_endless

    @property
    def document(self) -> Json:
        """What came of it as a program would answer it, as JSON; nothing where it came to no end."""
        if self.is_endless:
            return {}
        if self.results is None:
            return {"error": {"code": self.code, "message": self.message}}
        return {"results": self.results if self.value is None else self.value}


@dataclass(frozen=True)
class Recording:
    """One example, as it went.

    Attributes:
        task: what the client was asked for: a task without taskType, taskUUID and deliveryMethod.
        behaviour: what the service was told to do, as rules of a scenario.
        api_key: the key that the client was given.
        exchanges: what was said, in order.
        outcome: what the client made of it.
        ended_at_ms: when it came to its end, in milliseconds from the beginning.
        family: what kind of behaviour it is about.
        earlier: taskUUIDs of tasks that were handed in before.
        session: where other calls were under way, what was played, as `--example` takes it; else None.
        began_at_ms: when its call began, in milliseconds from the beginning of the session.
        companions: the recordings of the other calls.
    """

    task: Json
    behaviour: Json
    api_key: str
    exchanges: Sequence[Exchange]
    outcome: Outcome
    ended_at_ms: int
    family: str = "plain"
    earlier: Collection[str] = field(default=())
    session: Json | None = None
    began_at_ms: int = 0
    companions: Sequence["Recording"] = ()

    @cached_property
    def submissions(self) -> Sequence[tuple[Exchange, Json]]:
        """Every task of a generation that came, with its exchange."""
        return [each for each in self._sent() if each[1].get("taskType") == "videoInference"]

    @cached_property
    def polls(self) -> Sequence[tuple[Exchange, Json]]:
        """Every poll that came, with its exchange."""
        return [each for each in self._sent() if each[1].get("taskType") == "getResponse"]

    @cached_property
    def uuids(self) -> Collection[str]:
        """The taskUUIDs under which the task was handed in: several where a further try made another task of it."""
        return {str(task.get("taskUUID")).lower() for _, task in self.submissions}

    @cached_property
    def last(self) -> Exchange | None:
        """The last exchange about tasks: heartbeats go on and connections are renewed whatever becomes of them."""
        return next((exchange for exchange in reversed(self.exchanges) if exchange.is_about_tasks), None)

    def _sent(self) -> Iterator[tuple[Exchange, Json]]:
        for exchange in self.exchanges:
            for task in exchange.tasks:
                yield exchange, task

    @cached_property
    def results(self) -> Mapping[str, Json]:
        """Every finished result that the client was told of, by videoUUID, as last told."""
        return {
            item["videoUUID"]: item
            for exchange in self.exchanges
            for item in exchange.items
            if isinstance(item.get("videoUUID"), str) and item.get("videoURL")
        }

    @cached_property
    def failures(self) -> Sequence[Json]:
        """The errors of the last answer that told how the task ended, each of which is final."""
        finals = [exchange for exchange, _ in (*self.submissions, *self.polls) if exchange.errors]
        lasting = [exchange for exchange in finals if not exchange.is_transient and not _is_conflict(exchange)]
        return lasting[-1].errors if lasting else ()


@lru_cache(maxsize=1)
def _catalogue() -> Mapping[str, int]:
    """Return the status of every error that the catalogue names, by code."""
    return {error.code: error.http for error in load_spec().catalogue.named.values()}


def _is_for_now(status: int) -> bool:
    return status in AGAIN or status >= 500


def objects_at(holder: Any, name: str) -> list[Json]:
    """Return the objects in a list that a member of an answer holds; nothing where it holds none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def pointer_of(*way: str | int) -> str:
    """Return the JSON Pointer of a place."""
    return "".join(f"/{escape(str(step))}" for step in way)


def _is_conflict(exchange: Exchange) -> bool:
    return bool(exchange.errors) and all(error.get("code") == "conflictTaskUUID" for error in exchange.errors)


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
