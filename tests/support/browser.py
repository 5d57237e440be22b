"""A real browser for tests: Chromium without a window, driven by its own debugging protocol."""

import base64
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from websockets.sync.client import ClientConnection, connect

#: How long the browser may take for one thing, on a machine that is busy with other tests.
WITHIN_S = 60
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)


class Page:
    """A page of the browser.

    Args:
        line: connection to the page.

    Attributes:
        responses: what the page's requests were answered with, as the protocol tells it.
        complaints: what the browser wrote into its console, if its log is enabled.
    """

    def __init__(self, line: ClientConnection) -> None:
        self.responses: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self._line = line
        self._numbers = itertools.count(1)
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Have the browser do something and return what came of it."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        answer = self._wait_for("id", number)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def open(self, address: str) -> None:
        """Open an address and wait until the page and what belongs to it are there."""
        self.call("Page.navigate", url=address)
        self._wait_for("method", "Page.loadEventFired")

    def _wait_for(self, name: str, value: object) -> Any:
        while True:
            message = json.loads(self._line.recv(timeout=WITHIN_S))
            if message.get("method") == "Network.responseReceived":
                self.responses.append(message["params"]["response"])
            if message.get("method") == "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            if message.get(name) == value:
                return message

    def run(self, script: str) -> Any:
        """Run a script in the page, wait for its promise and return its value."""
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def screenshot(self, width_px: int, height_px: int) -> bytes:
        """Return the upper left part of the page as PNG."""
        clip = {"x": 0, "y": 0, "width": width_px, "height": height_px, "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", clip=clip)["data"])


@contextmanager
def browsing(width_px: int, height_px: int) -> Iterator[Page]:
    """Start a browser with an empty page, and end it afterwards.

    Args:
        width_px: width of the page.
        height_px: its height.
    """
    assert shutil.which("chromium"), "chromium is missing: install it, or run make test, which does"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        words = ["chromium", *FLAGS, f"--user-data-dir={home}", "about:blank"]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        reader = Thread(target=_drain, args=(process,))
        try:
            debugging = _debugging_address(process)
            reader.start()
            with connect(_page_address(debugging), max_size=None, proxy=None) as line:
                page = Page(line)
                size = {"width": width_px, "height": height_px}
                page.call("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)
                yield page
        finally:
            process.terminate()
            process.wait(WITHIN_S)
            if reader.ident:
                reader.join(WITHIN_S)
            assert process.stderr
            process.stderr.close()


def _debugging_address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"DevTools listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError(f"chromium did not start: {said}")


def _page_address(debugging: str) -> str:
    with connect(debugging, proxy=None) as line:
        line.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
        targets = json.loads(line.recv(timeout=WITHIN_S))["result"]["targetInfos"]
    [page] = [target["targetId"] for target in targets if target["type"] == "page"]
    return f"{debugging.partition('/devtools/')[0]}/devtools/page/{page}"


def _drain(process: "subprocess.Popen[str]") -> None:
    assert process.stderr
    for _ in process.stderr:
        pass


@contextmanager
def page_at(html: str) -> Iterator[str]:
    """Serve one page on a free port of 127.0.0.1, an origin of its own, and say at which address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = html.encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
