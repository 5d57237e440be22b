"""The mock as a server process: take the port, say where it is, serve until told to stop."""

import gc
import signal
import socket
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import uvicorn

from mockserver.app import Mock, server_app, version
from mockserver.output import Output
from mockserver.transports.express import express_protocol
from mockserver.transports.lines import BreakableSockets

#: How long open requests may take to end after Ctrl-C, in seconds.
GRACE_S = 1
#: Requests make no cycles worth looking for often.
GC_THRESHOLDS = (50_000, 20, 100)
#: How many connections may wait to be accepted.
BACKLOG = 2048


class PortTaken(Exception):
    """The address cannot be listened on.

    Attributes:
        host, port: the address.
        problem: what the system says.
    """

    def __init__(self, host: str, port: int, problem: str) -> None:
        super().__init__(host, port, problem)
        self.host = host
        self.port = port
        self.problem = problem

    def __str__(self) -> str:
        return f"cannot listen on {self.host} port {self.port} ({self.problem}); choose another with --port"


def take_port(host: str, port: int) -> socket.socket:
    """Listen on an address.

    Args:
        host: address or name.
        port: port; 0 takes a free one.

    Raises:
        PortTaken: it is in use, not ours to take, or no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as problem:
        raise PortTaken(host, port, problem.strerror or str(problem)) from problem
    return listener


#: One line for each official client that points it at a mock. Source: the clients' own code (observed).
CLIENT_LINES: Mapping[str, str] = MappingProxyType(
    {
        "Python, runware-sdk": 'Runware(api_key="any", http_base_url="{http}/v1", ws_base_url="{ws}/v1")',
        "Python, runware": 'Runware(api_key="any", url="{ws}/v1")',
        "Node, @runware/sdk-js": 'Runware.initialize({{ apiKey: "any", url: "{ws}/v1" }})',
        "Node, @runware/sdk": 'createClient({{ apiKey: "any", httpBaseUrl: "{http}/v1", wsBaseUrl: "{ws}/v1" }})',
        "ComfyUI-Runware": "RUNWARE_CUSTOM_ENDPOINT={ws}/v1   (with --profile compat)",
    }
)


def banner(mock: Mock, host: str, port: int) -> str:
    """Return the block that is printed when the mock is ready.

    Args:
        mock: what is served.
        host: address it listens on.
        port: port it listens on.
    """
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    http, ws = f"http://{authority}", f"ws://{authority}"
    config = mock.config
    differing = ", ".join(f"{name}={value}" for name, value in config.choices.items())
    rows = {
        "HTTP": f"POST {http}/v1",
        "WebSocket": f"{ws}/v1",
        "Docs": f"{http}/docs",
        "Models": ", ".join(model.air for model in mock.spec.all_models),
        "Profile": config.profile + (f", with {differing}" if differing else ""),
        "Speed": "instant" if config.speed == float("inf") else f"{config.speed:g} times the real service",
        "Keys": f"{len(config.api_key)} accepted" if config.api_key else "any key that is not empty",
    }
    width = max(map(len, CLIENT_LINES))
    return "\n".join(
        [
            f"runware-mock {version()} is ready. Ctrl-C ends it.",
            "",
            *(f"  {name:<10} {value}" for name, value in rows.items()),
            "",
            *(f"  {name:<{width}}  {line.format(http=http, ws=ws)}" for name, line in CLIENT_LINES.items()),
            "",
        ]
    )


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready, and ends when nobody can be told anything any more."""

    def __init__(self, config: uvicorn.Config, ready: str, out: Output) -> None:
        super().__init__(config)
        self._ready = ready
        self._out = out
        out.when_lost = self._end

    def _end(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        print(self._ready, file=self._out, flush=True)


def serve(mock: Mock, out: Output) -> int:
    """Serve a mock until Ctrl-C or SIGTERM.

    Args:
        mock: what is served; its settings say where.
        out: where the ready block goes; when nothing can be written there any more, serving ends.

    Returns:
        The exit status, 0 for an orderly end.

    Raises:
        PortTaken: the port cannot be listened on.
    """
    listener = take_port(mock.config.host, mock.config.port)
    host, port = listener.getsockname()[:2]
    mock.runtime.desk.outbound.own_ports.add(port)
    mock = mock.listening_at(host, port)
    # uvicorn ends in good order at a signal and then raises it again, for whoever it meant besides: nobody here.
    signal.signal(signal.SIGTERM, _do_nothing)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        _Server(server_config(mock), banner(mock, host, port), out).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        mock.log.flush()
        listener.close()
    return 0


def server_config(mock: Mock) -> uvicorn.Config:
    """Return how uvicorn serves a mock."""
    return uvicorn.Config(
        server_app(mock),
        access_log=False,
        log_level="warning",
        lifespan="on",
        http=express_protocol(mock.http_desk()),
        ws=BreakableSockets,
        ws_max_size=mock.config.max_body_bytes,
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
    )


def _do_nothing(*_: object) -> None:
    """Take a signal that was acted on already."""


__all__: Sequence[str] = ("PortTaken", "banner", "serve", "take_port")
