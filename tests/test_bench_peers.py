"""The comparison with other servers: it prepares, tells and renders rightly. No rival runs here, and nothing is judged by time."""

import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from tests.bench.peers import CONTESTANTS
from tests.bench.peers.__main__ import as_json, main, measure
from tests.bench.peers.base import Contestant, Places, Prepare, Unavailable
from tests.bench.peers.description import ANSWER, cut_openapi, draft_07, list_of_tasks
from tests.bench.peers.mockoon import with_rule
from tests.bench.peers.page import Lead, Outcome, leads, page, told
from tests.bench.peers.race import FULL, LOADS, Manner, Measured, Plan, Turn, turn_of
from tests.bench.report import spread
from tests.bench.servers import Cores, reference_words
from tests.bench.traffic import MISTAKES, TASK

ANYWHERE = Cores(None, None, "one core")
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
GOOD = {**TASK, "taskUUID": UUID}


def made_up(rates: tuple[float, float], manner: Manner) -> Measured:
    """Return a contestant with two turns at each load."""
    turns = [Turn(rate, rate * 0.9, 0.5, 2.25) for rate in rates]
    return Measured("1.2", "set up so", manner, [0.3, 0.5, 0.4], [40.0], 51.4, dict.fromkeys(LOADS, turns))


OUTCOME = Outcome(
    "ours",
    {
        "ours": made_up((12_000, 9000), Manner(200, 400, 6, echoes=True)),
        "checker": made_up((2000, 3600), Manner(200, 422, 5, echoes=False)),
        "slower": made_up((20, 30), Manner(200, 404, 0, echoes=False)),
        "careless": made_up((50_000, 50_000), Manner(200, 200, 0, echoes=False)),
    },
    {"gone": "there is no java: apt-get install default-jre-headless"},
    {"Linux": "x86_64", "cores": "2 (one core)"},
)


def test_the_lead_is_over_the_best_rival_that_validates() -> None:
    """Whoever takes wrong requests is no measure, nor is a slower one; ratios are taken within a round."""
    assert leads(OUTCOME) == [Lead(load, "checker", spread([6.0, 2.5])) for load in LOADS]
    assert [each.verdict for each in leads(OUTCOME)] == ["ok"] * len(LOADS)


def test_nobody_is_led_where_no_rival_validates() -> None:
    """Without a rival that tells good from bad there is no ratio, and the rest is told all the same."""
    alone = Outcome("ours", {"ours": OUTCOME.measured["ours"]}, {}, {})
    assert leads(alone) == []
    assert "best rival" not in told(alone)


def test_a_terminal_shows_aligned_tables_and_who_is_missing() -> None:
    """Medians, spreads, what was noticed, the lead, and why somebody was not measured."""
    text = told(OUTCOME)
    assert text.startswith(
        "Valid requests, 1 connection\n"
        "          requests a CPU second  lowest-highest  requests a second  p50 ms  p99 ms\n"
        "ours                     10,500    9,000-12,000              9,450    0.50    2.25\n"
        "checker                   2,800     2,000-3,600              2,520    0.50    2.25\n"
        "slower                       25           20-30                 22    0.50    2.25\n"
        "careless                 50,000   50,000-50,000             45,000    0.50    2.25\n"
    )
    assert (
        "checker       1.2     0.40                  40              51  yes (200, 422)          5 of 6        no"
        in text
    )
    assert (
        "careless      1.2     0.40                  40              51   no (200, 200)          0 of 6        no"
        in text
    )
    assert "Valid requests, 16 connections      4.2         2.5-6.0     checker    >= 3  ok" in text
    assert "\nnot measured: gone: there is no java: apt-get install default-jre-headless\n" in text
    assert text.endswith("Linux x86_64, cores 2 (one core)")


def test_the_page_holds_the_same_figures_and_how_they_came_about() -> None:
    """BENCHMARKS.md has a table for each load, the plan, how each was set up, and who is missing."""
    text = page(OUTCOME, FULL)
    for load in LOADS:
        assert f"### {load.kind.capitalize()} requests, {load.connections} connection" in text
    assert "| checker  |                 2,800 |" in text
    assert f"turns of {FULL.turn_s} s, {FULL.rounds} at each load" in text
    assert "- **checker** 1.2: set up so.\n" in text
    assert "- **gone** was not measured: there is no java: apt-get install default-jre-headless.\n" in text
    assert "Measured on: Linux x86_64, cores 2 (one core).\n" in text
    assert "{" not in text
    assert text.endswith("servers and no network.\n")
    assert all(len(line) <= 120 for line in text.splitlines() if not line.startswith(("|", "- **", "Measured")))


def test_figures_can_be_written_as_json() -> None:
    """Everything that was measured is plain data."""
    document = json.loads(json.dumps(as_json(OUTCOME)))
    assert document["absent"].keys() == {"gone"}
    assert [turn["per_cpu_s"] for turn in document["measured"]["slower"]["turns"]["invalid 16"]] == [20, 30]


@pytest.mark.parametrize(
    ("good", "bad", "validates"), [(200, 400, True), (200, 422, True), (200, 200, False), (400, 400, False)]
)
def test_who_answers_alike_does_not_validate(good: int, bad: int, validates: bool) -> None:
    """It takes the good request and refuses the other, or it does not tell them apart."""
    assert Manner(good, bad, 0, echoes=False).validates is validates


def test_percentiles_are_waits_that_were_measured() -> None:
    """Of a hundred waits the fiftieth and the ninety-ninth are told; rates count answers."""
    turn = turn_of([number / 1000 for number in range(100, 0, -1)], took_s=2.0, cpu_s=0.5)
    assert turn == Turn(200, 50, 50, 99)
    assert turn_of([0.001], took_s=1.0, cpu_s=0.0) == Turn(100, 1, 1, 1)


@pytest.mark.parametrize("name", [name for name in CONTESTANTS if name != "runware-mock"])
def test_a_rival_that_is_not_installed_is_told_with_the_reason(name: str, tmp_path: Path) -> None:
    """What the installer noted is the reason; without a note the text says what installs it."""
    places = Places(tmp_path, tmp_path)
    with pytest.raises(Unavailable, match="make bench-peers"):
        CONTESTANTS[name](places)
    (tmp_path / f"{name.split(',', maxsplit=1)[0].lower()}.problem").write_text("no network\n", encoding="utf-8")
    with pytest.raises(Unavailable, match="is not installed: no network"):
        CONTESTANTS[name](places)


def test_those_that_run_are_measured_and_the_others_told(tmp_path: Path) -> None:
    """A server is started, found to validate and measured; one that ends, and one that is not there, are told."""

    def floor(_places: Places) -> Contestant:
        return Contestant("1", "as it is", reference_words("floor"))

    def absent(_places: Places) -> Contestant:
        raise Unavailable("it is elsewhere")

    def dead(_places: Places) -> Contestant:
        return Contestant("1", "as it is", [sys.executable, "-c", "raise SystemExit(3)"])

    prepare: dict[str, Prepare] = {"floor": floor, "absent": absent, "dead": dead}
    plan = Plan(starts=1, rounds=1, turn_s=0.05, warm_up_cpu_s=0)
    outcome = measure(prepare, tmp_path, plan, ANYWHERE)
    [(name, one)] = outcome.measured.items()
    assert (name, outcome.ours) == ("floor", "floor")
    # It names places, and that of a name too many is the task's.
    assert one.manner == Manner(200, 400, len(MISTAKES) - 1, echoes=True)
    assert [len(one.turns[load]) for load in LOADS] == [1] * len(LOADS)
    assert all(one.turns[load][0].per_s > 0 for load in LOADS)
    assert outcome.absences["absent"] == "it is elsewhere"
    assert outcome.absences["dead"] == "it failed while it was measured: it ended with status 3"


def test_rivals_are_told_the_rules_that_the_load_keeps_and_breaks() -> None:
    """Both forms of the schema take the good task, refuse each mistake, and are sound in their dialect."""
    whole = list_of_tasks()
    older = draft_07(whole)
    Draft202012Validator.check_schema(whole)
    Draft7Validator.check_schema(older)
    for checker in (Draft202012Validator(whole), Draft7Validator(older)):
        assert checker.is_valid([GOOD])
        for name, value in MISTAKES.items():
            assert not checker.is_valid([{**GOOD, name: value}]), name
    assert not _keywords(older) & {"dependentRequired", "contains", "minContains"}
    assert "dependencies" in _keywords(older)


def _keywords(schema: object) -> set[str]:
    """Return every name in a schema."""
    if isinstance(schema, dict):
        return {*schema, *(name for value in schema.values() for name in _keywords(value))}
    return {name for value in schema for name in _keywords(value)} if isinstance(schema, list) else set()


def test_the_cut_description_has_the_schema_and_one_answer() -> None:
    """A rival that reads OpenAPI gets the same rules, and no documented refusal that would hide its reasons."""
    operation = cut_openapi()["paths"]["/v1"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"] == list_of_tasks()
    assert operation["responses"].keys() == {"200"}


def test_a_rule_decides_which_answer_mockoon_gives() -> None:
    """The good answer stands behind the rule, the refusal is what is given otherwise, and the schema is beside them."""
    imported = {"name": "it", "routes": [{"responses": [{"uuid": "a", "statusCode": 200, "body": "", "rules": []}]}]}
    made = with_rule(imported)
    [good, bad] = made["routes"][0]["responses"]
    [bucket] = made["data"]
    assert (good["statusCode"], json.loads(good["body"]), good["default"]) == (200, ANSWER, False)
    assert (bad["statusCode"], bad["default"], bad["rules"]) == (400, True, [])
    assert [rule["value"] for rule in good["rules"]] == [bucket["id"]]
    assert json.loads(bucket["value"]) == draft_07(list_of_tasks())


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """The command explains itself without measuring anything."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "make bench-peers OPTIONS=--write" in capsys.readouterr().out
