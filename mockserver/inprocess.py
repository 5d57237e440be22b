"""The mock inside a Python program: httpx clients reach it at the real addresses, and nothing leaves the process.

respx answers clients of httpx, and of httpx2 where that is installed. Other libraries, and programs in other languages,
use `runware-mock serve`.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from threading import RLock
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

import httpx
import respx
from respx.mocks import HTTPCoreMocker, Mocker

from mockserver.adapters.clocks import ReadClock
from mockserver.adapters.couriers import Outbox
from mockserver.answered import CORE, Answered, core_of, through
from mockserver.app import Mock, make_mock
from mockserver.config import MockConfig
from mockserver.faults.base import Outgoing
from mockserver.log import at_once, make_log
from mockserver.ports import Clock
from mockserver.remote import MockControl
from mockserver.transports.front import TASK_PATHS
from mockserver.transports.spoilt import play
from mockserver.wire import Envelope

T = TypeVar("T")

#: Where the real service lives. Source: the documentation of connections and of the schema service (stated).
HOSTS = ("api.runware.ai", "schemas.runware.ai")
#: How often an answer that waits for results is looked at, in seconds.
LOOK_EVERY_S = 0.01


class MockRunware:
    """Answers clients of httpx and httpx2 while it is entered, with `with` or `async with`.

    Other hosts than its own are refused, so that nothing leaves the process. Of several that are entered the innermost
    answers. What it knows stays between one entering and the next. May be used by several threads at once.

    Args:
        config: settings; all defaults unless given, and no log.
        clock: its time, for example a `ManualClock`; real time unless given.
        hosts: host names that it answers.

    Attributes:
        mock: the mock, put together.
        router: the respx router; more routes may be added to it.
        outbox: keeps the uploads and webhooks that would have been sent.
        control: clock, where it is a `ManualClock`, rules and journal, as with a mock that is served.
    """

    def __init__(
        self,
        config: MockConfig | None = None,
        clock: Clock | None = None,
        hosts: Sequence[str] = HOSTS,
    ) -> None:
        self.outbox = Outbox()
        self._clock = clock or ReadClock()
        config = config or MockConfig(log="quiet")
        log = make_log(config.log, later=at_once)
        self.mock: Mock = make_mock(config, self._clock, self.outbox, log, is_inline=True)
        self._desk = self.mock.http_desk()
        self._front = self.mock.front(None)
        self._lock = RLock()
        self.control = MockControl("http://localhost", config.control_token, transport=httpx.MockTransport(self.answer))
        self.router: respx.MockRouter = _Router(assert_all_called=False)
        for host in hosts:
            self.router.route(host=host).mock(side_effect=self.answer)

    def __enter__(self) -> Self:
        self.router.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.router.stop(quiet=problem is not None)
        self.mock.gallery.close()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, problem, trace)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, as the mock would over the network."""
        with self._lock:
            if isinstance(self._clock, ReadClock):
                self._clock.catch_up()
            if request.method == "POST" and request.url.path in TASK_PATHS:
                return self._post(request)
            return _run(self._watched(request, through(self._front, request)))

    def _post(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.raw}
        headers[b"host"] = request.url.netloc
        body = request.read()
        head = self._desk.read_head(headers, request.url.scheme, "", request.url.path)
        answer = self._desk.answer(head, body) if len(body) <= self._desk.max_bytes else self._desk.too_large(head)
        if not isinstance(answer, Envelope):
            return _run(self._watched(request, self._later(request, answer)))
        return _whole(answer)

    async def _later(self, request: httpx.Request, answer: Awaitable[Envelope | Outgoing]) -> httpx.Response:
        made = await answer
        if isinstance(made, Envelope):
            return _whole(made)
        answered = Answered(core_of(request))
        await answered.gather(play(made, answered.send, answered, self._desk.pause))
        return answered.response()

    async def _watched(self, request: httpx.Request, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something while time goes on, for as long as the client does."""
        limit_s = request.extensions.get("timeout", {}).get("read")
        waiting = asyncio.ensure_future(work)
        until_s = math.inf if limit_s is None else time.monotonic() + limit_s
        while not waiting.done():
            if time.monotonic() >= until_s:
                waiting.cancel()
                raise core_of(request).ReadTimeout("The read operation timed out")
            if isinstance(self._clock, ReadClock):
                self._clock.catch_up()
            await asyncio.wait([waiting], timeout=LOOK_EVERY_S)
        return waiting.result()


def _whole(envelope: Envelope) -> httpx.Response:
    return httpx.Response(envelope.status, content=envelope.body, headers={"content-type": "application/json"})


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, whether or not an event loop runs in this thread already."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


class _Router(respx.MockRouter):
    """A router for the clients of every library that is installed. The one started last is asked first."""

    def start(self) -> None:
        """Begin to answer."""
        super().start()
        for mocker in _mockers():
            mocker.unregister(self)
            mocker.routers.insert(0, self)
            mocker.start()

    def stop(self, clear: bool = True, reset: bool = True, quiet: bool = False) -> None:
        """Answer no more."""
        super().stop(clear, reset, quiet)
        for mocker in _mockers():
            mocker.unregister(self)
            mocker.stop()


@cache
def _mockers() -> Sequence[type[Mocker]]:
    """Return what respx answers with, for each client library: httpx and, where it is installed, httpx2."""
    if find_spec("httpcore2") is None:
        return (HTTPCoreMocker,)
    import httpcore2

    class HTTPCore2Mocker(HTTPCoreMocker):
        """The same hooks in a package of another name."""

        name = "httpcore2"
        targets: ClassVar = [target.replace("httpcore.", "httpcore2.") for target in HTTPCoreMocker.targets]

        @classmethod
        def to_httpx_request(cls, **named: Any) -> httpx.Request:
            convert: Callable[..., httpx.Request] = HTTPCoreMocker.to_httpx_request
            request = convert(**named)
            request.extensions = {**request.extensions, CORE: httpcore2}
            return request

        @classmethod
        def from_sync_httpx_response(cls, httpx_response: httpx.Response, *_: Any, **_named: Any) -> Any:
            return httpcore2.Response(
                status=httpx_response.status_code,
                headers=httpx_response.headers.raw,
                content=httpx_response.read(),
                extensions=httpx_response.extensions,
            )

        @classmethod
        async def from_async_httpx_response(cls, httpx_response: httpx.Response, *_: Any, **_named: Any) -> Any:
            return cls.from_sync_httpx_response(httpx_response)

    return (HTTPCoreMocker, HTTPCore2Mocker)
