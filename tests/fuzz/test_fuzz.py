"""The fuzz program at work: briefly, and at a server that fails."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.ways import WAYS


def test_nonsense_makes_the_mock_neither_fail_nor_hang_nor_end(capsys: pytest.CaptureFixture[str]) -> None:
    """A few hundred pieces of it, by every way: each is answered below 500 or ends its own connection alone."""
    status = main(["--requests", "300", "--seed", "7"])
    told = capsys.readouterr().out
    assert status == 0, told
    assert told.startswith("300 sent in ")
    assert "\n0 failed" in told
    assert all(f"  {way} " in told for way in WAYS), told


class Failing(BaseHTTPRequestHandler):
    """Fails at every body that begins with a bracket, and refuses all others."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"errors": []}).encode()
        self.send_response(500 if body[:1] == b"[" else 400)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def failing_server() -> Iterator[str]:
    """Serve what fails, and return its address."""
    with HTTPServer(("127.0.0.1", 0), Failing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_a_server_that_fails_is_told_with_the_bytes_and_makes_the_exit_status_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever reads the report can send the same bytes again."""
    with failing_server() as url:
        status = main(["--requests", "30", "--seed", "1", "--way", "http", "--url", url])
    told = capsys.readouterr().out
    assert status == 1
    assert "failed, each with its bytes:" in told
    assert "\n  http: 500: b'[" in told
