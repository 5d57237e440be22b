"""No bytes whatever make the mock raise: each is handled or gets a JSON answer with a status below 500."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.mistakes import mistakes
from contracts.strategies import valid_tasks
from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.couriers import Outbox
from mockserver.app import make_mock
from mockserver.config import MockConfig
from mockserver.platform import Caller
from mockserver.spec.checkers import CHECKERS
from mockserver.wire import Answer

MOCK = make_mock(MockConfig(log="quiet", profile="strict"), ManualClock(), Outbox())
BRANCHES = [*MOCK.spec.all_models, *MOCK.spec.tasks.values()]
VALID = st.one_of([valid_tasks(branch) for branch in BRANCHES])
WRONG = st.sampled_from([mistake for branch in BRANCHES for mistake in mistakes(branch)]).flatmap(lambda m: m.spoilt)
BATCHES = st.lists(st.one_of(VALID, WRONG), min_size=1, max_size=3).map(lambda tasks: json.dumps(tasks).encode())


@st.composite
def damaged(draw: Any) -> bytes:
    """Draw the bytes of a batch with some of them cut out, doubled or replaced."""
    body = bytearray(draw(BATCHES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 8)))
        piece = bytes(body[start:end])
        body[start:end] = draw(
            st.sampled_from([b"", piece * 2, b'"', b"\\ud800", b"{", b"]", b"\xff", b"1e999", b"\x00"])
        )
    return bytes(body)


def assert_answered(body: bytes) -> None:
    """Fail unless the bytes get an answer in the API's shape, below 500, that repeats no key."""
    caller = Caller("http://127.0.0.1:8080", "http", owner="a" * 32)
    answers = [answer for answer in MOCK.runtime.exchange(body, caller) if isinstance(answer, Answer)]
    envelope = MOCK.runtime.desk.wire.envelope(answers)
    document = json.loads(envelope.body)
    assert 200 <= envelope.status < 500
    assert ANSWER.accepts(document), document
    assert ("errors" in document) or envelope.status == 200


ANSWER = CHECKERS["fast"]()(MOCK.spec.wire("answer"))


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode), damaged(), BATCHES))
@example(b"")
@example(b"[" * 100_000)
@example(b'[{"a":' * 50_000)
@example(b"[" + b"1," * 200_000 + b"1]")
@example(b'[{"taskType":' + b"9" * 5000 + b"}]")
@example(b'[{"taskType":"getResponse","taskUUID":1e400}]')
@example('[{"taskType":"\ud800"}]'.encode("utf-8", "surrogatepass"))
@example(b'[{"taskType":["videoInference"],"model":{}}]')
@example(b'[{"taskType":"videoInference","model":["minimax:3@1"]}]')
@example(b'[{"taskType":"videoInference","model":"minimax:3@1","taskUUID":{"a":[{}]}}]')
@example(json.dumps([{"taskType": "videoInference", "model": "minimax:3@1", "x" * 70_000: 1}]).encode())
def test_any_bytes_get_an_answer(body: bytes) -> None:
    """Whatever comes in, the engine never raises."""
    assert_answered(body)


@pytest.mark.deep
@settings(max_examples=10_000)
@given(st.one_of(st.binary(max_size=200), damaged(), BATCHES))
def test_any_bytes_get_an_answer_ten_thousand_times(body: bytes) -> None:
    """The same, far longer."""
    assert_answered(body)


@given(BATCHES)
def test_a_refusal_never_repeats_a_key(body: bytes) -> None:
    """What is not JSON is refused without a word of it: it may hold an API key."""
    secret = b"sk-4f9d0c2b7e"
    spoilt = body.replace(b'"taskType"', b'"apiKey":"' + secret + b'","' + secret + b'":1,,"taskType"', 1)
    caller = Caller("http://127.0.0.1:8080", "http", owner="a" * 32)
    [answer] = MOCK.runtime.exchange(spoilt, caller)
    assert isinstance(answer, Answer)
    assert answer.outcome == "invalidJSON"
    assert secret.decode() not in str(answer.errors)
