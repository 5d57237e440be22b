"""Receivers of webhooks and uploads on 127.0.0.1: sound ones, and others with one mistake each, as people make them."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, quote_plus, urlsplit

import httpx

SECRET = "s3cr3t/with+escapes="
#: How long somebody who does two things at a time waits for the other, in seconds.
MEANWHILE_S = 0.02
Json = dict[str, Any]


class Request(NamedTuple):
    """What came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters, decoded."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


class Answer(NamedTuple):
    """What is answered. A status of 0 ends the connection without a word."""

    status: int
    location: str = ""


OK = Answer(200)


class Webhooks:
    """Takes webhooks as it should: keeps each result once, answers at once, downloads afterwards."""

    #: The duty that it breaks, where there is one.
    breaks: ClassVar[str] = ""
    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/hooks/runware"
    query: ClassVar[str] = f"?id=17&token={quote_plus(SECRET)}"
    #: Longest body that is read, in bytes.
    most_bytes: ClassVar[int] = 1 << 30
    #: How long its answers are waited for, in seconds, where not as long as usual.
    deadline_s: ClassVar[float | None] = None

    def __init__(self) -> None:
        self.results: dict[str, Json] = {}
        self.failed: set[str] = set()
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.background = ThreadPoolExecutor(2)
        self.client = httpx.Client(trust_env=False, verify=False)

    def close(self) -> None:
        """Let go of whoever waits."""
        self.over.set()
        self.background.shutdown(cancel_futures=True)
        self.client.close()

    def answer(self, request: Request) -> Answer:
        """Answer a request; an error becomes 500, as in every framework."""
        try:
            if not self.knows(request):
                return Answer(401)
            if request.method != self.method:
                return Answer(405)
            return self.take(request)
        except Exception:  # noqa: BLE001
            return Answer(500)

    def knows(self, request: Request) -> bool:
        """Say whether the sender knows the secret."""
        return request.query.get("token") == SECRET

    def take(self, request: Request) -> Answer:
        """Take a delivery."""
        try:
            document = self.read(request.body)
        except ValueError:
            return Answer(400)
        data, errors = document.get("data", []), document.get("errors", [])
        if not (data or errors) or not all(isinstance(each, dict) for each in [*data, *errors]):
            return Answer(400)
        return max([*map(self.note, errors), *map(self.keep, data)])

    def read(self, body: bytes) -> Json:
        """Read a body."""
        document = json.loads(body.decode())
        if not isinstance(document, dict) or not all(isinstance(each, list) for each in document_lists(document)):
            raise ValueError("it is no delivery")
        return document

    def keep(self, item: Json) -> Answer:
        """Keep a result."""
        with self.lock:
            self.results[item["videoUUID"]] = item
        self.background.submit(self.download, item["videoURL"])
        return OK

    def download(self, url: str) -> None:
        """Get a video."""
        with suppress(httpx.HTTPError):
            self.client.get(url)

    def note(self, error: Json) -> Answer:
        """Note a failure."""
        with self.lock:
            self.failed.add(error["taskUUID"])
        return OK


def document_lists(document: Json) -> list[Any]:
    """Return what stands in place of the two lists of a delivery."""
    return [document[name] for name in ("data", "errors") if name in document]


class Fails500AtDuplicates(Webhooks):
    """Has a unique index on videoUUID, and no thought of what follows."""

    breaks = "takes-duplicates"

    def keep(self, item: Json) -> Answer:
        if item["videoUUID"] in self.results:
            raise RuntimeError("duplicate key value violates unique constraint")
        return super().keep(item)


class Answers409ToDuplicates(Webhooks):
    """Tells the sender that it has the result already, by an error."""

    breaks = "takes-duplicates"

    def keep(self, item: Json) -> Answer:
        return Answer(409) if item["videoUUID"] in self.results else super().keep(item)


class RefusesUnknownMembers(Webhooks):
    """Has a strict schema."""

    breaks = "tolerates-unknown-members"
    known: ClassVar = {"taskType", "taskUUID", "videoUUID", "videoURL", "seed", "cost", "NSFWContent"}

    def keep(self, item: Json) -> Answer:
        return super().keep(item) if item.keys() <= self.known else Answer(422)


class DownloadsFirst(Webhooks):
    """Downloads the video before it answers."""

    breaks = "answers-before-downloading"
    deadline_s = 2.0

    def keep(self, item: Json) -> Answer:
        self.download(item["videoURL"])
        return super().keep(item)


class RedirectsToTheSlash(Webhooks):
    """Lives at the address with a slash at its end."""

    breaks = "redirects-nothing"

    def take(self, request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        return super().take(request) if path.endswith("/") else Answer(308, f"{path}/?{query}")


class WantsACharset(Webhooks):
    """Compares the whole of Content-Type with what its own tests send."""

    breaks = "takes-deliveries"

    def take(self, request: Request) -> Answer:
        is_known = request.headers["content-type"] == "application/json; charset=utf-8"
        return super().take(request) if is_known else Answer(415)


class KnowsItsTasksAlone(Webhooks):
    """Looks tasks up, and has never heard of this one."""

    breaks = "takes-deliveries"
    tasks: ClassVar[frozenset[str]] = frozenset({"24cd5dff-cb81-4db5-8506-b72a9425f9d1"})

    def keep(self, item: Json) -> Answer:
        return super().keep(item) if item["taskUUID"] in self.tasks else Answer(404)


class Takes100KB(Webhooks):
    """Keeps the limit for bodies that its framework came with."""

    breaks = "takes-large-bodies"
    most_bytes = 100 * 1024


class KnowsNoErrors(Webhooks):
    """Takes the first item under data."""

    breaks = "takes-failures"

    def read(self, body: bytes) -> Json:
        document = super().read(body)
        if "errors" in document and not document.get("data"):
            raise KeyError("data")
        return document


class ExpectsATextFromTheProvider(Webhooks):
    """Calls a method of texts on what the provider said."""

    breaks = "takes-failures"

    def note(self, error: Json) -> Answer:
        error.get("responseContent", "").strip()
        return super().note(error)


class HangsAtFailures(Webhooks):
    """Calls the service to have the failed task done again, and waits for it."""

    breaks = "takes-failures"
    deadline_s = 1.0

    def note(self, error: Json) -> Answer:
        self.over.wait()
        return super().note(error)


class HasSeedsOf32Bits(Webhooks):
    """Has a column of type integer."""

    breaks = "takes-every-number"

    def keep(self, item: Json) -> Answer:
        if not -(2**31) <= item["seed"] < 2**31:
            raise OverflowError("integer out of range")
        return super().keep(item)


class HasCostsInCents(Webhooks):
    """Refuses costs with more decimals than money has."""

    breaks = "takes-every-number"

    def keep(self, item: Json) -> Answer:
        cost = item.get("cost", 0)
        return super().keep(item) if abs(cost - round(cost, 4)) < 1e-15 else Answer(422)


class KnowsAsciiAlone(Webhooks):
    """Decodes bodies as ASCII."""

    breaks = "takes-every-text"

    def read(self, body: bytes) -> Json:
        if body.startswith(b"{"):
            body.decode("ascii")
        return super().read(body)


class HasTextsOf16Bits(Webhooks):
    """Keeps messages in a column that holds characters of three bytes at most."""

    breaks = "takes-every-text"

    def note(self, error: Json) -> Answer:
        if max(error["message"]) > "\uffff":
            raise ValueError("Incorrect string value")
        return super().note(error)


class IgnoresItsSecret(Webhooks):
    """Takes deliveries from everybody."""

    breaks = "checks-its-secret"

    def knows(self, request: Request) -> bool:
        return True


class LooksWhetherThereIsASecret(Webhooks):
    """Takes any secret for the right one."""

    breaks = "checks-its-secret"

    def knows(self, request: Request) -> bool:
        return "token" in request.query


class HasNoSecret(IgnoresItsSecret):
    """Has an address that is easily guessed."""

    breaks = "has-a-secret"
    query = ""


class ClosesTasksAtTheFirstResult(Webhooks):
    """Takes a task for done when its first result is there."""

    breaks = "takes-several-results"

    def keep(self, item: Json) -> Answer:
        tasks = {each["taskUUID"]: uuid for uuid, each in self.results.items()}
        is_other = tasks.get(item["taskUUID"], item["videoUUID"]) != item["videoUUID"]
        return Answer(409) if is_other else super().keep(item)


class ClosesTasksAtAFailure(Webhooks):
    """Takes a task for done when one of its results failed."""

    breaks = "takes-any-order"

    def keep(self, item: Json) -> Answer:
        return Answer(409) if item["taskUUID"] in self.failed else super().keep(item)


class ExpectsNoFailureAfterAResult(Webhooks):
    """Has no way from done to failed."""

    breaks = "takes-any-order"

    def note(self, error: Json) -> Answer:
        if error["taskUUID"] in {item["taskUUID"] for item in self.results.values()}:
            raise RuntimeError("no transition from done to failed")
        return super().note(error)


class ExpectsEitherDataOrErrors(Webhooks):
    """Takes a body with both for nonsense."""

    breaks = "takes-results-beside-errors"

    def read(self, body: bytes) -> Json:
        document = super().read(body)
        if document.get("data") and document.get("errors"):
            raise ValueError("either data or errors are expected")
        return document


class NeedsTheCost(Webhooks):
    """Adds up costs, also where there is none."""

    breaks = "takes-optional-members"
    sum_usd = 0.0

    def keep(self, item: Json) -> Answer:
        self.sum_usd += item["cost"]
        return super().keep(item)


class ServesOneAtATime(Webhooks):
    """Answers 503 while it is busy."""

    breaks = "takes-many-at-once"

    def __init__(self) -> None:
        super().__init__()
        self.busy = threading.Lock()

    def take(self, request: Request) -> Answer:
        return one_at_a_time(self.busy, self.over, super().take, request)


def one_at_a_time(
    busy: threading.Lock, over: threading.Event, take: Callable[[Request], Answer], request: Request
) -> Answer:
    """Take a request unless another one is being taken."""
    if not busy.acquire(blocking=False):
        return Answer(503)
    try:
        over.wait(MEANWHILE_S)
        return take(request)
    finally:
        busy.release()


class LooksFirstAndInsertsThen(Webhooks):
    """Looks whether the result is there, and inserts it if not."""

    breaks = "takes-duplicates-at-once"

    def keep(self, item: Json) -> Answer:
        if item["videoUUID"] in self.results:
            return OK
        self.over.wait(MEANWHILE_S)
        with self.lock:
            if item["videoUUID"] in self.results:
                raise RuntimeError("duplicate key value violates unique constraint")
            self.results[item["videoUUID"]] = item
        return OK


class FailsAtGarbage(Webhooks):
    """Lets errors of the parser through."""

    breaks = "survives-garbage"

    def take(self, request: Request) -> Answer:
        self.read(request.body)
        return super().take(request)


class HangsUpOnGarbage(Webhooks):
    """Ends the connection without a word."""

    breaks = "survives-garbage"

    def take(self, request: Request) -> Answer:
        answer = super().take(request)
        return Answer(0) if answer.status == 400 else answer


class NeverComesBack(Webhooks):
    """Holds on to what a broken request began."""

    breaks = "stays-up"
    is_stuck = False

    def answer(self, request: Request) -> Answer:
        self.is_stuck = self.is_stuck or not request.is_whole
        return Answer(503) if self.is_stuck else super().answer(request)


class RendersFirst(Webhooks):
    """Answers when all is done, which takes minutes."""

    breaks = "answers-in-time"
    deadline_s = 0.5

    def keep(self, item: Json) -> Answer:
        self.over.wait()
        return super().keep(item)


class HangsUp(Webhooks):
    """Ends the connection when it has the result."""

    breaks = "answers"

    def keep(self, item: Json) -> Answer:
        super().keep(item)
        return Answer(0)


class Uploads(Webhooks):
    """Takes uploads as it should: whoever shows the signature may put a file, and another one in its place."""

    method = "PUT"
    path = "/bucket/video.mp4"
    query = f"?X-Expires=900&X-Signature={quote_plus(SECRET)}"

    def __init__(self) -> None:
        super().__init__()
        self.files: list[tuple[str, int]] = []

    def knows(self, request: Request) -> bool:
        """Say whether the address is signed."""
        return request.query.get("X-Signature") == SECRET

    def take(self, request: Request) -> Answer:
        """Keep a file."""
        if not request.is_whole:
            return Answer(400)
        self.files.append((request.headers["content-type"], len(request.body)))
        return OK


class KeepsTheFirstFile(Uploads):
    """Puts a file only where there is none."""

    breaks = "takes-duplicates"

    def take(self, request: Request) -> Answer:
        return Answer(412) if self.files else super().take(request)


class TakesMP4Alone(Uploads):
    """Looks at the media type."""

    breaks = "takes-every-format"

    def take(self, request: Request) -> Answer:
        return super().take(request) if request.headers["content-type"] == "video/mp4" else Answer(415)


class Takes1MB(Uploads):
    """Stands behind a gateway with its usual limit."""

    breaks = "takes-large-bodies"
    most_bytes = 1024 * 1024


class IgnoresTheSignature(Uploads):
    """Lets everybody put files."""

    breaks = "checks-its-secret"

    def knows(self, request: Request) -> bool:
        return True


class SignsTheDecodedQuery(Uploads):
    """Compares the signature as it is written, after something before it decoded the query."""

    breaks = "takes-deliveries"

    def knows(self, request: Request) -> bool:
        return urlsplit(request.target).query.partition("X-Signature=")[2] == SECRET


class TakesPostAlone(Uploads):
    """Is a form."""

    breaks = "takes-deliveries"
    method = "POST"


class SendsToTheRegion(Uploads):
    """Redirects to where the bucket is."""

    breaks = "redirects-nothing"

    def take(self, request: Request) -> Answer:
        return Answer(307, "http://127.0.0.1:1/elsewhere")


class TakesOneFileAtATime(Uploads):
    """Answers 503 while it is busy."""

    breaks = "takes-many-at-once"

    def __init__(self) -> None:
        super().__init__()
        self.busy = threading.Lock()

    def take(self, request: Request) -> Answer:
        return one_at_a_time(self.busy, self.over, super().take, request)


class LocksTheFile(Uploads):
    """Keeps the lock on a file of which a part came."""

    breaks = "stays-up"
    is_locked = False

    def take(self, request: Request) -> Answer:
        self.is_locked = self.is_locked or not request.is_whole
        return Answer(423) if self.is_locked else super().take(request)


class TranscodesFirst(Uploads):
    """Answers when the file is transcoded."""

    breaks = "answers-in-time"
    deadline_s = 0.5

    def take(self, request: Request) -> Answer:
        self.over.wait()
        return OK


class IsOpenToAll(IgnoresTheSignature):
    """Has an address that is easily guessed."""

    breaks = "has-a-secret"
    query = ""


def _below(kind: type[Webhooks]) -> list[type[Webhooks]]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]


#: Every receiver with a mistake.
BAD = [kind for kind in _below(Webhooks) if kind.breaks]


class _Handler(BaseHTTPRequestHandler):
    """Hands requests to a receiver."""

    receiver: ClassVar[Webhooks]
    protocol_version = "HTTP/1.1"
    wbufsize = 1024 * 1024

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length > self.receiver.most_bytes:
            self.close_connection = True
            self._say(Answer(413))
            return
        body = b""
        with suppress(OSError):
            body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body, len(body) == length)
        answer = self.receiver.answer(request)
        if not answer.status or not request.is_whole:
            self.close_connection = True
            return
        self._say(answer)

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.location:
            self.send_header("Location", answer.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = _serve

    def handle(self) -> None:
        """Answer the requests of a connection that may break at any time."""
        with suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """End a connection that may have broken."""
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Threads(ThreadingHTTPServer):
    """Waits in the end for every connection, which the other side has closed by then."""

    daemon_threads = False
    request_queue_size = 64


@contextmanager
def listening(receiver: Webhooks) -> Iterator[str]:
    """Serve a receiver, and yield its address with its secret."""
    server = _Threads(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{receiver.path}{receiver.query}"
    finally:
        receiver.close()
        server.shutdown()
        thread.join()
        server.server_close()
