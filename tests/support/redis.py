"""A Redis server of the tests' own: on a free port of 127.0.0.1, with nothing on disk."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port
from tests.support.processes import end

READY_WITHIN_S = 60


@dataclass
class RedisServer:
    """A server that can be stopped and started anew on its port, empty.

    Attributes:
        port: where it listens.
        process: the process, or None while it is stopped.
    """

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        """Return the address of one of its databases."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.port = self.port or free_port()
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [*words, "--dir", str(self.folder), "--databases", "64"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_s = time.monotonic() + READY_WITHIN_S
        while not listens(self.port):
            assert self.process.poll() is None, "redis-server ended"
            assert time.monotonic() < until_s, "redis-server does not listen"
            time.sleep(0.01)

    def stop(self) -> None:
        """End it, and all that it knew."""
        if self.process is not None:
            end(self.process, READY_WITHIN_S)
            self.process = None


def listens(port: int) -> bool:
    """Say whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Run a server, and end it, and only it."""
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
