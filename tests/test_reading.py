"""From bytes to tasks: what is accepted, what is refused, and what the refusal says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.reading import Limits, Unreadable, read_tasks
from mockserver.scan import line_and_column, scan

LIMITS = Limits(max_bytes=2000, max_tasks=3, max_depth=6, max_values=40)
NAMES = frozenset({"taskType", "positivePrompt", "inputs"})

#: Bytes, code, line, column, pointer, part of the reason.
REFUSED: list[tuple[bytes, str, int, int, str, str]] = [
    (b"", "invalidJSON", 1, 1, "", "ends too early"),
    (b"[", "invalidJSON", 1, 2, "/0", "ends too early"),
    (b'[{"taskType":"ping"', "invalidJSON", 1, 20, "/0/taskType", "ends too early"),
    (b'[{"taskType" "ping"}]', "invalidJSON", 1, 14, "/0/taskType", "colon"),
    (b'[\n  {"taskType": "ping",}]', "invalidJSON", 2, 23, "/0/taskType", "name in double quotes"),
    (b"[{'taskType':1}]", "invalidJSON", 1, 3, "/0", "name in double quotes"),
    (b'[{"taskType":"a" 1}]', "invalidJSON", 1, 18, "/0/taskType", "comma or the end of the object"),
    (b"[1 2]", "invalidJSON", 1, 4, "/0", "comma or the end of the list"),
    (b"[] []", "invalidJSON", 1, 4, "", "end of the text"),
    (b"[NaN]", "invalidJSON", 1, 2, "/0", "expected a value"),
    (b"[-Infinity]", "invalidJSON", 1, 2, "/0", "expected a value"),
    (b"[01]", "invalidJSON", 1, 3, "/0", "comma or the end"),
    (b"[.5]", "invalidJSON", 1, 2, "/0", "expected a value"),
    (b"[+1]", "invalidJSON", 1, 2, "/0", "expected a value"),
    (b'["a\nb"]', "invalidJSON", 1, 4, "/0", "control character"),
    (b'["\\x41"]', "invalidJSON", 1, 3, "/0", "escape"),
    (b'["\\u12"]', "invalidJSON", 1, 3, "/0", "escape"),
    (b'["abc]', "invalidJSON", 1, 2, "/0", "not closed"),
    (b'["\\ud83d"]', "invalidJSON", 1, 3, "/0", "surrogate"),
    (b'["\\udc00"]', "invalidJSON", 1, 3, "/0", "surrogate"),
    (b'["\\ud83dx\\ude00"]', "invalidJSON", 1, 3, "/0", "surrogate"),
    (b'["\\ud83d\\u0041"]', "invalidJSON", 1, 3, "/0", "surrogate"),
    (b'["\xff"]', "invalidJSON", 1, 3, "/0", "not UTF-8"),
    (b'["\xc3\xa9\xed\xa0\x80"]', "invalidJSON", 1, 4, "/0", "not UTF-8"),
    (b'[{"taskType"\xff:1}]', "invalidJSON", 1, 13, "/0/taskType", "not UTF-8"),
    (b'[x, "\xff"]', "invalidJSON", 1, 2, "/0", "expected a value"),
    (b"\xef\xbb\xbf[]", "invalidJSON", 1, 1, "", "expected a value"),
    ("[]".encode("utf-16"), "invalidJSON", 1, 1, "", "not UTF-8"),
    (b'[{"taskType":1,"taskType":1}]', "invalidJSON", 1, 16, "/0/taskType", "twice"),
    (b'[{"a":1,"\\u0061":1}]', "invalidJSON", 1, 9, "/0", "twice"),
    (b'[{"inputs":{"a:":1,"a\\u003a":1}}]', "invalidJSON", 1, 20, "/0/inputs", "twice"),
    (b"[18446744073709551616]", "invalidJSON", 1, 2, "/0", "64 bits"),
    (b"[-9223372036854775809]", "invalidJSON", 1, 2, "/0", "64 bits"),
    (b"[1e400]", "invalidJSON", 1, 2, "/0", "double precision"),
    (b"[0." + b"1" * 200 + b"]", "invalidJSON", 1, 2, "/0", "128 characters"),
    (
        b"[" * 7 + b"]" * 7,
        "valueTooLarge",
        1,
        7,
        "/0" * 6,
        "inside each other (line 1, column 7, in /0/0/0/0/0/0); the setting max-depth allows more.",
    ),
    (b'{"taskType":"ping"}', "invalidBody", 0, 0, "", "wrap the task"),
    (b'"ping"', "invalidBody", 0, 0, "", "no list"),
    (b"null", "invalidBody", 0, 0, "", "no list"),
    (b"[]", "invalidBody", 0, 0, "", "empty"),
    (b'[{"taskType":"ping"},\n 5]', "invalidBody", 2, 2, "/1", "item 1"),
    (b"[{},{},{},{}]", "arrayTooLarge", 0, 0, "", "3 tasks"),
    (b"[" + b"{}," * 41 + b"{}]", "valueTooLarge", 0, 0, "", "40 values"),
    (b" " * 2001, "valueTooLarge", 0, 0, "", "2,000 bytes"),
]


@pytest.mark.parametrize(("body", "code", "line", "column", "pointer", "reason"), REFUSED)
def test_a_refusal_says_where_and_what(
    body: bytes, code: str, line: int, column: int, pointer: str, reason: str
) -> None:
    """Each kind of flaw has its code, its place and its words."""
    refusal = read_tasks(body, LIMITS, NAMES)
    assert isinstance(refusal, Unreadable)
    assert (refusal.code, refusal.line, refusal.column, refusal.pointer) == (code, line, column, pointer)
    assert reason in refusal.reason


ACCEPTED = [
    b'[{"taskType":"ping"}]',
    b' \t\r\n[ {"taskType" : "ping"} ]\n',
    b'[{"a":18446744073709551615,"b":-9223372036854775808,"c":1e308,"d":-0.0,"e":1E+2}]',
    b'[{"a":"12345678901234567890123456789","b":"[[[[[[[[[[{{{{{{{","c":",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"}]',
    '[{"a":"\\ud83d\\ude00 \\u00e9 \u00e9 🌊 \\"\\\\\\/\\b\\f\\n\\r\\t","b:":"\\u003a"}]'.encode(),
    b'[{"a":{"b":{"c":[{}]}}},{"a":1},{}]',
    b'[{"taskType":true,"a":false,"b":null}]',
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_good_bodies_are_read_as_they_are(body: bytes) -> None:
    """Whatever looks odd but is strict JSON within the limits is read unchanged."""
    assert read_tasks(body, LIMITS, NAMES) == json.loads(body)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4), min_size=1, max_size=3),
    st.booleans(),
)
def test_what_json_writes_is_read_back(tasks: list[dict[str, str]], ascii_only: bool) -> None:
    """Every list of objects survives the way through bytes, escaped or not."""
    assert read_tasks(json.dumps(tasks, ensure_ascii=ascii_only).encode(), LIMITS) == tasks


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(max_size=6), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@given(JSON, st.sampled_from([None, 0, 2]))
def test_a_scan_finds_every_value_in_its_place(document: object, indent: int | None) -> None:
    """The text between the ends of a span is the value that its way leads to."""
    text = json.dumps(document, indent=indent)
    found = scan(text, 50)
    assert found.flaw is None
    for way, span in found.spans.items():
        value = document
        for step in way:
            value = value[step]  # type: ignore[index]
        assert json.loads(text[span.start : span.end]) == value


@given(st.text(max_size=40))
def test_a_scan_agrees_with_the_parser_about_what_is_json(text: str) -> None:
    """No text is JSON to one and not to the other, but for what the scan forbids besides."""
    flaw = scan(text, 50).flaw
    try:
        json.loads(text, parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError):
        assert flaw is not None
    else:
        assert flaw is None or flaw.problem.endswith(
            ("alone", "twice in one object", "64 bits", "precision", "characters")
        )


def test_a_deep_scan_does_not_recurse() -> None:
    """Depth costs no stack."""
    text = "[" * 3_000 + "]" * 3_000
    assert scan(text, 3_000).flaw is None


def test_lines_and_columns_count_from_one() -> None:
    """Columns are code points, lines end with a line feed."""
    assert line_and_column("a🌊b\nc", 3) == (1, 4)
    assert line_and_column("a🌊b\nc", 4) == (2, 1)
