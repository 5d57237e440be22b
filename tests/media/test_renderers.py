"""The processes that render: started when needed, out of the way, and never left behind."""

import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from pathlib import Path
from queue import SimpleQueue

import pytest

from mockserver.media.orders import FIRST, LAST, Order
from mockserver.media.renderers import Inline, Processes, Render, RenderingFailed
from mockserver.media.worker import NICENESS, Wanted, read_order, work, write_order
from tests.support.clips import order
from tests.support.processes import children, command

ROOT = Path(__file__).parent.parent.parent
SMALL = order(width_px=64, height_px=48, duration_s=0.2)
ENDS_WITHIN_S = 20


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Renderers that are let go in the end."""
    renderers = Processes()
    yield renderers
    renderers.close()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for other processes; fails after a while."""
    deadline = time.monotonic() + ENDS_WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline
        os.sched_yield()


def begin(
    processes: Processes | Inline, wanted: Order, path: Path, pictures: Mapping[str, bytes] | None = None
) -> Future[Path]:
    """Have an order rendered."""

    def job(render: Render) -> Path:
        render(wanted, pictures or {}, path)
        return path

    return processes.carry_out(job)


def test_processes_render_what_this_one_would(processes: Processes, tmp_path: Path) -> None:
    """Orders, pictures and texts of all kinds go there whole; the bytes are the same in every process."""
    picture = (ROOT / "mockserver/media/clips/1366x768-6s.mp4").read_bytes()
    assert begin(processes, SMALL, tmp_path / "one").result().stat().st_size > 500
    with pytest.raises(RenderingFailed, match="UnidentifiedImageError"):
        begin(processes, order(pictures=((FIRST, "x"),)), tmp_path / "bad", {"x": picture}).result()
    wanted = order(width_px=64, height_px=48, duration_s=0.2, prompt='灯台 "\n', number=2, results=3)
    there, here = (begin(each, wanted, tmp_path / type(each).__name__).result() for each in (processes, Inline()))
    assert there.read_bytes() == here.read_bytes()


def test_processes_are_started_when_they_are_needed_and_give_way(processes: Processes, tmp_path: Path) -> None:
    """None runs before the first order; then it has a low priority, and the next order finds it there."""
    before = children()
    begin(processes, SMALL, tmp_path / "one").result()
    [started] = children() - before
    assert "mockserver.media.worker" in command(started)
    assert os.getpriority(os.PRIO_PROCESS, started) == os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
    begin(processes, SMALL, tmp_path / "two").result()
    assert children() - before == {started}
    processes.close()
    assert children() == before


def test_a_process_that_was_killed_is_replaced(processes: Processes, tmp_path: Path) -> None:
    """Whoever kills a renderer that has nothing to do costs the next order a start, not its file."""
    before = children()
    begin(processes, SMALL, tmp_path / "one").result()
    [started] = children() - before
    os.kill(started, signal.SIGKILL)
    assert begin(processes, SMALL, tmp_path / "two").result().is_file()
    assert started not in children()


def test_an_order_that_kills_its_renderers_fails(processes: Processes, tmp_path: Path) -> None:
    """After a second process has ended over it the order is given up."""
    before = children()
    begin(processes, SMALL, tmp_path / "one").result()
    endless = begin(processes, order(duration_s=100_000.0), tmp_path / "long")
    killed: set[int] = set()

    def is_given_up() -> bool:
        for started in children() - before - killed:
            if "mockserver.media.worker" in command(started):
                os.kill(started, signal.SIGKILL)
                killed.add(started)
        return endless.done()

    until(is_given_up)
    with pytest.raises(RenderingFailed, match="ended before it was done"):
        endless.result(0)
    assert len(killed) == 2


def test_closing_ends_what_is_under_way_and_cancels_what_waits(processes: Processes, tmp_path: Path) -> None:
    """Nobody waits for a film when the mock stops."""
    before = children()
    renderings = [begin(processes, order(duration_s=100_000.0, seed=seed), tmp_path / str(seed)) for seed in range(9)]
    until(lambda: children() != before)
    processes.close()
    for rendering in renderings:
        with pytest.raises((CancelledError, RenderingFailed)):
            rendering.result(0)
    assert children() == before


PROGRAM = """
import sys
from pathlib import Path
from queue import SimpleQueue
from mockserver.media.renderers import Processes
from tests.support.clips import order
from tests.support.processes import children, command

print("main")
folder = Path(sys.argv[1])
processes = Processes()
processes.carry_out(lambda render: render(order(width_px=64, height_px=48, duration_s=0.2), {}, folder / "one")).result()
endless = processes.carry_out(lambda render: render(order(duration_s=100_000.0), {}, folder / "long"))
print("ready", flush=True)
endless.result()
"""


def test_no_process_outlives_a_mock_that_was_killed(tmp_path: Path) -> None:
    """Even kill -9 leaves nothing behind; and the program of the mock's user is not run again by renderers."""
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, str(tmp_path / "program.py"), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout
        assert [program.stdout.readline() for _ in range(2)] == ["main\n", "ready\n"]
        handles = [os.pidfd_open(each) for each in children(program.pid)]
        assert handles
        film = tmp_path / "long"
        until(lambda: film.exists() and film.stat().st_size > 0)
        program.kill()
        ended = [pidfd for pidfd in handles if select.select([pidfd], [], [], ENDS_WITHIN_S)[0]]
    assert ended == handles


def test_orders_arrive_whole_whatever_they_hold() -> None:
    """What is written to a renderer is what it reads; several in a row are told apart, and the end is noticed."""
    wanted = [
        Wanted(
            order(prompt='"\n灯台\ud83d', pictures=((FIRST, "x"), (LAST, "y"))), {"x": b"\n\0{", "y": b""}, Path("a")
        ),
        Wanted(SMALL, {}, Path("b c")),
    ]
    line = io.BytesIO()
    for each in wanted:
        write_order(line, each)
    line.seek(0)
    assert [read_order(line) for _ in range(3)] == [*wanted, None]


def test_a_renderer_that_is_left_alone_ends(tmp_path: Path) -> None:
    """It renders what is there, tells of each order, and waits no longer than its patience."""
    orders: SimpleQueue[Wanted] = SimpleQueue()
    orders.put(Wanted(SMALL, {}, tmp_path / "one"))
    orders.put(Wanted(order(width_px=64, height_px=48, duration_s=0.2, output_format="AVI"), {}, tmp_path / "two"))
    out = io.BytesIO()
    work(orders, out, patience_s=0)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == ["", "KeyError: 'AVI'"]
    assert (tmp_path / "one").is_file()


def test_a_renderer_that_has_waited_long_enough_ends_without_a_word() -> None:
    """What ends by itself while its mock lives leaves no message in the terminal of the mock."""
    program = "from mockserver.media.worker import main; main(patience_s=0)"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        assert (process.stdout.read(), process.stderr.read(), process.wait()) == (b"", b"", 0)
