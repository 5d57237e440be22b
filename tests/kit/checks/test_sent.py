"""What a client sends: bodies, keys, values, names of tasks."""

from typing import Any

import pytest

from contracts.checks.base import Finding
from contracts.recording import Exchange, Outcome, Recording
from tests.kit.checks.made import KEY, OTHER, OWN, TASK, UUID, failed, found, poll, recorded, sent, submit

ACCENTS = "caf\u00e9"
HOW = {"model": "minimax:3@1", "positivePrompt": "a", "safety": {"mode": "fast", "checkContent": False}}
FRAMES = {**TASK, "inputs": {"frameImages": [{"image": "https://a/1.png", "frame": "first"}, "https://a/2.png"]}}
UPPER = (("authorization", f"BEARER  {KEY} "), ("content-type", "APPLICATION/JSON; charset=utf-8"))
TASKLESS = "the body is no JSON list of objects"


def asked(task: dict[str, Any], **changes: Any) -> Recording:
    """Return a recording of a task that arrived with other values, or without them where they are None."""
    there = {name: value for name, value in {**task, **changes}.items() if value is not None}
    return recorded(None, submit(task=there), task=task)


def body(content: bytes, **others: Any) -> Exchange:
    """Return a request with these bytes."""
    return sent(body=content, **others)


def inputs(*frames: Any) -> dict[str, Any]:
    """Return the parameter with these pictures."""
    return {"frameImages": [*frames]}


ROWS: list[tuple[str, Recording, list[Finding]]] = [
    ("sends-json-lists", recorded(None, submit(), poll(2)), []),
    ("sends-json-lists", recorded(None, submit(headers=UPPER)), []),
    ("sends-json-lists", recorded(None, body(b"[{}, {}]")), []),
    (
        "sends-json-lists",
        recorded(None, body(b'{"a": 1}')),
        [Finding("the body is no JSON list of objects", 1, '{"a": 1}', "[{…}]", place="")],
    ),
    (
        "sends-json-lists",
        recorded(None, body(b"[{}, 1]")),
        [Finding("the body is no JSON list of objects", 1, "[{}, 1]", "[{…}]", place="")],
    ),
    (
        "sends-json-lists",
        recorded(None, body(b"x" * 99, number=2)),
        [
            Finding(
                "the body is no JSON list of objects",
                2,
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "[{…}]",
                place="",
            )
        ],
    ),
    (
        "sends-json-lists",
        recorded(None, submit(headers=(("content-type", "Text/Plain; a=b"),))),
        [Finding("Content-Type is 'text/plain'", 1, "text/plain", "application/json", place="content-type")],
    ),
    ("sends-json-lists", recorded(None, submit(headers=(), transport="websocket")), []),
    # ---
    ("shows-its-key", recorded(None, submit(), poll(2, headers=UPPER)), []),
    ("shows-its-key", recorded(None, sent({"taskType": "authentication", "apiKey": KEY}, headers=())), []),
    (
        "shows-its-key",
        recorded(None, submit(headers=(("authorization", KEY),)), poll(2, headers=())),
        [
            Finding(
                "the request does not show the key that the client was given",
                1,
                KEY,
                "Bearer <key>",
                place="authorization",
            ),
            Finding(
                "the request does not show the key that the client was given",
                2,
                required="Bearer <key>",
                place="authorization",
            ),
        ],
    ),
    (
        "shows-its-key",
        recorded(None, submit(headers=(("authorization", "Bearer another"),))),
        [
            Finding(
                "the request does not show the key that the client was given",
                1,
                "Bearer another",
                "Bearer <key>",
                place="authorization",
            )
        ],
    ),
    (
        "shows-its-key",
        recorded(None, sent({"taskType": "authentication", "apiKey": "another"}, headers=(), status=401)),
        [
            Finding(
                "the request does not show the key that the client was given",
                1,
                required="Bearer <key>",
                place="authorization",
            )
        ],
    ),
    (
        "shows-its-key",
        recorded(
            None,
            sent({"taskType": "ping"}, number=1, transport="websocket", connection=1, headers=()),
            sent(
                {"taskType": "authentication", "apiKey": KEY}, number=2, transport="websocket", connection=1, headers=()
            ),
            submit(3, transport="websocket", connection=1, headers=()),
            submit(4, transport="websocket", connection=2, headers=()),
            sent(number=5, transport="websocket", connection=2, headers=()),
            submit(6, headers=()),
        ),
        [
            Finding("the first message on a connection is no authentication with the key", 4, place=""),
            Finding("the first message on a connection is no authentication with the key", 5, place=""),
            Finding(
                "the request does not show the key that the client was given",
                6,
                required="Bearer <key>",
                place="authorization",
            ),
        ],
    ),
    (
        "shows-its-key",
        recorded(None, sent({"taskType": "authentication", "apiKey": "another"}, transport="websocket", connection=1)),
        [Finding("the first message on a connection is no authentication with the key", 1, place="")],
    ),
    # ---
    ("keeps-its-key-to-itself", recorded(None, submit(), poll(2)), []),
    ("keeps-its-key-to-itself", recorded(None, sent({"taskType": "authentication", "apiKey": KEY})), []),
    (
        "keeps-its-key-to-itself",
        recorded(
            failed(f"{KEY} is wrong"), submit(target=f"/v1?k={KEY}", headers=(("authorization", KEY), ("x-key", KEY)))
        ),
        [
            Finding(
                "the key is part of the address, which proxies and servers log",
                1,
                "/v1?k=kit-0123456789abcdef",
                "an address without it",
                place=":path",
            ),
            Finding("the header x-key shows the key", 1, KEY, "the key in Authorization alone", place="x-key"),
            Finding(
                "the message of the error shows the key",
                0,
                "kit-0123456789abcdef is wrong",
                "a message without it",
                place="/error/message",
            ),
        ],
    ),
    (
        "keeps-its-key-to-itself",
        recorded(
            None, sent({"taskType": "authentication", "key": KEY}, {"taskType": "ping", "apiKey": [KEY]}, number=3)
        ),
        [
            Finding("the parameter key shows the key", 3, KEY, place="/0/key"),
            Finding("the parameter apiKey shows the key", 3, ["kit-0123456789abcdef"], place="/1/apiKey"),
        ],
    ),
    # ---
    ("sends-what-was-asked", asked(HOW), []),
    (
        "sends-what-was-asked",
        asked(HOW, positivePrompt=None, safety={"mode": "fast"}),
        [
            Finding("positivePrompt was asked for and not sent", 1, required="a", place="/0/positivePrompt"),
            Finding(
                "safety.checkContent was asked for and not sent", 1, required=False, place="/0/safety/checkContent"
            ),
        ],
    ),
    ("sends-what-was-asked", asked(HOW, safety=1), []),
    ("sends-what-was-asked", asked({**TASK, "inputs": {"a": {}}}, inputs=None), []),
    ("sends-what-was-asked", asked({**TASK, "inputs": {"a": {}, "b": {}}}, inputs={"b": {}}), []),
    ("sends-what-was-asked", asked(FRAMES), []),
    ("sends-what-was-asked", asked(FRAMES, inputs=inputs(1, 2, 3)), []),
    (
        "sends-what-was-asked",
        asked(FRAMES, inputs=inputs("https://a/2.png")),
        [
            Finding(
                "inputs.frameImages has 1 members of 2",
                1,
                ["https://a/2.png"],
                [{"image": "https://a/1.png", "frame": "first"}, "https://a/2.png"],
                place="/0/inputs/frameImages",
            )
        ],
    ),
    (
        "sends-what-was-asked",
        recorded(None, submit(), submit(2, task={}), task={"model": "minimax:3@1"}),
        [Finding("model was asked for and not sent", 2, required="minimax:3@1", place="/0/model")],
    ),
    # ---
    ("sends-values-untouched", asked(HOW), []),
    ("sends-values-untouched", asked(HOW, positivePrompt=None), []),
    (
        "sends-values-untouched",
        asked(HOW, positivePrompt="a "),
        [Finding("positivePrompt is 'a ', asked for was 'a'", 1, "a ", "a", place="/0/positivePrompt")],
    ),
    (
        "sends-values-untouched",
        asked({**TASK, "positivePrompt": ACCENTS}, positivePrompt="cafe\u0301"),
        [Finding("positivePrompt is 'café', asked for was 'café'", 1, "café", "café", place="/0/positivePrompt")],
    ),
    (
        "sends-values-untouched",
        asked(HOW, safety={"mode": "full", "checkContent": 0}),
        [
            Finding("safety.mode is 'full', asked for was 'fast'", 1, "full", "fast", place="/0/safety/mode"),
            Finding("safety.checkContent is 0, asked for was False", 1, 0, False, place="/0/safety/checkContent"),
        ],
    ),
    ("sends-values-untouched", asked(HOW, safety={"mode": "fast"}), []),
    (
        "sends-values-untouched",
        asked(HOW, safety="fast"),
        [
            Finding(
                "safety is 'fast', asked for was {'mode': 'fast', 'checkContent': False}",
                1,
                "fast",
                {"mode": "fast", "checkContent": False},
                place="/0/safety",
            )
        ],
    ),
    (
        "sends-values-untouched",
        asked({**TASK, "ttl": 60}, ttl=60.0),
        [Finding("ttl is 60.0, asked for was 60", 1, 60.0, 60, place="/0/ttl")],
    ),
    ("sends-values-untouched", asked(FRAMES), []),
    ("sends-values-untouched", asked(FRAMES, inputs=inputs("https://a/2.png")), []),
    (
        "sends-values-untouched",
        asked(FRAMES, inputs=inputs({"image": "https://a/1.png", "frame": "last"}, "https://a/3.png")),
        [
            Finding(
                "inputs.frameImages[0].frame is 'last', asked for was 'first'",
                1,
                "last",
                "first",
                place="/0/inputs/frameImages/0/frame",
            ),
            Finding(
                "inputs.frameImages[1] is 'https://a/3.png', asked for was 'https://a/2.png'",
                1,
                "https://a/3.png",
                "https://a/2.png",
                place="/0/inputs/frameImages/1",
            ),
        ],
    ),
    (
        "sends-values-untouched",
        asked({**TASK, "inputs": inputs("a")}, inputs=inputs("a", "b")),
        [
            Finding(
                "inputs.frameImages is ['a', 'b'], asked for was ['a']",
                1,
                ["a", "b"],
                ["a"],
                place="/0/inputs/frameImages",
            )
        ],
    ),
    (
        "sends-values-untouched",
        asked({**TASK, "inputs": inputs("a")}, inputs={"frameImages": "a"}),
        [Finding("inputs.frameImages is 'a', asked for was ['a']", 1, "a", ["a"], place="/0/inputs/frameImages")],
    ),
    # ---
    ("adds-nothing", asked(HOW), []),
    ("adds-nothing", recorded(None, submit(task={**TASK, "duration": 6, "outputType": "URL"})), []),
    (
        "adds-nothing",
        recorded(None, submit(2, task={**TASK, "duration": 10, "x": None})),
        [
            Finding("duration is 10, which nobody asked for", 2, 10, place="/0/duration"),
            Finding("x is None, which nobody asked for", 2, place="/0/x"),
        ],
    ),
    (
        "adds-nothing",
        asked(HOW, safety={"mode": "fast", "checkContent": False, "deep": {"er": 1}}),
        [Finding("safety.deep is {'er': 1}, which nobody asked for", 1, {"er": 1}, place="/0/safety/deep")],
    ),
    ("adds-nothing", asked(HOW, safety="fast"), []),
    (
        "adds-nothing",
        recorded(None, submit(task={"model": "another:1@1", "duration": 6})),
        [Finding("duration is 6, which nobody asked for", 1, 6, place="/0/duration")],
    ),
    # ---
    ("sends-valid-tasks", recorded(None, submit(), poll(2), sent({"taskType": "ping", "ping": True})), []),
    (
        "sends-valid-tasks",
        recorded(None, submit(), poll(2), submit(3, task={**TASK, "clientVersion": "1"})),
        [
            Finding(
                "Unsupported parameter 'clientVersion'. Leave it out: this task has no such parameter.",
                3,
                "1",
                {"additionalProperties": False},
                place="/0/clientVersion",
            )
        ],
    ),
    # ---
    ("names-tasks-afresh", recorded(None, submit(), submit(2)), []),
    ("names-tasks-afresh", recorded(None, submit(own={**OWN, "taskUUID": UUID.upper()})), []),
    (
        "names-tasks-afresh",
        recorded(None, submit(2, own={**OWN, "taskUUID": UUID[:-1]}), submit(3, own={"taskType": "videoInference"})),
        [
            Finding(
                "taskUUID is '24cd5dff-cb81-4db5-8506-b72a9425f9d'",
                2,
                "24cd5dff-cb81-4db5-8506-b72a9425f9d",
                "a UUID of version 4",
                place="/0/taskUUID",
            ),
            Finding("taskUUID is None", 3, required="a UUID of version 4", place="/0/taskUUID"),
        ],
    ),
    (
        "names-tasks-afresh",
        recorded(None, submit(own={**OWN, "taskUUID": "24cd5dff-cb81-1db5-8506-b72a9425f9d1"})),
        [
            Finding(
                "taskUUID is '24cd5dff-cb81-1db5-8506-b72a9425f9d1'",
                1,
                "24cd5dff-cb81-1db5-8506-b72a9425f9d1",
                "a UUID of version 4",
                place="/0/taskUUID",
            )
        ],
    ),
    (
        "names-tasks-afresh",
        recorded(None, submit(own={**OWN, "taskUUID": 7}), submit(2), earlier={UUID}),
        [
            Finding("taskUUID is 7", 1, 7, "a UUID of version 4", place="/0/taskUUID"),
            Finding(
                "taskUUID 24cd5dff-cb81-4db5-8506-b72a9425f9d1 was that of an earlier task",
                2,
                UUID,
                "a new one",
                place="/0/taskUUID",
            ),
        ],
    ),
    # ---
    ("asks-for-async-delivery", recorded(None, submit(), submit(2, own={"taskType": "videoInference"})), []),
    (
        "asks-for-async-delivery",
        recorded(None, submit(own={**OWN, "deliveryMethod": "sync"})),
        [Finding("deliveryMethod is 'sync'", 1, "sync", "async", place="/0/deliveryMethod")],
    ),
    # ---
    ("submits-once", recorded(None, submit(), submit(2, own={**OWN, "taskUUID": UUID.upper()})), []),
    (
        "submits-once",
        recorded(None, submit(), submit(2, own={**OWN, "taskUUID": OTHER})),
        [
            Finding(
                "another try has another taskUUID: if the first was taken on, both are charged",
                2,
                OTHER,
                UUID,
                place="/0/taskUUID",
            )
        ],
    ),
    (
        "submits-once",
        recorded(None, submit(), submit(2, own={**OWN, "taskUUID": OTHER}), submit(3)),
        [
            Finding(
                "another try has another taskUUID: if the first was taken on, both are charged",
                2,
                OTHER,
                UUID,
                place="/0/taskUUID",
            )
        ],
    ),
]


@pytest.mark.parametrize(("check", "recording", "expected"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
def test_what_is_sent_is_judged(check: str, recording: Recording, expected: list[Finding]) -> None:
    """The duty finds what is wrong, says where, and finds nothing else."""
    assert found(check, recording) == expected


def test_a_client_that_sends_nothing_breaks_no_duty_of_sending() -> None:
    """Without exchanges there is nothing to judge."""
    for check, _, _ in ROWS:
        assert found(check, recorded(Outcome(results=[]))) == []
