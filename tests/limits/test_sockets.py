"""What a WebSocket connection may cost, over real ones to a served mock.

These too are the tripwire for the non-public parts of uvicorn on which the guards stand.
"""

import json
import socket
import struct
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from mockserver import MockServer
from mockserver.transports.socket_guard import MOST_PIECES, MOST_UNREAD_BYTES

PING = '[{"taskType":"ping","ping":true}]'
PONG = '{"data":[{"taskType":"ping","pong":true}]}'
HANDSHAKE = (
    b"GET /v1 HTTP/1.1\r\nHost: mock.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
#: How long a test waits for what comes soon.
SOON_S = 30


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    """Serve a mock."""
    with MockServer() as served:
        yield served


def log_in(connection: ClientConnection, key: str = "a-key") -> str:
    """Show a key and return the answer."""
    connection.send(json.dumps([{"taskType": "authentication", "apiKey": key}]))
    return str(connection.recv(SOON_S))


def end_of(connection: ClientConnection) -> tuple[list[str], int | None]:
    """Read until the server closes; return what it said and the code with which it closed."""
    frames: list[str] = []
    try:
        while True:
            frames.append(str(connection.recv(SOON_S)))
    except ConnectionClosed as closed:
        return frames, closed.rcvd.code if closed.rcvd else None


def raw(mock: MockServer) -> socket.socket:
    """Open a WebSocket by hand, with small buffers."""
    connection = socket.create_connection((mock.mock.config.host, int(mock.base_url.rpartition(":")[2])), SOON_S)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(HANDSHAKE)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1)
    assert b" 101 " in answer
    return connection


def test_a_connection_without_a_key_is_closed() -> None:
    """Pings keep nobody in; a wrong key neither; who shows a good key in time stays."""
    with MockServer(login_seconds=0.5, api_key=("a-key",)) as mock:
        for key in (None, "another"):
            with connect(mock.ws_url, proxy=None) as connection:
                if key is None:
                    connection.send(PING)
                    assert connection.recv(SOON_S) == PONG
                else:
                    assert "invalidApiKey" in log_in(connection, key)
                frames, code = end_of(connection)
                (error,) = json.loads(frames[-1])["errors"]
                assert (error["code"], code) == ("requestTimeout", 1008)
                assert "within 0.5 seconds; the setting login-seconds allows more" in error["message"]
        with connect(mock.ws_url, proxy=None) as stays, connect(mock.ws_url, proxy=None) as leaves:
            log_in(stays)
            assert end_of(leaves)[1] == 1008
            stays.send(PING)
            assert stays.recv(SOON_S) == PONG


def test_a_client_that_has_said_goodbye_is_not_told_to_log_in() -> None:
    """Its farewell is answered, and nothing comes after that when the time for a key is over."""
    with MockServer(login_seconds=0.3) as mock, raw(mock) as connection:
        connection.sendall(Frame(Opcode.CLOSE, struct.pack(">H", 1000), True).serialize(mask=True))
        came = b""
        while piece := connection.recv(100):
            came += piece
        assert came == b"\x88\x02" + struct.pack(">H", 1000)


def test_what_is_no_frame_ends_the_connection(mock: MockServer) -> None:
    """With 1002, whether a key was shown or not."""
    with raw(mock) as connection:
        connection.sendall(b"\xff" * 20)
        assert connection.recv(4)[2:] == struct.pack(">H", 1002)


def test_a_client_that_pings_and_never_reads_is_cut(mock: MockServer) -> None:
    """What waits for it is bounded: the connection ends soon after the bound, and others do not notice."""
    ping = b"\x89\xfd" + bytes(4) + bytes(125)
    with raw(mock) as connection, connect(mock.ws_url, proxy=None) as other:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(ping * (40 * MOST_UNREAD_BYTES // len(ping)))
        assert "connectionSessionUUID" in log_in(other)


def test_a_client_that_pings_and_reads_stays(mock: MockServer) -> None:
    """Many pings are no offence."""
    with connect(mock.ws_url, proxy=None) as connection:
        for _ in range(200):
            assert connection.ping(bytes(125)).wait(SOON_S)
        assert "connectionSessionUUID" in log_in(connection)


def test_a_message_may_be_as_large_as_a_body() -> None:
    """The last byte is allowed, in one frame or in two; one more closes the connection with 1009."""
    with MockServer(max_body_bytes=1000) as mock, connect(mock.ws_url, proxy=None, max_size=None) as connection:
        connection.send(PING.ljust(1000))
        assert connection.recv(SOON_S) == PONG
        connection.send([PING.ljust(500), " " * 500])
        assert connection.recv(SOON_S) == PONG
        connection.send([PING.ljust(500), " " * 501])
        assert end_of(connection) == ([], 1009)


def test_a_message_may_not_come_in_pieces_without_end(mock: MockServer) -> None:
    """Empty pieces cost room too: their number is bounded."""
    piece = Frame(Opcode.CONT, b"", False).serialize(mask=True)
    with raw(mock) as connection:
        connection.sendall(Frame(Opcode.TEXT, b"", False).serialize(mask=True))
        connection.sendall(piece * (MOST_PIECES - 1))
        connection.sendall(Frame(Opcode.PING, b"still here", True).serialize(mask=True))
        assert connection.recv(12) == b"\x8a\x0astill here"
        connection.sendall(piece)
        answer = connection.recv(4)
        assert (answer[0], struct.unpack(">H", answer[2:4])[0]) == (0x88, 1009)


def test_a_text_message_that_is_no_utf_8_is_told_where(mock: MockServer) -> None:
    """The connection closes with 1007, as it must, and its last message says what was wrong."""
    with connect(mock.ws_url, proxy=None) as connection:
        log_in(connection)
        connection.send(b'[{"taskType":"\xff"}]', text=True)
        frames, code = end_of(connection)
        (error,) = json.loads(frames[0])["errors"]
        assert (error["code"], code, len(frames)) == ("invalidJSON", 1007, 1)
        assert "the bytes are not UTF-8 (line 1, column 15" in error["message"]


def test_a_binary_message_that_is_no_utf_8_is_answered(mock: MockServer) -> None:
    """Nothing says that it should be text: the connection lives on."""
    with connect(mock.ws_url, proxy=None) as connection:
        log_in(connection)
        connection.send(b'[{"taskType":"\xff"}]')
        assert "not UTF-8" in str(connection.recv(SOON_S))
        connection.send(PING)
        assert connection.recv(SOON_S) == PONG


def test_sockets_count_as_connections() -> None:
    """A WebSocket takes the place of an HTTP connection, and gives it back."""
    with MockServer(max_connections=2) as mock:
        port = int(mock.base_url.rpartition(":")[2])
        ask = f"POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PING)}\r\n\r\n{PING}".encode()
        mock.control.close()  # it has a connection of its own
        with (
            connect(mock.ws_url, proxy=None),
            connect(mock.ws_url, proxy=None),
            socket.create_connection(("127.0.0.1", port), SOON_S) as third,
        ):
            third.sendall(ask)
            assert b" 503 " in third.recv(1000)
        while True:
            with socket.create_connection(("127.0.0.1", port), SOON_S) as again:
                again.sendall(ask)
                if b" 503 " not in again.recv(1000):
                    break


def test_who_is_still_sending_can_read_why_it_was_refused(mock: MockServer) -> None:
    """A refusal is not lost to a reset: the server reads on for a moment, and throws it away."""
    port = int(mock.base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), SOON_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 2_000_000)
        answer = b""
        while piece := client.recv(4096):
            answer += piece
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"headersTooLarge" in answer
