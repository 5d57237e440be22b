"""Documents of YAML and JSON: values as JSON has them, each with its place, and nothing that takes for ever."""

import json
from typing import Any

import pytest

from mockserver.places import LONGEST_NAME, MOST_CHARACTERS, MOST_DEEP, MOST_VALUES, BadYaml, read_yaml

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + each)}: &{chr(98 + each)} [{','.join(['*' + chr(97 + each)] * 9)}]\n" for each in range(9)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("on: yes", {"on": "yes"}),
        ("a: true", {"a": True}),
        ("a: 2001-02-30", {"a": "2001-02-30"}),
        ("a: !!str 5", {"a": "5"}),
        ("a: ''", {"a": ""}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ('{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        ('a: "\\ud83d\\ude00"', {"a": "😀"}),
        ('{\n\t"a": 1e-05}', {"a": 0.00001}),
        ('{"a": 9223372036854775807}', {"a": 2**63 - 1}),
    ],
)
def test_a_document_has_the_values_that_its_author_meant(text: str, value: Any) -> None:
    """Words stay words, dates are texts, and what is JSON is read as JSON."""
    assert read_yaml(text)[0] == value


@pytest.mark.parametrize("value", [0.00001, 1e300, "😀", "\u2028", [[1]], {"a/b": {"~": None}}])
def test_whatever_json_can_say_comes_back(value: Any) -> None:
    """However it is spelt: with all characters or only the plain ones, indented by blanks or tabs."""
    for indent in (None, 1, "\t"):
        for is_plain in (True, False):
            assert read_yaml(json.dumps(value, indent=indent, ensure_ascii=is_plain))[0] == value


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: [", 1, 5, "found"),
        ("a:\n  b: !!int x", 2, 6, "!!int"),
        ("a: !!set {b}", 1, 4, "!!set"),
        ("a: !!binary aGk=", 1, 4, "!!binary"),
        ("a: !!timestamp 2001-01-01", 1, 4, "!!timestamp"),
        ("a: !foo x", 1, 4, "!foo"),
        ("a: <<", 1, 4, "!!merge"),
        ("<<: 5", 1, 5, "merging"),
        ("1: 2", 1, 1, "quotes"),
        ("'': 2", 1, 1, "name"),
        ("[a]: 2", 1, 1, "name"),
        ("x" * (LONGEST_NAME + 1) + ": 1", 1, 1, "256"),
        ("a: 1" + "0" * 5000, 1, 4, "digits"),
        ("a: .nan", 1, 4, "no number"),
        ("a: -.INF", 1, 4, "no number"),
        ('{"a":"\\ud800"}', 1, 6, "surrogate"),
        ('{"\\udc00":1}', 1, 2, "surrogate"),
        ("\x00", 1, 1, "special characters"),
        ("a: 1\n---\nb: 1", 2, 1, "document"),
        ("a: &a [*a]", 1, 4, "deeply"),
        ("- " * 3000, 1, 1, "deeply"),
        ("[" * (MOST_DEEP + 2) + "]" * (MOST_DEEP + 2), 1, 1, "deeply"),
        ("- " * MOST_DEEP + "- [x]", 1, 2 * MOST_DEEP + 1, "deeply"),
        (LAUGHS, 1, 1, f"{MOST_VALUES:,}"),
        ("x" * (MOST_CHARACTERS + 1), 1, 1, "too long"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_with_its_place(text: str, line: int, column: int, says: str) -> None:
    """Tags, numbers that JSON lacks, half characters, and aliases of aliases."""
    with pytest.raises(BadYaml) as caught:
        read_yaml(text)
    problem = caught.value
    if "deeply" not in says:
        assert (problem.line, problem.column) == (line, column)
    assert says in problem.problem


@pytest.mark.parametrize(
    ("text", "pointer", "place"),
    [
        ("a: 1\nb:\n  - c: 2", "/b/0/c", (3, 5)),
        ("a: 1\nb:\n  - c: 2", "/b/0/c/d/e", (3, 5)),
        ("a: 1\nb:\n  - c: 2", "/b/7", (2, 1)),
        ("a: 1\n", "/x", (1, 1)),
        ('{"a":\n {"b": 1}}', "/a/b", (2, 3)),
        ("a/b:\n  ~c: 1", "/a~1b/~0c", (2, 3)),
        ('{\n\t"a": 1}', "/a", (1, 1)),
        ("", "/a", (1, 1)),
    ],
)
def test_every_value_has_its_place(text: str, pointer: str, place: tuple[int, int]) -> None:
    """A member stands where its name does; what is not there is looked for around it."""
    assert read_yaml(text)[1].near(pointer) == place
