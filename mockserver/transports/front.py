"""The front door: which transport takes a connection. Stands before any framework, so the framework may come late."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from mockserver.spec.wording import listed
from mockserver.tally import Tally
from mockserver.transports.asgi import App, Message, Receive, Scope, Send, route_path, send_answer
from mockserver.transports.control import ControlTransport
from mockserver.transports.files import METHODS, FileTransport
from mockserver.transports.http import HttpDesk, HttpTransport, Observe
from mockserver.transports.service import WATCHED, ServiceTransport
from mockserver.transports.spoilt import BrokenOff
from mockserver.transports.websocket import SocketTransport
from mockserver.wire import Envelope

#: Where tasks are handed in. Source: DOC-AUTH (stated) for /v1; official clients (observed) for the others: Go ones end
#: it with a slash, and the test setting of older ones names no path.
TASK_PATHS = frozenset({"/v1", "/v1/", "/", ""})

Step = Callable[[], Awaitable[None]]


class Front:
    """The whole mock as one raw ASGI application.

    Args:
        desk: answers what belongs to no transport.
        http, socket, files, service: the transports.
        control: the control API, or None where it is not served.
        others: takes every path that no transport knows, or None for an error.
        observe: is shown every request that hands in no tasks, or None; see `Observe`.
        begin: is awaited when the server starts.
        close: is awaited when it stops.
        tally: counts every request that hands in no tasks.
    """

    def __init__(
        self,
        desk: HttpDesk,
        http: HttpTransport,
        socket: SocketTransport,
        files: FileTransport,
        service: ServiceTransport,
        control: ControlTransport | None,
        others: App | None,
        observe: Observe | None,
        begin: Step,
        close: Step,
        tally: Tally,
    ) -> None:
        self._desk = desk
        self._http = http
        self._socket = socket
        self._files = files
        self._service = service
        self._control = control
        self._others = others
        self._observe = observe
        self._begin = begin
        self._close = close
        self._statuses = tally.statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            path = route_path(scope)
            if scope["method"] == "POST" and path in TASK_PATHS:
                await self._http(scope, receive, send)
            else:
                await self._guarded(self._route(path), scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._lifespan(receive, send)

    def _route(self, path: str) -> App:
        if FileTransport.knows(path):
            return _limited(self._files, METHODS, self._wrong_method)
        if ServiceTransport.knows(path):
            return _limited(self._service, ("GET", "HEAD"), self._wrong_method)
        if self._control is not None and ControlTransport.knows(path):
            return self._control
        if path in TASK_PATHS:
            return self._wrong_method("POST")
        return self._others or self._unknown

    async def _guarded(self, transport: App, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal has_begun
            if not has_begun:
                self._count(scope, message["status"], started)
            has_begun = True
            await send(message)

        try:
            await transport(scope, receive, watched)
        except BrokenOff:
            raise
        except asyncio.CancelledError:
            # The server ends, and does not wait for a video that is being rendered.
            if not has_begun:
                envelope = self._desk.error("serviceUnavailable", "")
                await send_answer(watched, envelope.status, envelope.body)
            raise
        except Exception:
            if has_begun:
                raise
            envelope = self._desk.fail()
            await send_answer(watched, envelope.status, envelope.body)

    def _count(self, scope: Scope, status: int, started: float) -> None:
        self._statuses[status] += 1
        # What is asked every few seconds would bury what people look for.
        if status >= 400 or route_path(scope) not in WATCHED:
            self._show(f"{scope['method']} {scope['path']}", status, started)

    def _show(self, target: str, status: int, started: float) -> None:
        if self._observe is not None:
            self._observe(target, status, (), (time.perf_counter() - started) * 1000)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if route_path(scope) in TASK_PATHS:
            await self._socket(scope, receive, send)
        else:
            await self._refuse_socket(scope, receive, send)

    async def _refuse_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a connection that is asked for where there is none: like any request, if the server can do that."""
        started = time.perf_counter()
        await receive()
        envelope = self._unknown_route()
        self._show(f"socket {scope['path']}", envelope.status, started)
        if "websocket.http.response" in scope.get("extensions", {}):
            await send_answer(send, envelope.status, envelope.body, kind="websocket.http.response")
        else:
            await send({"type": "websocket.close", "code": 4404, "reason": "tasks are handed in at /v1"})

    def _wrong_method(self, *allowed: str) -> App:
        async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
            are = "is" if len(allowed) == 1 else "are"
            reason = f"{scope['method']} was used, {listed(allowed, last='and')} {are} answered."
            envelope = self._desk.error("unsupportedMethod", reason)
            headers = [(b"allow", ", ".join(allowed).encode())]
            await send_answer(send, envelope.status, envelope.body, headers=headers)

        return answer

    async def _unknown(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        envelope = self._unknown_route()
        await send_answer(send, envelope.status, envelope.body)

    def _unknown_route(self) -> Envelope:
        return self._desk.error("routeNotFound", "tasks are handed in with POST /v1, or over WebSocket at /v1.")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._begin()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _limited(transport: App, methods: Sequence[str], wrong_method: Callable[..., App]) -> App:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        serve = transport if scope["method"] in methods else wrong_method(*methods)
        await serve(scope, receive, send)

    return answer
