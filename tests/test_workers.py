"""Several processes that serve one mock: what they need, and how their end is told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mockserver.config import BadSetting, MockConfig
from mockserver.output import Output
from mockserver.threaded import MockServer
from mockserver.workers import serve_with_workers
from tests.support.ports import free_port
from tests.support.processes import children, end

COMES_WITHIN_S = 60


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"state": "memory"}, "several workers need a state that they share; keep it in a file with --state FILE"),
        ({"state": "mock.db", "clock": 0.0}, "several workers cannot share a clock that is steered"),
    ],
)
def test_what_workers_cannot_share_is_told(settings: dict[str, object], told: str) -> None:
    """Before a port is taken or a process begun."""
    with pytest.raises(BadSetting, match=told):
        serve_with_workers(MockConfig(workers=2, **settings), Output(sys.stdout))  # type: ignore[arg-type]


def test_workers_that_cannot_begin_say_why(tmp_path: Path) -> None:
    """And the whole ends with the status of a bad setting, as one process does."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: 7\n")
    command = [sys.executable, "-m", "mockserver", "serve", "--workers", "2", "--port", "0", "--scenario", str(rules)]
    done = subprocess.run([*command, "--state", str(tmp_path / "mock.db")], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "rules.yaml" in done.stderr
    assert done.stderr.count("runware-mock:") == 1
    assert "Traceback" not in done.stderr


def test_workers_beside_a_mock_that_has_the_file_alone_end_at_once(tmp_path: Path) -> None:
    """However long it took to find that out: nobody takes their place, and it is told in one line what helps."""
    path = tmp_path / "mock.db"
    command = [sys.executable, "-m", "mockserver", "serve", "--workers", "2", "--port", "0", "--state", str(path)]
    with MockServer(state=str(path), clock=1):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMES_WITHIN_S)
    held = f"{path} is held by a mock without --workers: end that one, or begin both with --workers 2"
    assert (done.returncode, done.stderr) == (2, f"runware-mock: state: {held}\n")


@contextmanager
def two_workers(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve a mock with two workers, and give the process that looks after them and its port."""
    port = free_port()
    words = ["serve", "--workers", "2", "--port", str(port), "--log", "quiet", "--state", str(folder / "mock.db")]
    command = [sys.executable, "-m", "mockserver", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert "is ready" in process.stdout.readline()
            yield process, port
        finally:
            end(process, COMES_WITHIN_S)


def said(process: subprocess.Popen[str]) -> str:
    """Return the next line that it says on standard error."""
    assert process.stderr
    return process.stderr.readline()


def test_a_worker_that_dies_is_replaced_and_all_end_together(tmp_path: Path) -> None:
    """Requests are answered again; SIGTERM ends everybody in good order."""
    with two_workers(tmp_path) as (process, port):
        first = _two(process.pid)
        os.kill(min(first), signal.SIGKILL)
        assert said(process).endswith("ended with signal 9; another takes its place\n")
        assert _two(process.pid) != first
        assert httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
        process.terminate()
        assert process.wait(COMES_WITHIN_S) == 0


def test_counters_are_those_of_all_workers(tmp_path: Path) -> None:
    """They never go backwards: not when another one answers the next time, nor when one has died."""
    with two_workers(tmp_path) as (process, port):
        for _ in range(20):
            httpx.get(f"http://127.0.0.1:{port}/nowhere", timeout=COMES_WITHIN_S)
        _wait_until(lambda: _not_found(port) == 20)
        assert [_not_found(port) for _ in range(10)] == [20] * 10
        for killed in _two(process.pid):
            os.kill(killed, signal.SIGKILL)
            assert "another takes its place" in said(process)
        assert [_not_found(port) for _ in range(10)] == [20] * 10


def _not_found(port: int) -> float:
    """Return how many requests were answered with 404, as whoever is asked tells it."""
    page = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=COMES_WITHIN_S).text
    numbers = {
        sample.labels["status"]: sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "runware_mock_requests_total"
    }
    return numbers.get("404", 0)


def _two(process_id: int) -> set[int]:
    """Wait for two workers, and return them."""
    _wait_until(lambda: len(children(process_id)) == 2)
    return children(process_id)


def _wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for real processes to get so far."""
    until = time.monotonic() + COMES_WITHIN_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)
