"""The benchmark's own instruments: they count rightly and show what they counted. Nothing here is timed."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from socketserver import StreamRequestHandler, TCPServer
from threading import Thread

import pytest

from mockserver.spec.load import load_spec
from mockserver.spec.violations import check_task
from tests.bench.__main__ import main
from tests.bench.load import WEBSOCKET, NoAnswer, drive
from tests.bench.measures import ratios
from tests.bench.references import CONSTANT, make_check
from tests.bench.report import Row, Target, as_json, machine, spread, table
from tests.bench.traffic import (
    MISTAKES,
    OK,
    Ask,
    batches,
    echoed,
    frame,
    http,
    polls,
    random_polls,
    refusals,
    socket_pings,
    submits,
    uuid_of,
)

ASK = Ask(http(b"[]"), OK, (b"one", b"two"))
RIGHT = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\none two"


@contextmanager
def answering(answers: Iterable[Sequence[bytes]]) -> Iterator[int]:
    """Serve one connection on a free port: each request gets the next pieces, and after the last it hangs up."""
    pieces = iter(answers)

    class Handler(StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            for answer in pieces:
                if not self.request.recv(65536):
                    break
                for piece in answer:
                    self.request.sendall(piece)

    with TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        yield server.server_address[1]
        thread.join()


def test_right_and_wrong_answers_are_told_apart() -> None:
    """A wrong status, a missing part and bytes too many each make an answer wrong; all others are right."""
    wrong = (
        RIGHT.replace(b"200 OK", b"500 No"),
        RIGHT.replace(b"two", b"2nd"),
        RIGHT + b"HTTP/1.1 200 OK",
    )
    answers = [[RIGHT]] * 5 + [[each] for each in wrong] + [[RIGHT]] * 2
    with answering(answers) as port:
        tally = drive(port, repeat(ASK), most=10, connections=1)
    assert (tally.answers, tally.wrong) == (10, 3)
    assert RIGHT in tally.example


def test_an_answer_may_come_in_pieces() -> None:
    """Head and body of an answer need not arrive together, nor whole."""
    with answering(repeat([RIGHT[:5], RIGHT[5:30], RIGHT[30:-1], RIGHT[-1:]])) as port:
        tally = drive(port, repeat(ASK), most=20, connections=1)
    assert (tally.answers, tally.wrong) == (20, 0)


def test_every_wait_is_noted_where_that_is_wanted() -> None:
    """A timed load has one wait for each answer, another has none."""
    for is_timed, number in ((True, 7), (False, 0)):
        with answering(repeat([RIGHT])) as port:
            tally = drive(port, repeat(ASK), most=7, connections=1, is_timed=is_timed)
        assert len([wait_s for wait_s in tally.waits_s if wait_s > 0]) == number


def test_a_load_ends_by_the_clock_and_takes_what_is_owed() -> None:
    """When the time is up before it began, each connection still gets the answer to its first request."""
    with answering(repeat([RIGHT])) as port:
        tally = drive(port, repeat(ASK), for_s=0, connections=1)
    assert (tally.answers, tally.wrong) == (1, 0)


def test_a_server_that_hangs_up_is_noticed() -> None:
    """A connection that ends while an answer is owed is a failure of the server, not the end of the load."""
    with answering([[RIGHT], [RIGHT[:20]]]) as port, pytest.raises(NoAnswer, match=r"HTTP/1\.1 200 OK"):
        drive(port, repeat(ASK), most=5, connections=1)


@pytest.mark.parametrize("size", [60, 125, 126, 65535, 65536])
def test_answers_over_websocket_are_read_whole(size: int) -> None:
    """A frame's length is read in each of its three forms."""
    payload = b'"pong":true'.ljust(size)
    message = b"\x81" + _length(size) + payload
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    with answering(chain([[upgrade], [b"\x81\x02[]"]], repeat([message[:3], message[3:]]))) as port:
        tally = drive(port, socket_pings(), WEBSOCKET, most=3, connections=1)
    assert (tally.answers, tally.wrong) == (3, 0)


def _length(size: int) -> bytes:
    if size < 126:
        return bytes([size])
    return b"\x7e" + size.to_bytes(2, "big") if size < 65536 else b"\x7f" + size.to_bytes(8, "big")


def test_a_frame_holds_its_payload_as_it_is() -> None:
    """The mask of all zeros changes nothing, so the payload can be seen in the frame."""
    for size in (5, 125, 126, 4000):
        assert frame(b"x" * size).endswith(bytes(4) + b"x" * size)


def _body(ask: Ask) -> bytes:
    return ask.request.partition(b"\r\n\r\n")[2]


def test_the_traffic_is_what_the_measures_say() -> None:
    """Submitted tasks are good, refused ones break every planted rule and no other, and no UUID comes twice."""
    spec = load_spec()
    good, again = (json.loads(_body(next(submits())))[0] for _ in range(2))
    wrong = json.loads(_body(next(refusals())))[0]
    assert check_task(spec, good).violations == ()
    assert {each.parameter for each in check_task(spec, wrong).violations} == MISTAKES.keys()
    assert good["taskUUID"] != again["taskUUID"]


def test_many_tasks_are_handed_in_under_the_uuids_that_are_polled() -> None:
    """Batches hold the first UUIDs, each once, and random polls stay among them."""
    tasks = [task for ask in batches(100) for task in json.loads(_body(ask))]
    polled = {json.loads(_body(ask))[0]["taskUUID"] for ask, _ in zip(random_polls(100), range(200), strict=False)}
    assert [task["taskUUID"] for task in tasks] == [uuid_of(number) for number in range(100)]
    assert polled <= {task["taskUUID"] for task in tasks}


def test_the_references_answer_what_is_checked_of_them() -> None:
    """The floor takes good tasks and polls and lists six mistakes; the base's constant would pass for an answer."""
    check = make_check()
    for asks in (submits(), polls(uuid_of(0), b"")):
        status, body = check(_body(next(asks)))
        assert status == 200
        assert all(part in body for part in next(echoed(asks, OK)).parts)
    status, body = check(_body(next(refusals())))
    assert status == 400
    assert len({tuple(error["parameter"]) for error in json.loads(body)["errors"]}) == len(MISTAKES)
    assert all(part in CONSTANT for part in next(echoed(submits(), OK)).parts)


ROWS = [
    Row("base", "/CPU s", spread([41_000.0, 40_000.0, 43_000.0])),
    Row("submit", "/CPU s", spread([20_000.0]), spread([0.5, 0.6, 0.58]), spread([0.8]), Target(0.55, is_least=True)),
    Row("first answer", "s", spread([0.31]), target=Target(0.3)),
]


def test_the_table_is_aligned_and_tells_verdicts() -> None:
    """Numbers stand right, words left, and the verdict holds the median against the target."""
    assert table(ROWS).splitlines() == [
        "measure              figure  ratio  lowest-highest  floor    target",
        "base          41,000 /CPU s         40,000-43,000",
        "submit        20,000 /CPU s   0.58  0.50-0.60        0.80   >= 0.55  ok",
        "first answer        0.310 s                                <= 0.300  missed",
    ]


def test_ratios_are_taken_within_rounds() -> None:
    """A round in which everything was slow counts like any other."""
    assert ratios([50, 5, 52], [100, 10, 100]) == spread([0.5, 0.5, 0.52])


def test_figures_can_be_written_as_json() -> None:
    """Everything in the table, and the machine, is plain data."""
    document = json.loads(json.dumps(as_json(ROWS, machine("one core"))))
    assert [measure["verdict"] for measure in document["measures"]] == ["", "ok", "missed"]
    assert document["machine"]["placement"] == "one core"


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """The command explains itself without measuring anything."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "make bench OPTIONS=--quick" in capsys.readouterr().out
