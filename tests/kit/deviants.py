"""Servers that deviate from the API in one way each: the mock behind a gateway that spoils its answers."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx

from mockserver import MockServer

Json = dict[str, Any]


@dataclass
class Reply:
    """An answer of the mock, on its way through the gateway.

    Attributes:
        task: the task that was asked for, or nothing.
        has_key: whether a key was shown.
        status: HTTP status.
        document: the answer as JSON.
        media_type: its Content-Type.
        body: what is sent in place of the document, or None.
        kept: what the gateway remembers from one answer to the next.
    """

    task: Json
    has_key: bool
    status: int
    document: Json
    media_type: str = "application/json"
    body: bytes | None = None
    kept: Json = field(default_factory=dict)

    @property
    def items(self) -> list[Json]:
        """What stands under `data`."""
        return list(self.document.get("data", []))

    @property
    def errors(self) -> list[Json]:
        """What stands under `errors`."""
        return list(self.document.get("errors", []))

    @property
    def is_poll(self) -> bool:
        """Say whether a poll is answered."""
        return self.task.get("taskType") == "getResponse"

    @property
    def is_acknowledgement(self) -> bool:
        """Say whether a task was taken on."""
        return self.task.get("taskType") == "videoInference" and bool(self.items)


Spoil = Callable[[Reply], None]


def answers_plain_text(reply: Reply) -> None:
    """Says that its JSON is text."""
    reply.media_type = "text/plain"


def answers_html_to_errors(reply: Reply) -> None:
    """Shows a page where something is wrong, as gateways do."""
    if reply.errors:
        reply.body, reply.media_type = b"<h1>Bad Request</h1>", "text/html"


def answers_500_to_mistakes(reply: Reply) -> None:
    """Fails at what it should refuse."""
    reply.status = 500 if reply.errors else reply.status


def answers_200_to_everything(reply: Reply) -> None:
    """Hides errors behind a good status."""
    reply.status = 200


def takes_mistakes(reply: Reply) -> None:
    """Checks nothing, and acknowledges what it does not understand."""
    if (
        reply.task.get("taskType") == "videoInference"
        and reply.status == 400
        and reply.errors[0]["code"] != "conflictTaskUUID"
    ):
        reply.status, reply.document = 200, acknowledged(reply)


def takes_unknown_parameters(reply: Reply) -> None:
    """Ignores parameters that it does not know."""
    if reply.errors and all(error["code"] == "unsupportedParameter" for error in reply.errors):
        reply.status, reply.document = 200, acknowledged(reply)


def acknowledged(reply: Reply) -> Json:
    """Return an acknowledgement."""
    return {"data": [{"taskType": "videoInference", "taskUUID": reply.task.get("taskUUID")}]}


def lets_everybody_in(reply: Reply) -> None:
    """Takes tasks without a key."""
    if not reply.has_key:
        reply.status, reply.document = 200, acknowledged(reply)


def answers_403_without_a_key(reply: Reply) -> None:
    """Has another status for a missing key."""
    reply.status = reply.status if reply.has_key else 403


def answers_422_to_broken_bodies(reply: Reply) -> None:
    """Answers as its framework does."""
    reply.status = reply.status if reply.task else 422


def has_one_error(reply: Reply) -> None:
    """Puts the error under error, as the older API did."""
    if reply.errors:
        reply.document = {"error": reply.errors[0]}


def has_empty_errors(reply: Reply) -> None:
    """Always has the member errors."""
    reply.document = {"errors": [], **reply.document}


def has_errors_of_null(reply: Reply) -> None:
    """Has null for no errors."""
    reply.document = {"errors": None, **reply.document}


def loses_messages(reply: Reply) -> None:
    """Has codes alone."""
    without(reply, "message")


def loses_task_uuids(reply: Reply) -> None:
    """Does not say whose error it is."""
    without(reply, "taskUUID")


def loses_parameters(reply: Reply) -> None:
    """Does not say what is wrong."""
    without(reply, "parameter")


def without(reply: Reply, name: str) -> None:
    """Take a member out of every error."""
    if reply.errors:
        errors = [{each: value for each, value in error.items() if each != name} for error in reply.errors]
        reply.document = {**reply.document, "errors": errors}


def has_one_code(reply: Reply) -> None:
    """Calls everything invalid."""
    if reply.errors:
        reply.document = {**reply.document, "errors": [{**error, "code": "invalid"} for error in reply.errors]}


def knows_every_task(reply: Reply) -> None:
    """Answers an empty list to polls of unknown tasks."""
    if reply.is_poll and reply.errors and reply.errors[0]["code"] == "taskNotFound":
        reply.status, reply.document = 200, {"data": []}


def echoes_the_request(reply: Reply) -> None:
    """Acknowledges with everything that it was sent."""
    if reply.is_acknowledgement:
        reply.document = {"data": [{**reply.task, **reply.items[0]}]}


def acknowledges_with_its_own_uuid(reply: Reply) -> None:
    """Gives tasks names of its own."""
    if reply.is_acknowledgement:
        reply.document = {"data": [{**reply.items[0], "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"}]}


def takes_a_uuid_twice(reply: Reply) -> None:
    """Makes another video for the same taskUUID."""
    if reply.errors and reply.errors[0]["code"] == "conflictTaskUUID":
        reply.status, reply.document = 200, acknowledged(reply)


def forgets_what_it_told(reply: Reply) -> None:
    """Tells each result once."""
    if reply.is_poll:
        told = reply.kept.setdefault("told", set())
        items = [item for item in reply.items if item.get("videoUUID") not in told or not item.get("videoUUID")]
        told.update(item["videoUUID"] for item in items if "videoUUID" in item)
        reply.document = {**reply.document, "data": items}


def says_done(reply: Reply) -> None:
    """Has another word for success."""
    if reply.is_poll:
        items = [{**item, "status": "done" if item["status"] == "success" else item["status"]} for item in reply.items]
        reply.document = {**reply.document, "data": items}


def shows_addresses_too_early(reply: Reply) -> None:
    """Has an address before there is a video."""
    if reply.is_poll:
        reply.document = {
            **reply.document,
            "data": [{"videoURL": "http://127.0.0.1/soon.mp4", **i} for i in reply.items],
        }


def answers_polls_as_polls(reply: Reply) -> None:
    """Gives results the taskType of the poll."""
    if reply.is_poll:
        reply.document = {**reply.document, "data": [{**item, "taskType": "getResponse"} for item in reply.items]}


def forgets_the_cost(reply: Reply) -> None:
    """Does not tell the cost, though asked."""
    if reply.is_poll:
        items = [{name: value for name, value in item.items() if name != "cost"} for item in reply.items]
        reply.document = {**reply.document, "data": items}


def repeats_one_result(reply: Reply) -> None:
    """Gives every result the same UUID."""
    finished = [item for item in reply.items if item.get("videoUUID")]
    if reply.is_poll and finished:
        same = [
            {**item, **({"videoUUID": finished[0]["videoUUID"]} if item.get("videoUUID") else {})}
            for item in reply.items
        ]
        reply.document = {**reply.document, "data": same}


#: Every deviation, with the duty that it breaks.
DEVIANTS: Mapping[Spoil, str] = {
    answers_plain_text: "answers-in-json",
    answers_html_to_errors: "answers-in-json",
    answers_500_to_mistakes: "never-fails",
    answers_200_to_everything: "refuses-with-4xx",
    takes_mistakes: "refuses-mistakes",
    takes_unknown_parameters: "refuses-mistakes",
    lets_everybody_in: "refuses-without-a-key",
    answers_403_without_a_key: "refuses-without-a-key",
    answers_422_to_broken_bodies: "refuses-broken-bodies",
    has_one_error: "lists-errors",
    has_empty_errors: "has-no-errors-on-success",
    has_errors_of_null: "has-no-errors-on-success",
    loses_messages: "lists-errors",
    loses_task_uuids: "names-the-task",
    loses_parameters: "names-the-parameter",
    has_one_code: "names-the-error",
    knows_every_task: "tells-of-unknown-tasks",
    echoes_the_request: "echoes-nothing",
    acknowledges_with_its_own_uuid: "acknowledges-with-the-uuid",
    takes_a_uuid_twice: "refuses-a-uuid-twice",
    forgets_what_it_told: "polls-tell-the-whole-state",
    says_done: "results-have-status",
    shows_addresses_too_early: "processing-has-no-video",
    answers_polls_as_polls: "items-name-the-task",
    forgets_the_cost: "results-are-complete",
    repeats_one_result: "makes-as-many-as-asked",
}


class _Gateway(BaseHTTPRequestHandler):
    """Passes requests on to the mock, and spoils the answers."""

    behind: ClassVar[str]
    spoil: ClassVar[Sequence[Spoil]]
    kept: ClassVar[Json]
    client: ClassVar[httpx.Client]
    protocol_version = "HTTP/1.1"
    #: Head and body go together: in two pieces each would wait for the other's acknowledgement.
    wbufsize = 1024 * 1024

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers.get("Authorization")
        headers = {"Content-Type": "application/json", **({"Authorization": key} if key else {})}
        answer = self.client.post(self.behind, content=body, headers=headers)
        reply = Reply(_first(body), key is not None, answer.status_code, answer.json(), kept=self.kept)
        for spoil in self.spoil:
            spoil(reply)
        content = json.dumps(reply.document).encode() if reply.body is None else reply.body
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, *_: object) -> None:
        """Say nothing."""


class _Threads(ThreadingHTTPServer):
    """Waits in the end for every connection, which clients have closed by then."""

    daemon_threads = False


def _first(body: bytes) -> Json:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document[0] if isinstance(document, list) and document and isinstance(document[0], dict) else {}


@contextmanager
def deviating(*spoil: Spoil) -> Iterator[str]:
    """Serve the mock behind a gateway, and yield the gateway's address."""
    with MockServer(clock="real", speed=100) as mock, httpx.Client(trust_env=False) as client:
        parts = {"behind": mock.http_url, "spoil": spoil, "kept": {}, "client": client}
        server = _Threads(("127.0.0.1", 0), type("Gateway", (_Gateway,), parts))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
