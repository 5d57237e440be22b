"""Videos: how long one takes and how large it is, and what polls feel of others being rendered."""

import http.client
import itertools
import json
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any

from tests.bench.load import HTTP, NoAnswer, Tally
from tests.bench.measures import INSTANT, Plan, Stage, WrongAnswers, hand_in, ratios
from tests.bench.report import Row, Target, spread
from tests.bench.servers import Cores, Server
from tests.bench.traffic import TASK, polls, uuid_of

FORMATS = ("MP4", "MOV", "WEBM")
#: Size and how much CPU time a video of it may take, in seconds.
SIZES = {(1366, 768): Target(0.6), (1920, 1080): Target(1.2)}
#: How many videos are rendered while polls are timed.
AT_ONCE = 4
#: How many polls are timed while nothing is rendered.
IDLE_POLLS = 4000
#: How long a video may take on a machine that is busy with other things, in seconds.
PATIENCE_S = 60
RECEIVE_BYTES = 1 << 20

_NUMBERS = itertools.count(1_000_000)


def measure_videos(plan: Plan, cores: Cores) -> list[Row]:
    """Return how long videos take, the first and any other, and what polls feel of it."""
    with Stage(cores) as stage:
        server = stage.mock("--media", "rendered", "--log", "quiet", *INSTANT)
        begun_at = time.perf_counter()
        download(server, video(server, "MP4", (1366, 768)))
        rows = [Row("first video, with the start of what renders", "s", spread([time.perf_counter() - begun_at]))]
        for output_format, (size, target) in itertools.product(FORMATS, SIZES.items()):
            rows += measure_format(server, plan.rounds, output_format, size, target)
        return [*rows, *measure_polls(server, plan.rounds)]


def measure_format(
    server: Server, rounds: int, output_format: str, size: tuple[int, int], target: Target
) -> Iterator[Row]:
    """Yield what videos of one format and size take."""
    cold_s, cpu_s, cached_ms, sizes_kib = [], [], [], []
    for _ in range(rounds):
        address, before_s = video(server, output_format, size), server.renderers_cpu_s()
        seconds, size_bytes = download(server, address)
        cpu_s.append(server.renderers_cpu_s() - before_s)
        cold_s.append(seconds)
        sizes_kib.append(size_bytes / 1024)
        cached_ms.append(download(server, address)[0] * 1000)
    name = f"{output_format} {size[0]}×{size[1]}"
    yield Row(f"{name}, rendered", "s", spread(cold_s))
    yield Row(f"{name}, rendered, CPU", "s", spread(cpu_s), target=target)
    yield Row(f"{name}, cached", "ms", spread(cached_ms))
    yield Row(f"{name}, size", "KiB", spread(sizes_kib))


def measure_polls(server: Server, rounds: int) -> list[Row]:
    """Return how long the slowest hundredth of polls takes, alone and while videos are rendered."""
    hand_in(server, 1)
    idle_us, busy_us = [], []
    for _ in range(rounds):
        addresses = [video(server, "MP4", (1920, 1080)) for _ in range(AT_ONCE)]
        idle_us.append(p99_us(timed_polls(server, ())))
        with ExitStack() as stack:
            waiting = [stack.enter_context(closing(asked(server, address))) for address in addresses]
            busy_us.append(p99_us(timed_polls(server, waiting)))
    during = f"poll, slowest hundredth, during {AT_ONCE} renderings"
    return [
        Row("poll, slowest hundredth", "µs", spread(idle_us)),
        Row(during, "µs", spread(busy_us), ratios(busy_us, idle_us), target=Target(3.0)),
    ]


def p99_us(waits_s: list[float]) -> float:
    """Return what 99 of 100 waits do not exceed, in microseconds."""
    return sorted(waits_s)[len(waits_s) * 99 // 100] * 1e6


def timed_polls(server: Server, waiting: Sequence[socket.socket]) -> list[float]:
    """Poll one request at a time and return how long each took, in seconds.

    Args:
        server: who is asked.
        waiting: connections on which answers are owed; it goes on until all have begun. If empty, for so many polls.
    """
    [ask] = itertools.islice(polls(uuid_of(0), b'"videoURL":"http://'), 1)
    waits_s: list[float] = []
    tally = Tally()
    with closing(HTTP.connect(server.port)) as line:
        line.setblocking(False)
        while len(waits_s) < IDLE_POLLS or len(select.select(waiting, (), (), 0)[0]) < len(waiting):
            begun_at = time.perf_counter()
            line.sendall(ask.request)
            came = b""
            while not 0 < HTTP.size_of(came) <= len(came):
                came += _receive(line, begun_at)
            waits_s.append(time.perf_counter() - begun_at)
            tally.take(ask, came)
    if tally.wrong:
        raise WrongAnswers("polls during renderings", tally)
    return waits_s


def _receive(line: socket.socket, begun_at: float) -> bytes:
    """Return what came, which may be nothing. Never sleeps, like the load generator."""
    try:
        more = line.recv(RECEIVE_BYTES)
    except BlockingIOError:
        if time.perf_counter() - begun_at > PATIENCE_S:
            raise NoAnswer(f"no answer to a poll within {PATIENCE_S} seconds") from None
        return b""
    if not more:
        raise NoAnswer("the server closed a connection")
    return more


def video(server: Server, output_format: str, size: tuple[int, int]) -> str:
    """Hand in a task and return the path of its video, which is not rendered yet."""
    uuid = uuid_of(next(_NUMBERS))
    _ask(server, {**TASK, "taskUUID": uuid, "width": size[0], "height": size[1], "outputFormat": output_format})
    [item] = _ask(server, {"taskType": "getResponse", "taskUUID": uuid})
    return "/" + str(item["videoURL"]).split("/", 3)[3]


def _ask(server: Server, task: dict[str, Any]) -> Any:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)) as line:
        headers = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
        line.request("POST", "/v1", json.dumps([task]), headers)
        return json.loads(line.getresponse().read())["data"]


def download(server: Server, path: str) -> tuple[float, int]:
    """Return how many seconds a download takes from request to last byte, and how many bytes it has."""
    begun_at = time.perf_counter()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)) as line:
        line.request("GET", path)
        answer = line.getresponse()
        size_bytes = len(answer.read())
    if answer.status != 200 or not size_bytes:
        raise NoAnswer(f"{path} is answered with {answer.status}")
    return time.perf_counter() - begun_at, size_bytes


def asked(server: Server, path: str) -> socket.socket:
    """Ask for a video on a connection of its own, and wait for nothing."""
    line = HTTP.connect(server.port)
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return line
