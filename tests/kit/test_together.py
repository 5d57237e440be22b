"""Several tasks at once through one client: what is drawn, whose each exchange is, and what only that shows."""

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.checks import CHECKS
from contracts.clients.command import CommandClient
from contracts.clients.python import PythonClient
from contracts.machine import draw_sessions
from contracts.parting import Call, Part, part
from contracts.recording import Exchange
from contracts.reports import FORMATS
from contracts.runner import Runner
from contracts.session import Begin, Behave, Session, Wait, read_session, smaller_sessions
from contracts.stage import Stage
from contracts.together import TOGETHER
from mockserver.spec.load import load_spec
from tests.kit.mutants import CONCURRENCY, MUTANTS, Mutant
from tests.kit.sound import SoundClient
from tests.kit.sound_together import OverOneConnection, PollsForAll
from tests.kit.table import examine, unhurried

SHARED = [mutant for mutant in MUTANTS if mutant.kind == CONCURRENCY]
MILL, HARBOUR = {"model": "minimax:3@1", "positivePrompt": "a mill"}, {"positivePrompt": "a harbour"}
SESSION = Session([MILL, HARBOUR], [Begin(0), Wait(500), Behave({"rules": [{"faults": ["answer-503"]}]}), Begin(1)])


def exchange(number: int, sent: Any, *answers: Any, connection: int = 0) -> Exchange:
    """Return an exchange, a second after the one before."""
    transport = "websocket" if connection else "http"
    told = [json.dumps(answer).encode() for answer in answers]
    return Exchange(
        number, transport, connection, number * 1000, number * 1000, "/v1", (), json.dumps(sent).encode(), 200, told
    )


def submission(uuid: str, prompt: str) -> dict[str, Any]:
    """Return a task as it is handed in."""
    return {"taskType": "videoInference", "taskUUID": uuid, "positivePrompt": prompt}


def poll(uuid: str) -> dict[str, Any]:
    """Return a poll."""
    return {"taskType": "getResponse", "taskUUID": uuid}


def parted(*exchanges: Exchange) -> list[Part]:
    """Return the parts of two calls that begin at 0 s and 1 s and end after 60 s."""
    return part(exchanges, [Call(MILL, 0, 60_000), Call(HARBOUR, 1000, 60_000)])


@pytest.mark.parametrize(
    "client", [SoundClient(), OverOneConnection(), PollsForAll()], ids=lambda each: type(each).__name__
)
def test_nothing_is_found_in_sound_clients_whose_calls_share_a_connection_or_a_poll(client: SoundClient) -> None:
    """Whether a task has requests of its own, messages on a common connection or a place in a common poll."""
    with Stage(PythonClient(client)) as stage:
        report = Runner(stage, profile="quick", seed=2, plan=unhurried("quick")).run([TOGETHER])
    assert not report.broken, FORMATS["text"](report, "client")
    assert report.examples == 12


@pytest.mark.deep
@pytest.mark.parametrize(
    "client", [SoundClient(), OverOneConnection(), PollsForAll()], ids=lambda each: type(each).__name__
)
def test_nothing_is_found_in_sound_clients_however_long_is_looked(client: SoundClient) -> None:
    """Hundreds of sessions raise no false alarm."""
    with Stage(PythonClient(client)) as stage:
        report = Runner(stage, profile="deep", seed=3, plan=unhurried("deep")).run([TOGETHER])
    assert not report.broken, FORMATS["text"](report, "client")


@pytest.mark.parametrize("mutant", SHARED, ids=lambda mutant: mutant.name)
def test_what_calls_share_and_should_not_is_found_by_two_tasks_at_once(mutant: Mutant) -> None:
    """The duty is named, and the session has two tasks, whatever was drawn."""
    row = examine(mutant, is_alone=True, families=[TOGETHER])
    assert row.broken is not None, mutant.name
    session = row.broken.recording.session
    assert session is not None
    assert len(session["tasks"]) == 2
    assert len(row.broken.recording.companions) == 1


@pytest.mark.parametrize("mutant", SHARED, ids=lambda mutant: mutant.name)
def test_what_calls_share_is_not_found_by_one_task_after_the_other(mutant: Mutant) -> None:
    """So a machine that does several at once is needed."""
    row = examine(mutant, "quick", is_alone=True, families=["words", "several", "busy", "failing"])
    assert row.broken is None


def test_a_session_that_a_report_shows_is_played_again() -> None:
    """The example in the command breaks the same duty; the story tells the calls apart by their prompts."""
    [mutant] = [mutant for mutant in SHARED if mutant.check == "fails-each-task-alone"][:1]
    told = FORMATS["text"](examine(mutant, is_alone=True, families=[TOGETHER]).report, "my_app:make")
    [again] = [line for line in told.splitlines() if "--example" in line]
    example = json.loads(shlex.split(again)[-1])
    with Stage(PythonClient(mutant.client)) as stage:
        report = Runner(stage, [mutant.check]).replay_session(read_session(example))
    assert [each.check.name for each in report.broken] == [mutant.check]
    for task in example["tasks"]:
        assert f"{task['positivePrompt']!r}" in told
    assert told.count("<-- here") == 1


def test_a_program_does_several_tasks_at_once() -> None:
    """A client that runs elsewhere is handed all tasks of a session side by side."""
    node = shutil.which("node")
    assert node, "node is missing: run make test, which sets it up"
    with Stage(CommandClient([node, str(Path(__file__).parent / "programs" / "client.mjs")])) as stage:
        report = Runner(stage, profile="quick", seed=1, plan=unhurried("quick")).run([TOGETHER])
    assert not report.broken, FORMATS["text"](report, "client.mjs")


def test_every_session_that_is_drawn_can_be_read_again() -> None:
    """Two tasks at least, each begun once and with a prompt of its own; the same chance draws the same."""
    drawn: list[Session] = []
    draw_sessions(load_spec(), 30, 1, drawn.append, is_inside=False)
    assert all(2 <= len(session.tasks) <= 4 for session in drawn)
    assert [read_session(json.loads(json.dumps(session.as_data()))) for session in drawn] == drawn
    again: list[Session] = []
    draw_sessions(load_spec(), 30, 1, again.append, is_inside=False)
    assert again == drawn


def test_a_session_is_made_smaller_by_a_task_a_step_or_a_wait() -> None:
    """What is left is a session again."""
    smaller = [session.as_data() for session in smaller_sessions(SESSION)]
    assert {
        "tasks": [MILL],
        "steps": [{"begin": 0}, {"wait_ms": 500}, {"behave": {"rules": [{"faults": ["answer-503"]}]}}],
    } in smaller
    assert {"tasks": [MILL, HARBOUR], "steps": [{"begin": 0}, {"wait_ms": 500}, {"begin": 1}]} in smaller
    assert [read_session(each).as_data() for each in smaller] == smaller


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"tasks": []}, "tasks: a list of objects is expected"),
        ({"tasks": [MILL, MILL]}, "tasks: each needs a positivePrompt of its own"),
        ({"steps": {}}, "steps: a list is expected"),
        ({"steps": [{"begin": 0}]}, "steps: each of the 2 tasks is begun once, those begun are [0]"),
        ({"steps": [{"begin": 2}]}, 'steps[0]: {\'begin\': 2} is no step; there are {"begin": 0} to {"begin": 1}'),
        ({"steps": [{"begin": 0}, {"begin": True}]}, "steps[1]: {'begin': True} is no step"),
        ({"steps": [{"begin": 0}, {"wait_ms": True}]}, "steps[1]: {'wait_ms': True} is no step"),
        ({"steps": [{"begin": 0}, {"wait_ms": 10**400}]}, "steps[1]/wait_ms: longer than a day; write milliseconds up"),
        ({"steps": [{"begin": 0}, {"wait": 5}]}, "steps[1]: {'wait': 5} is no step"),
    ],
)
def test_what_is_no_session_is_refused_with_its_place(change: dict[str, Any], problem: str) -> None:
    """And with what would be one."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011, what it says is looked at below
        read_session({**SESSION.as_data(), **change})
    assert problem in str(refused.value)


def test_each_call_has_its_own_requests() -> None:
    """By the prompt, then by the taskUUID, with times from the beginning of the call."""
    mill, harbour = parted(
        exchange(1, [submission("B", "a harbour")]),
        exchange(2, [submission("A", "a mill")]),
        exchange(3, [poll("a")]),
        exchange(4, [poll("b")]),
    )
    assert [(each.number, each.at_ms) for each in mill.exchanges] == [(1, 2000), (2, 3000)]
    assert [(each.number, each.at_ms) for each in harbour.exchanges] == [(1, 0), (2, 3000)]
    assert (mill.earlier, harbour.earlier) == ({"B"}, set())


def test_a_call_whose_prompt_was_spoilt_is_known_by_the_order() -> None:
    """Another that kept its prompt is told apart first."""
    mill, harbour = parted(
        exchange(1, [submission("a", "A MILL")]), exchange(2, [submission("b", "a harbour")]), exchange(3, [poll("a")])
    )
    assert [each.at_ms for each in mill.exchanges] == [1000, 3000]
    assert [each.at_ms for each in harbour.exchanges] == [1000]


def test_a_call_whose_prompt_was_spoilt_keeps_what_it_hands_in_again() -> None:
    """Under a new taskUUID too: it is the changed prompt that is dealt out, before the other call has spoken."""
    mill, harbour = parted(
        exchange(1, [submission("a", "A MILL")]),
        exchange(2, [submission("a2", "A MILL")]),
        exchange(3, [submission("b", "A HARBOUR")]),
        exchange(4, [poll("a2"), poll("b")]),
    )
    assert [each.tasks[0]["taskUUID"] for each in mill.exchanges] == ["a", "a2", "a2"]
    assert [each.tasks[0]["taskUUID"] for each in harbour.exchanges] == ["b", "b"]


def test_prompts_that_nobody_can_tell_apart_are_dealt_out_to_nobody() -> None:
    """Three changed prompts of two calls are looked at with both."""
    tries = [exchange(number, [submission(f"a{number}", f"a mill {number}")]) for number in (1, 2, 3)]
    for each in parted(*tries):
        assert [own.tasks[0]["taskUUID"] for own in each.exchanges] == ["a1", "a2", "a3"]


def test_calls_whose_prompts_were_left_out_are_known_by_the_order() -> None:
    """Of their taskUUIDs, as there is nothing else."""
    bare = [{"taskType": "videoInference", "taskUUID": uuid} for uuid in "ab"]
    mill, harbour = parted(exchange(1, bare[:1]), exchange(2, bare[1:]), exchange(3, [poll("b")]))
    assert [each.tasks[0]["taskUUID"] for each in mill.exchanges] == ["a"]
    assert [each.tasks[0]["taskUUID"] for each in harbour.exchanges] == ["b", "b"]


def test_a_poll_for_several_tasks_is_taken_apart() -> None:
    """Each call sees its own object, items and errors, and those that are of no task."""
    answer = {"data": [{"taskUUID": "a"}], "errors": [{"taskUUID": "b", "code": "x"}, {"code": "y"}]}
    first = exchange(1, [submission("a", "a mill"), submission("b", "a harbour")])
    mill, harbour = parted(first, exchange(2, [poll("a"), poll("b")], answer))
    assert mill.exchanges[1].document == [poll("a")]
    assert mill.exchanges[1].replies == [{"data": [{"taskUUID": "a"}], "errors": [{"code": "y"}]}]
    assert harbour.exchanges[1].replies == [{"data": [], "errors": [{"taskUUID": "b", "code": "x"}, {"code": "y"}]}]


def test_a_frame_belongs_to_the_message_of_its_task() -> None:
    """Although it came after a message of another; the authentication belongs to every call on the connection."""
    mill, harbour = parted(
        exchange(1, [{"taskType": "authentication"}], {"data": [{"taskType": "authentication"}]}, connection=1),
        exchange(2, [submission("a", "a mill")], connection=1),
        exchange(
            3,
            [submission("b", "a harbour")],
            {"data": [{"taskUUID": "b"}]},
            {"data": [{"taskUUID": "a"}]},
            connection=1,
        ),
        exchange(4, [{"taskType": "authentication"}], connection=2),
    )
    for each, uuid in ((mill, "a"), (harbour, "b")):
        assert [own.tasks[0]["taskType"] for own in each.exchanges] == ["authentication", "videoInference"]
        assert each.exchanges[1].items == [{"taskUUID": uuid}]


def test_a_frame_that_comes_after_a_heartbeat_belongs_to_its_task_alone() -> None:
    """A heartbeat on a common connection hands no result of one call to another; frames of no call stay with it."""
    mill, harbour = parted(
        exchange(1, [submission("a", "a mill")], connection=1),
        exchange(2, [submission("b", "a harbour")], connection=1),
        exchange(3, [{"taskType": "ping"}], {"data": [{"pong": True}]}, {"data": [{"taskUUID": "B"}]}, connection=1),
        exchange(4, [poll("c")], {"errors": [{"taskUUID": "c"}]}, {"errors": [{"taskUUID": "a"}]}, connection=1),
    )
    assert [each.items for each in mill.exchanges] == [[], [{"pong": True}], []]
    assert [each.items for each in harbour.exchanges] == [[{"taskUUID": "B"}], [{"pong": True}], []]
    assert [each.errors for each in mill.exchanges] == [[{"taskUUID": "a"}], [], [{"taskUUID": "c"}]]
    assert [each.errors for each in harbour.exchanges] == [[], [], [{"taskUUID": "c"}]]


@pytest.mark.parametrize(
    ("goes_on", "expected"),
    [(False, [[], [{"taskUUID": "a"}]]), (True, [[], [], [{"taskUUID": "a"}], []])],
    ids=["it said nothing more", "it goes on there"],
)
def test_a_frame_that_waited_for_the_next_connection_is_not_lost(goes_on: bool, expected: Any) -> None:
    """A resumed session begins with what was not delivered, before any call has spoken there."""
    authentication = {"taskType": "authentication"}
    mill, harbour = parted(
        exchange(1, [submission("a", "a mill")], connection=1),
        exchange(2, [poll("a")], connection=1),
        exchange(3, [authentication], {"data": [authentication]}, {"data": [{"taskUUID": "a"}]}, connection=2),
        exchange(4, [submission("b", "a harbour")], connection=2),
        *([exchange(5, [poll("a")], connection=2)] if goes_on else []),
    )
    own = [[item for item in each.items if item.get("taskUUID")] for each in mill.exchanges]
    assert own == expected
    assert [each.items for each in harbour.exchanges] == [[authentication], []]


def test_a_request_that_is_of_no_task_is_looked_at_with_the_calls_that_are_under_way() -> None:
    """A poll with a UUID that nobody handed in is not lost."""
    mill, _ = parted(exchange(1, [submission("a", "a mill")]), exchange(2, [poll("c")]), exchange(70, [poll("c")]))
    assert [each.tasks[0]["taskUUID"] for each in mill.exchanges] == ["a", "c"]


def test_two_calls_that_hand_in_the_same_name_are_told_apart() -> None:
    """The later one is the one whose name was taken."""
    mill, harbour = parted(exchange(1, [submission("A", "a mill")]), exchange(2, [submission("A", "a harbour")]))
    assert (len(mill.exchanges), len(harbour.exchanges)) == (1, 1)
    assert (mill.earlier, harbour.earlier) == (set(), {"A"})
    assert "names-tasks-afresh" in CHECKS
