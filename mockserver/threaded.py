"""A mock in a thread of a Python program, at a real port: for clients of any library, and programs in any language."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, Self

import uvicorn

from mockserver.app import Mock, make_mock
from mockserver.config import BadSetting, MockConfig, changed
from mockserver.remote import MockControl
from mockserver.scenario import BadScenario
from mockserver.serve import PortTaken, authority_of, server_config, take_port
from mockserver.spec.dialect import UnknownChoice
from mockserver.spec.problem import SchemaProblem

#: How long a server may take to begin and to end, in seconds.
PATIENCE_S = 30.0

#: Why a mock cannot be served as wanted: each says what is wrong and what helps.
UNUSABLE = (BadSetting, BadScenario, PortTaken, SchemaProblem, UnknownChoice)


class MockServer:
    """Serves a mock of its own from a free port of 127.0.0.1 while it is entered.

    Its time stands still and no log is printed unless the settings say otherwise: `control` moves the clock.

    Args:
        settings: what is set otherwise, as in `MockConfig`: `MockServer(speed=1, balance=0.5)`.

    Raises:
        BadSetting: a value cannot be used, or there is no such setting; what is found out only when the mock is put
            together and takes its port is raised when it is entered: see `UNUSABLE`.

    Attributes:
        base_url: scheme and authority, as in "http://127.0.0.1:40123".
        http_url: where tasks are handed in over HTTP.
        ws_url: where tasks are handed in over WebSocket.
        api_key: a key that is accepted.
        control: clock, rules and journal of this mock.
        mock: the mock, put together; it belongs to the thread that serves it.
    """

    #: What holds unless it is set otherwise.
    CONFIG: ClassVar = MockConfig(port=0, log="quiet", clock=0.0)

    base_url: str
    http_url: str
    ws_url: str
    api_key: str
    control: MockControl
    mock: Mock

    def __init__(self, **settings: Any) -> None:
        self._config = changed(self.CONFIG, settings)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise RuntimeError("this mock is served already; a second one at the same time is another MockServer")
        config = self._config
        self.mock = mock = make_mock(config)
        listener = take_port(config.host, config.port)
        host, port = listener.getsockname()[:2]
        mock.runtime.desk.outbound.own_ports.add(port)
        authority = authority_of(host, port)
        self.base_url = f"http://{authority}"
        self.http_url, self.ws_url = f"{self.base_url}/v1", f"ws://{authority}/v1"
        self.api_key = config.api_key[0] if config.api_key else "mock-key"
        self._server = _Server(mock.listening_at(host, port))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="runware-mock", daemon=True)
        self._thread.start()
        if not self._server.is_ready.wait(PATIENCE_S) or not self._server.started:
            self._end()
            raise RuntimeError(f"the mock did not begin to serve within {PATIENCE_S:g} s")
        self.control = MockControl(self.base_url, config.control_token)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.control.close()
        self._end()

    def _end(self) -> None:
        self._server.end()
        if self._thread is not None:
            self._thread.join(PATIENCE_S)
            self._thread = None

    @property
    def environment(self) -> dict[str, str]:
        """Addresses and key as variables for other programs: RUNWARE_HTTP_URL, RUNWARE_WS_URL and RUNWARE_API_KEY."""
        return {"RUNWARE_HTTP_URL": self.http_url, "RUNWARE_WS_URL": self.ws_url, "RUNWARE_API_KEY": self.api_key}


class _Server(uvicorn.Server):
    """A uvicorn server that tells another thread when it is ready, or has ended without being so."""

    def __init__(self, mock: Mock) -> None:
        super().__init__(server_config(mock, log_config=None))  # how the program logs is its own affair
        self.is_ready = threading.Event()
        self._is_over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """End in good order, soon. May be called from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # its loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._is_over.set)

    def run(self, sockets: Any = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.is_ready.set()

    async def startup(self, sockets: Any = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.is_ready.set()

    async def main_loop(self) -> None:
        """Serve until the end; uvicorn's own loop looks only ten times a second whether it has come."""
        await self._is_over.wait()

    async def shutdown(self, sockets: Any = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):  # of clients that still wait for an answer
            connection.transport.abort()
        await asyncio.sleep(0)
