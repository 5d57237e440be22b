"""The mock as a server process: take the port, say where it is, serve until told to stop."""

import asyncio
import errno
import gc
import logging
import math
import signal
import socket
import sys
import time
from asyncio import CancelledError
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import FrameType, MappingProxyType
from typing import Any, TextIO, cast

import uvicorn

from mockserver.app import Mock, server_app
from mockserver.config import MockConfig
from mockserver.log import as_object
from mockserver.output import Output
from mockserver.release import VERSION
from mockserver.state import MEMORY
from mockserver.transports.express import express_protocol
from mockserver.transports.lines import sockets_protocol

#: Requests make no cycles worth looking for often.
GC_THRESHOLDS = (50_000, 20, 100)
#: A server is at rest when no request came for so many seconds.
REST_S = 2.0
#: After so many requests, and entries dropped, memory is looked through at rest: it takes some hundredths of a second.
MOST_LEFT = 2000
#: How many connections may wait to be accepted.
BACKLOG = 2048


class PortTaken(Exception):
    """The address cannot be listened on.

    Attributes:
        host, port: the address.
        problem: what the system says.
        option: the option that would help.
    """

    def __init__(self, host: str, port: int, problem: str, option: str) -> None:
        super().__init__(host, port, problem, option)
        self.host = host
        self.port = port
        self.problem = problem
        self.option = option

    def __str__(self) -> str:
        return f"cannot listen on {self.host} port {self.port} ({self.problem}); choose another with {self.option}"


#: What the system says of a port that is taken, or not for everybody to take.
_OF_THE_PORT = frozenset({errno.EADDRINUSE, errno.EACCES})


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
        option = "--port" if problem.errno in _OF_THE_PORT and not isinstance(problem, socket.gaierror) else "--host"
        raise PortTaken(host, port, problem.strerror or str(problem), option) from problem
    return listener


#: One line for each official client that points it at a mock. Source: the clients' own code (observed).
CLIENT_LINES: Mapping[str, str] = MappingProxyType(
    {
        "Python, runware-sdk": 'Runware(api_key="{key}", http_base_url="{http}/v1", ws_base_url="{ws}/v1")',
        "Python, runware": 'Runware(api_key="{key}", url="{ws}/v1")',
        "Node, @runware/sdk-js": 'Runware.initialize({{ apiKey: "{key}", url: "{ws}/v1" }})',
        "Node, @runware/sdk": 'createClient({{ apiKey: "{key}", httpBaseUrl: "{http}/v1", wsBaseUrl: "{ws}/v1" }})',
        "ComfyUI-Runware": "RUNWARE_CUSTOM_ENDPOINT={ws}/v1   (with --profile compat)",
    }
)


def facts(mock: Mock, host: str, port: int) -> Mapping[str, Any]:
    """Return what there is to say of a mock that is ready.

    Args:
        mock: what is served.
        host: address it listens on.
        port: port it listens on.
    """
    authority = authority_of(host, port)
    config, chosen = mock.config, mock.spec.chosen
    usual = {**{name: each["default"] for name, each in _offered(mock).items()}, **_profile(mock)}
    return {
        "version": VERSION,
        "http": f"http://{authority}/v1",
        "websocket": f"ws://{authority}/v1",
        "docs": f"http://{authority}/docs",
        "host": host,
        "port": port,
        "models": [model.air for model in mock.spec.all_models],
        "profile": config.profile,
        "choices": {name: value for name, value in chosen.choices.items() if value != usual[name]},
        "speed": "instant" if math.isinf(config.speed) else config.speed,
        "clock": config.clock,
        "videos": mock.gallery.about,
        "state": mock.state.about,
        "workers": config.workers,
        "keys": len(config.api_key) or "any",
    }


#: Addresses that stand for all of a machine, and where it reaches itself then.
_LOCAL: Mapping[str, str] = MappingProxyType({str(IPv4Address(0)): "127.0.0.1", str(IPv6Address(0)): "::1"})


def authority_of(host: str, port: int) -> str:
    """Return how programs on this machine call who listens there, as in "127.0.0.1:8080"."""
    reachable = _LOCAL.get(host, host)
    return f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"


def _offered(mock: Mock) -> Mapping[str, Any]:
    choices: Mapping[str, Any] = mock.spec.documents["dialect.json"]["choices"]
    return choices


def _profile(mock: Mock) -> Mapping[str, str]:
    choices: Mapping[str, str] = mock.spec.documents["dialect.json"]["profiles"][mock.config.profile]["choices"]
    return choices


def warnings_for(config: MockConfig) -> Sequence[str]:
    """Return what a mock that others can reach leaves open to them, and what would close it."""
    if _is_loopback(config.host):
        return ()
    whom = f"everybody who reaches {config.host} port {config.port}"
    found = []
    if not config.api_key:
        found.append(
            f"{whom} may hand in tasks, with any key, and have this machine call the addresses in them that "
            "--allow-outbound opens, and its own; --api-key KEY lets in who has one"
        )
    if config.control and config.control_token is None:
        found.append(
            f"{whom} and names itself so in the Host header may control the mock and read its journal; "
            "--control-token TOKEN or --control off closes that"
        )
    return found


def warn(config: MockConfig, out: TextIO) -> None:
    """Say what is left open to others, apart from what programs read on standard output."""
    for warning in warnings_for(config):
        print(f"runware-mock: WARNING: {warning}", file=out, flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def banner(told: Mapping[str, Any]) -> str:
    """Return the block that is printed when the mock is ready, from the facts."""
    http, ws = (told[name].removesuffix("/v1") for name in ("http", "websocket"))
    differing = ", ".join(f"{name}={value}" for name, value in told["choices"].items())
    rows = {
        "HTTP": f"POST {told['http']}{_reach(told['host'])}",
        "WebSocket": told["websocket"],
        "Docs": told["docs"],
        "Models": ", ".join(told["models"]),
        "Profile": told["profile"] + (f", with {differing}" if differing else ""),
        "Speed": _speed(told["speed"]),
        **_clock(told),
        "Videos": told["videos"],
        "State": _state(told),
        "Keys": "any key that is not empty" if told["keys"] == "any" else f"{told['keys']} accepted",
    }
    key = "any" if told["keys"] == "any" else "<your key>"
    width = max(map(len, CLIENT_LINES))
    return "\n".join(
        [
            f"runware-mock {told['version']} is ready. Ctrl-C ends it.",
            "",
            *(f"  {name:<10} {value}" for name, value in rows.items()),
            "",
            *(f"  {name:<{width}}  {line.format(http=http, ws=ws, key=key)}" for name, line in CLIENT_LINES.items()),
            "",
        ]
    )


def _reach(host: str) -> str:
    return f"   (and at every other address of this machine: {host})" if host in _LOCAL else ""


def _clock(told: Mapping[str, Any]) -> dict[str, str]:
    """Return how time passes, where that is not as everywhere."""
    if told["clock"] == 1:
        return {}
    control = f"; {told['docs'].removesuffix('/docs')}/_mock moves it"
    return {"Clock": f"stands still{control}" if not told["clock"] else f"{told['clock']:g} times real time{control}"}


def _state(told: Mapping[str, Any]) -> str:
    """Return where the state is, and how many share it."""
    if told["state"] == MEMORY:
        return "in memory, gone when the mock ends"
    return f"{told['state']}, {told['workers']} workers" if told["workers"] > 1 else str(told["state"])


def _speed(speed: float | str) -> str:
    if isinstance(speed, str):
        return speed
    return "as the real service" if speed == 1 else f"{speed:g} times as fast as the real service"


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready, and ends when nobody can be told anything any more."""

    def __init__(self, config: uvicorn.Config, ready: str | None, out: Output, mock: Mock, line: int | None) -> None:
        super().__init__(config)
        self._readiness = mock.readiness
        self._tidy = mock.state.tidy
        self._tidying: asyncio.Task[None] | None = None
        self._ready = ready
        self._out = out
        self._line = line
        out.when_lost = self.end

    def end(self, *_: object) -> None:
        """End in good order, soon."""
        self._readiness.is_stopping = True
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal while serving."""
        self._readiness.is_stopping = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self._line is not None:
            asyncio.get_running_loop().add_reader(self._line, self.end)
        if not self.should_exit and self._ready is not None:
            print(self._ready, file=self._out, flush=True)
        self._tidying = asyncio.create_task(self._tidy_at_rest())

    async def _tidy_at_rest(self) -> None:
        """Let go of what has expired when nobody asks for anything, and of the memory that it took."""
        seen = left = 0
        while True:
            await asyncio.sleep(REST_S)
            if self.server_state.total_requests == seen:
                with suppress(Exception):  # of a store that is away; the next rest comes
                    left += self._tidy()
                if left > MOST_LEFT:
                    gc.collect()
                    _give_back()
                    left = 0
            else:
                left += self.server_state.total_requests - seen
                seen = self.server_state.total_requests

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        await super().shutdown(sockets)


def _give_back() -> None:
    """Give memory that is free back to the system, where its library can; what Python allots itself stays in pieces.

    Under `PYTHONMALLOC=malloc` Python allots nothing itself, and nearly all goes back.
    """
    with suppress(Exception):  # of systems that have no such function, or no way to call it
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)


def serve(mock: Mock, out: Output) -> int:
    """Serve a mock until Ctrl-C or SIGTERM.

    Args:
        mock: what is served; its settings say where.
        out: where the ready block goes; when nothing can be written there any more, serving ends.

    Returns:
        The exit status: 0, for an orderly end.

    Raises:
        PortTaken: the port cannot be listened on.
    """
    with take_port(mock.config.host, mock.config.port) as listener:
        return serve_on(listener, mock, out)


def serve_on(listener: socket.socket, mock: Mock, out: Output, line: int | None = None, is_silent: bool = False) -> int:
    """Serve a mock from a socket that listens.

    Args:
        listener: the socket.
        mock: what is served.
        out: where the ready block goes.
        line: a file descriptor that ends when nobody wants the mock any more, or None.
        is_silent: whether somebody else says that it is ready.

    Returns:
        The exit status.
    """
    host, port = listener.getsockname()[:2]
    mock.runtime.desk.outbound.own_ports.add(port)
    mock = mock.listening_at(host, port)
    told = facts(mock, host, port)
    ready = as_object("ready", time.time(), **told) if mock.config.log == "json" else banner(told)
    if not is_silent:
        warn(mock.config, sys.stderr)
    server = _Server(server_config(mock), None if is_silent else ready, out, mock, line)
    # uvicorn listens for signals from a moment on, ends in good order and raises them again: this takes the others.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, server.end)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        server.run(sockets=[listener])
    finally:
        mock.log.flush()
    return 0


def server_config(mock: Mock, **others: Any) -> uvicorn.Config:
    """Return how uvicorn serves a mock, and mute what it says of an ordinary end.

    Args:
        mock: what is served.
        others: further options of uvicorn.
    """
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    desk = mock.http_desk()
    return uvicorn.Config(
        server_app(mock),
        **others,
        access_log=False,
        log_level="warning",
        lifespan="on",
        http=express_protocol(desk),
        ws=sockets_protocol(desk),
        ws_max_size=mock.config.max_body_bytes,
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=cast("int", mock.config.grace_seconds),
        backlog=BACKLOG,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Say whether uvicorn has something to tell: that a held answer ends with the server is meant to be so."""
    is_cancelled = record.exc_info is not None and record.exc_info[0] is CancelledError
    return not (is_cancelled or record.getMessage().startswith("Cancel "))


__all__: Sequence[str] = (
    "PortTaken",
    "authority_of",
    "banner",
    "facts",
    "serve",
    "serve_on",
    "server_config",
    "take_port",
    "warn",
    "warnings_for",
)
