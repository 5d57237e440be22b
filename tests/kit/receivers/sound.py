"""Sound receivers of webhooks and uploads, and how any receiver is served on 127.0.0.1."""

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
STATE = "/state"
#: How long somebody who does two things at a time waits for the other, in seconds.
MEANWHILE_S = 0.2
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
    text: str = ""


OK = Answer(200)


class Webhooks:
    """Takes webhooks as it should: keeps each result once, answers at once, downloads afterwards."""

    #: The duty that it breaks, where there is one.
    breaks: ClassVar[str] = ""
    #: Whether it shows what it keeps, at an address of its own.
    shows: ClassVar[bool] = False
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
        self.client = httpx.Client(trust_env=False)

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

    def state(self) -> str:
        """Say what it keeps."""
        with self.lock:
            return json.dumps([sorted(self.results), sorted(self.failed)])

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
        self.send_header("Content-Length", str(len(answer.text.encode())))
        self.end_headers()
        self.wfile.write(answer.text.encode())

    def do_GET(self) -> None:
        """Show what is kept."""
        self._say(Answer(200, text=self.receiver.state()) if self.path == STATE else Answer(404))

    def do_POST(self) -> None:
        """Answer a webhook."""
        self._serve()

    def do_PUT(self) -> None:
        """Answer an upload."""
        self._serve()

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
