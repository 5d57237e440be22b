"""Scenarios as data: what can be written, and what is said, and where, about what cannot."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mockserver import MockConfig, Rule, Scenario, make_mock
from mockserver.cli import main
from mockserver.scenario import BadScenario, load_scenario, read_scenario
from mockserver.spec.load import load_spec
from tests.scenarios.describe import FILE, schema

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CODES = {"providerError", "timeoutProvider"}
GENERATIONS = {"videoInference"}

GOOD: list[Any] = [
    {"rules": []},
    {"seed": 7, "rules": [{"outcome": "providerError"}]},
    {"rules": [{"faults": ["drop-webhook"]}]},
    {"rules": [{"faults": [{"drop-webhook": None}, {"delay-answer": {"delay_ms": 5, "on": "poll", "times": "always"}}]}]},
    {"rules": [{"match": {}, "faults": ["answer-503"], "times": 2, "name": "twice"}]},
    {"rules": [{"match": {"params": {"duration": 6, "width": [1366, 1920]}}, "outcome": "providerError"}]},
    {"rules": [{"match": {"params": {"positivePrompt": {"contains": "sea"}}}, "outcome": "providerError"}]},
    {"rules": [{"match": {"params": {"seed": {"present": False}, "fps": {"at_least": 1, "at_most": 2.5}}}, "outcome": "providerError"}]},
    {"rules": [{"match": {"params": {"fps": {"equals": {"a": 1}}, "x": {"one_of": [1]}}}, "outcome": "providerError"}]},
    {"rules": [{"match": {"key": "k", "model": "minimax:3@1", "nth": 1, "every": 2, "probability": 0.5}, "outcome": "providerError"}]},
    {"rules": [{"match": {"nth": [1, 3]}, "outcome": "providerError"}]},
    {"rules": [{"match": {"params": {"taskType": "getResponse"}}, "faults": ["answer-503"]}]},
]  # fmt: skip

BAD: list[tuple[Any, str, str]] = [
    ([], "", "an object is expected: seed, rules"),
    ({}, "/rules", "a list of rules is expected"),
    ({"rules": {}}, "/rules", "a list of rules is expected"),
    ({"rules": [], "sed": 1}, "/sed", "there is no such member; did you mean 'seed'?"),
    ({"rules": [], "seed": -1}, "/seed", "-1 is not a whole number from 0 to 9223372036854775807"),
    ({"rules": [7]}, "/rules/0", "an object is expected: name, match, outcome, faults, times"),
    ({"rules": [{}]}, "/rules/0", "nothing happens: give it an outcome or faults"),
    ({"rules": [{"faults": "drop-webhook"}]}, "/rules/0/faults", "a list of faults is expected"),
    ({"rules": [{"faults": ["drop-webhok"]}]}, "/rules/0/faults/0", "drop-webhok: there is no such fault; did you mean 'drop-webhook'?"),
    ({"rules": [{"faults": [7]}]}, "/rules/0/faults/0", "the name of a fault is expected, or an object of one name and its settings"),
    ({"rules": [{"faults": [{"drop-webhook": 7}]}]}, "/rules/0/faults/0/drop-webhook", "an object of settings is expected"),
    ({"rules": [{"faults": [{"answer-503": {"times": 0}}]}]}, "/rules/0/faults/0", "answer-503.times: 0 is not a whole number from 1 to 2147483648"),
    ({"rules": [{"faults": ["answer-503"], "times": 0}]}, "/rules/0/times", "0 is not a whole number from 1 to 2147483648"),
    ({"rules": [{"faults": ["answer-503"], "name": ""}]}, "/rules/0/name", "'' is no text"),
    ({"rules": [{"match": [], "outcome": "providerError"}]}, "/rules/0/match", "an object is expected: params, model, key, nth, every, probability"),
    ({"rules": [{"match": {"everi": 1}, "outcome": "providerError"}]}, "/rules/0/match/everi", "there is no such member; did you mean 'every'?"),
    ({"rules": [{"match": {"nth": [0]}, "outcome": "providerError"}]}, "/rules/0/match/nth", "0 is not a whole number from 1 to 2147483648"),
    ({"rules": [{"match": {"probability": 2}, "outcome": "providerError"}]}, "/rules/0/match/probability", "2 is not a number from 0 to 1"),
    ({"rules": [{"match": {"params": 6}, "outcome": "providerError"}]}, "/rules/0/match/params", "an object is expected: dotted paths of parameters and their values"),
    ({"rules": [{"match": {"params": {"fps": {}}}, "outcome": "providerError"}]}, "/rules/0/match/params/fps", "a condition is expected: equals, one_of, contains, at_least, at_most, present"),
    ({"rules": [{"match": {"params": {"fps": {"atleast": 1}}}, "outcome": "providerError"}]}, "/rules/0/match/params/fps/atleast", "there is no such condition; did you mean 'at_least'?"),
    ({"rules": [{"match": {"params": {"fps": {"at_most": "1"}}}, "outcome": "providerError"}]}, "/rules/0/match/params/fps/at_most", "a number is expected"),
    ({"rules": [{"match": {"params": {"fps": {"one_of": 1}}}, "outcome": "providerError"}]}, "/rules/0/match/params/fps/one_of", "a list is expected"),
    ({"rules": [{"match": {"params": {"fps": {"present": 1}}}, "outcome": "providerError"}]}, "/rules/0/match/params/fps/present", "true or false is expected"),
]  # fmt: skip

#: What the schema for editors cannot tell.
BEYOND: list[tuple[Any, str, str]] = [
    ({"rules": [{"faults": []}]}, "/rules/0", "nothing happens: give it an outcome or faults"),
    ({"rules": [{"outcome": "providerEror"}]}, "/rules/0/outcome", "fail-generation.code: 'providerEror' is no error code of the API; did you mean 'providerError'?"),
    ({"rules": [{"match": {"params": {"taskType": "getResponse"}}, "faults": ["drop-webhook"]}]}, "/rules/0/faults/0", "drop-webhook happens to videos; a rule about getResponse takes faults that spoil answers"),
]  # fmt: skip


@pytest.mark.parametrize("data", GOOD)
def test_a_good_scenario_is_read_and_known_to_editors(data: Any) -> None:
    """What the mock takes, the schema for editors takes."""
    assert len(read_scenario(data, CODES, GENERATIONS).rules) == len(data["rules"])
    jsonschema.validate(data, schema())


@pytest.mark.parametrize(("data", "place", "problem"), [*BAD, *BEYOND])
def test_a_bad_scenario_is_refused_with_place_and_mend(data: Any, place: str, problem: str) -> None:
    """The place is a JSON Pointer; the sentence names the mistake that was probably made."""
    with pytest.raises(BadScenario) as told:
        read_scenario(data, CODES, GENERATIONS)
    assert (told.value.place, told.value.problem) == (place, problem)


@pytest.mark.parametrize("data", [data for data, _, _ in BAD])
def test_editors_know_most_of_what_is_bad(data: Any) -> None:
    """The schema refuses what the mock refuses, as far as a schema can."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())


def test_the_schema_for_editors_is_up_to_date() -> None:
    """It knows every fault and setting."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == schema(), "python -m tests.scenarios.describe writes it"


FLAKY = """\
# a comment
seed: 7
rules:
  - match:
      params: {duration: 6}
    faults:
      - answer-503: {on: poll}
      - drop-webhook
  - faults:
    - delay-answer:
        delay: 5
"""


def test_a_file_is_refused_with_line_and_column(tmp_path: Path) -> None:
    """Whoever wrote the file finds the place."""
    file = tmp_path / "flaky.yaml"
    file.write_text(FLAKY)
    with pytest.raises(BadScenario) as told:
        load_scenario(file, CODES, GENERATIONS)
    assert str(told.value) == (
        f"{file}:10:7: /rules/1/faults/0: delay-answer.delay: there is no such setting; did you mean 'delay_ms'?"
    )


def test_a_file_is_yaml_as_editors_read_it(tmp_path: Path) -> None:
    """`on` and `no` are words, not truth values; JSON is YAML."""
    file = tmp_path / "flaky.yaml"
    file.write_text(FLAKY.replace("delay: 5", "delay_ms: 5"))
    (rule, _) = load_scenario(file, CODES, GENERATIONS).rules
    assert rule.faults[0].on == "poll"
    file.write_text(json.dumps(GOOD[-1]))
    assert load_scenario(file, CODES, GENERATIONS).rules[0].task_type == "getResponse"


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        (b"rules: [", ":1:9", "expected the node content, but found '<stream end>'"),
        (b"rules:\n\t- x", ":2:1", "that cannot start any token"),
        (b"rules: \x00", ":1:1", "special characters are not allowed"),
        (b"\xff", "", "cannot be read ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte)"),
        (b"", ":1:1", "an object is expected: seed, rules"),
    ],
)
def test_what_is_no_yaml_is_told(tmp_path: Path, text: bytes, where: str, problem: str) -> None:
    """A file that cannot be read is told as one that cannot be used."""
    file = tmp_path / "flaky.yaml"
    file.write_bytes(text)
    with pytest.raises(BadScenario) as told:
        load_scenario(file, CODES, GENERATIONS)
    assert told.value.where == f"{file}{where}"
    assert problem in told.value.problem


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Nothing is served without the scenario that was asked for."""
    with pytest.raises(BadScenario, match="cannot be read"):
        load_scenario(tmp_path / "none.yaml", CODES, GENERATIONS)


def test_python_objects_are_the_same_as_data() -> None:
    """What is not said is left out."""
    rule = Rule({"params": {"duration": 6}}, faults=["drop-webhook"], times=1)
    assert Scenario([rule], seed=3).as_data() == {
        "seed": 3,
        "rules": [{"match": {"params": {"duration": 6}}, "faults": ["drop-webhook"], "times": 1}],
    }
    assert Scenario([Rule(outcome="providerError", name="all")]).as_data() == {
        "rules": [{"outcome": "providerError", "name": "all"}]
    }


def test_the_scenario_of_the_readme_is_a_good_one(tmp_path: Path) -> None:
    """What people copy works."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    [text] = [block for block in blocks if "\nrules:\n" in block]
    (tmp_path / "flaky.yaml").write_text(text)
    spec = load_spec()
    read = load_scenario(tmp_path / "flaky.yaml", spec.failures, spec.models)
    jsonschema.validate(read.data, schema())
    assert len(read.rules) == 4


def test_a_scenario_is_served_and_a_bad_one_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The setting names a file; what is wrong with it is told in one line."""
    file = tmp_path / "flaky.yaml"
    file.write_text("rules: [{faults: [answer-53]}]")
    assert main(["serve", "--scenario", str(file)]) == 2
    problem = "/rules/0/faults/0: answer-53: there is no such fault; did you mean 'answer-503'?"
    assert capsys.readouterr().err == f"runware-mock: {file}:1:19: {problem}\n"
    file.write_text("rules: [{faults: [answer-503]}]")
    assert make_mock(MockConfig(scenario=file)).runtime.plans.played() is not None
