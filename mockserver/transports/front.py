"""The front door: which transport takes a connection. Stands before any framework, so the framework may come late."""

from collections.abc import Awaitable, Callable, Sequence

from mockserver.transports.asgi import App, Message, Receive, Scope, Send, route_path, send_answer
from mockserver.transports.files import METHODS, FileTransport
from mockserver.transports.http import HttpDesk, HttpTransport
from mockserver.transports.service import ServiceTransport
from mockserver.transports.spoilt import BrokenOff
from mockserver.transports.websocket import SocketTransport

#: Where tasks are handed in. Source: DOC-AUTH (stated) for /v1; official clients (observed) for the others: Go ones end
#: it with a slash, and the test setting of older ones names no path.
TASK_PATHS = frozenset({"/v1", "/v1/", "/", ""})

Close = Callable[[], Awaitable[None]]


class Front:
    """The whole mock as one raw ASGI application.

    Args:
        desk: answers what belongs to no transport.
        http, socket, files, service: the transports.
        others: takes every path that no transport knows, or None for an error.
        close: is awaited when the server stops.
    """

    def __init__(
        self,
        desk: HttpDesk,
        http: HttpTransport,
        socket: SocketTransport,
        files: FileTransport,
        service: ServiceTransport,
        others: App | None,
        close: Close,
    ) -> None:
        self._desk = desk
        self._http = http
        self._socket = socket
        self._files = files
        self._service = service
        self._others = others
        self._close = close

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
        if path in TASK_PATHS:
            return self._wrong_method("POST")
        return self._others or self._unknown

    async def _guarded(self, transport: App, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await transport(scope, receive, watched)
        except BrokenOff:
            raise
        except Exception:
            if has_begun:
                raise
            envelope = self._desk.fail()
            await send_answer(send, envelope.status, envelope.body)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if route_path(scope) in TASK_PATHS:
            await self._socket(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4404, "reason": "tasks are handed in at /v1"})

    def _wrong_method(self, allowed: str) -> App:
        async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
            reason = f"{scope['method']} was used, {allowed} is answered."
            envelope = self._desk.error("unsupportedMethod", reason)
            await send_answer(send, envelope.status, envelope.body, headers=[(b"allow", allowed.encode())])

        return answer

    async def _unknown(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        envelope = self._desk.error("routeNotFound", "tasks are handed in with POST /v1.")
        await send_answer(send, envelope.status, envelope.body)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _limited(transport: App, methods: Sequence[str], wrong_method: Callable[[str], App]) -> App:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        serve = transport if scope["method"] in methods else wrong_method(", ".join(methods))
        await serve(scope, receive, send)

    return answer
