"""The proxy that tests put before a mock leaves nothing behind, or it would fail tests that come after it."""

import gc
import socket

from tests.support.proxy import proxied

ROUNDS = 40


def test_the_proxy_ends_every_connection_however_late_it_came() -> None:
    """A connection that is accepted while the proxy ends is closed like all others; one left open is a warning."""
    with socket.create_server(("127.0.0.1", 0), backlog=4 * ROUNDS) as mock:
        for late in range(ROUNDS):
            with proxied(*mock.getsockname()) as proxy:
                clients = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(1 + late % 3)]
            for client in clients:
                with client:
                    assert not _hears(client)
    gc.collect()


def _hears(client: socket.socket) -> bytes:
    """Return what a client hears before its connection ends."""
    client.settimeout(10)
    try:
        return client.recv(1)
    except ConnectionResetError:
        return b""
