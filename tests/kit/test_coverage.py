"""What can be exercised follows from the data files; what was, from what was said."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.python import PythonClient
from contracts.coverage.base import as_data, from_data
from contracts.coverage.forms import forms_of
from contracts.coverage.meter import Meter
from contracts.coverage.shape import is_cut
from contracts.recording import Recording
from contracts.runner import Runner
from contracts.stage import Stage
from mockserver.journal import shortened
from mockserver.spec.documents import shipped_root
from mockserver.spec.load import Spec, load_spec
from tests.kit.said import AIR, DONE, OTHER, RUNNING, SPEC, error, exchange, heard, item, points, poll, seen, video
from tests.kit.sound import client
from tests.kit.table import unhurried

NOTHING = heard()
PICTURES = {
    "the UUID of an uploaded picture": "3f9a6f0e-54a1-4d3a-9a4c-5f5d7f5b2c11",
    "an http(s) address": "https://example.com/first.png",
    "a data URI (image/png, image/jpeg or image/webp)": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA",
    "bare base64": "iVBORw0KGgoAAAANSUhEUgAA" * 3,
}


# What there is


def test_every_parameter_of_the_page_is_there_however_deep_it_lies() -> None:
    """Each is given; those that may be are left out."""
    parameters = points(NOTHING, "parameters")
    assert len(parameters) == 27
    for name in ("taskType", "taskUUID", "model", "positivePrompt", "inputs.frameImages[].image"):
        assert parameters[name] == ["given"], name
    for name in ("ttl", "safety.mode", "inputs.frameImages[].frame", "providerSettings.minimax.promptOptimizer"):
        assert parameters[name] == ["given", "left out"], name


def test_every_value_and_form_of_the_page_is_there() -> None:
    """Enumerations, constants, truth values, types, and the forms that a pattern lists."""
    values = points(NOTHING, "values")
    assert values["outputFormat"] == ["MP4", "WEBM", "MOV"]
    assert values["inputs.frameImages[].frame"] == ["first", "last", "0", "-1"]
    assert values["inputs.frameImages[]"] == ["string", "object", *PICTURES]
    assert values["fps"] == ["25"]
    assert values["includeCost"] == ["true", "false"]
    assert values["duration"] == ["6", "10"]
    assert "positivePrompt" not in values
    assert "webhookURL" not in values


def test_every_boundary_and_rule_of_the_page_is_there() -> None:
    """The limits of numbers, texts and lists; conditions, and parameters that need others."""
    boundaries = points(NOTHING, "boundaries")
    assert boundaries["outputQuality"] == ["minimum 20", "maximum 99"]
    assert boundaries["ttl"] == ["minimum 60"]
    assert boundaries["positivePrompt"] == ["minLength 2", "maxLength 2000"]
    assert boundaries["inputs.frameImages"] == ["minItems 1", "maxItems 2"]
    rules = points(NOTHING, "rules")
    assert {*rules} == {
        "1366 goes with 768",
        "1920 goes with 1080",
        "Six seconds at 1920×1080",
        "width needs height",
        "height needs width",
    }
    assert all(found == ["applies"] for found in rules.values())


def test_every_code_of_the_catalogue_is_there() -> None:
    """By category, the families of codes among them."""
    codes = {code for found in points(NOTHING, "error codes").values() for code in found}
    assert codes == {each.code for each in SPEC.catalogue.named.values()} | {
        "missing{Parameter}",
        "invalid{Parameter}",
    }


def test_what_a_choice_adds_is_there_without_a_word() -> None:
    """Synchronous delivery, another size, and the rules about it."""
    compat = heard(spec=load_spec(profile="compat"))
    assert points(compat, "values")["width"] == ["512", "1366", "1920"]
    assert "Frames at 512×512" in points(compat, "rules")
    assert points(compat, "life cycle")["synchronous delivery"] == ["after success", "after an error"]
    assert "synchronous delivery" not in points(NOTHING, "life cycle")


def test_of_nothing_nothing_was_exercised() -> None:
    """0 %, and every model is told of apart."""
    assert (NOTHING.seen, NOTHING.share(), NOTHING.exchanges) == (0, 0.0, 0)
    assert NOTHING.subjects == [model.air for model in SPEC.all_models]
    assert NOTHING.focused().subjects == [AIR]


# What was seen


def test_a_good_task_counts_with_all_that_it_gives_and_leaves_out() -> None:
    """Members of what was left out are neither given nor left out."""
    coverage = heard(exchange(video(outputFormat="MOV", safety={"mode": "fast"}, duration=6.0), data=[item()]))
    parameters = seen(coverage, "parameters", AIR)
    assert parameters["safety.mode"] == ["given"]
    assert parameters["safety.checkContent"] == ["left out"]
    assert parameters["ttl"] == ["left out"]
    assert "inputs.frameImages" not in parameters
    values = seen(coverage, "values", AIR)
    assert (values["outputFormat"], values["safety.mode"], values["duration"]) == (["MOV"], ["fast"], ["6"])
    assert not seen(coverage, "parameters", "minimax:4@1")
    assert coverage.focused().subjects == [AIR]


@pytest.mark.parametrize("form", PICTURES)
def test_each_form_of_a_picture_is_told_from_the_others(form: str) -> None:
    """Bare and with a frame, and as the journal leaves a long one."""
    text = PICTURES[form]
    for picture in (text, shortened(text + "A" * 5000) if len(text) > 40 else text):
        frames = [picture, {"image": picture, "frame": -1}]
        values = seen(heard(exchange(video(inputs={"frameImages": frames}), data=[item()])), "values")
        assert values["inputs.frameImages[]"] == ["string", "object", form]
        assert values["inputs.frameImages[].image"] == [form]
        assert values["inputs.frameImages[].frame"] == ["-1"]


def test_zero_and_false_one_and_true_are_different_values() -> None:
    """They are equal in Python."""
    frames = [{"image": PICTURES["bare base64"], "frame": 0}]
    values = seen(heard(exchange(video(inputs={"frameImages": frames}, includeCost=False))), "values")
    assert values["inputs.frameImages[].frame"] == ["0"]
    assert values["includeCost"] == ["false"]


@pytest.mark.parametrize(
    ("parameters", "row", "at"),
    [
        ({"outputQuality": 20}, "outputQuality", ["minimum 20"]),
        ({"outputQuality": 99}, "outputQuality", ["maximum 99"]),
        ({"outputQuality": 21}, "outputQuality", []),
        ({"positivePrompt": "🌊🗼"}, "positivePrompt", ["minLength 2"]),
        ({"positivePrompt": "🌊" * 2000}, "positivePrompt", ["maxLength 2000"]),
        ({"inputs": {"frameImages": [*PICTURES.values()][:2]}}, "inputs.frameImages", ["maxItems 2"]),
    ],
)
def test_a_boundary_is_met_exactly_at_it(parameters: dict[str, Any], row: str, at: list[str]) -> None:
    """Texts count code points."""
    assert seen(heard(exchange(video(**parameters), data=[item()])), "boundaries").get(row, []) == at


@pytest.mark.parametrize(
    ("parameters", "row", "over"),
    [
        ({"outputQuality": 19}, "outputQuality", ["below 20"]),
        ({"outputQuality": 100}, "outputQuality", ["above 99"]),
        ({"outputQuality": 101}, "outputQuality", []),
        ({"positivePrompt": "a"}, "positivePrompt", ["shorter than 2"]),
        ({"positivePrompt": "a" * 2001}, "positivePrompt", ["longer than 2000"]),
        ({"inputs": {"frameImages": []}}, "inputs.frameImages", ["fewer than 1"]),
        ({"width": 1366}, "width needs height", ["broken"]),
        ({"width": 1366, "height": 1080}, "1366 goes with 768", ["broken"]),
    ],
)
def test_what_a_task_is_refused_for_is_told_apart(parameters: dict[str, Any], row: str, over: list[str]) -> None:
    """A refused task exercises nothing but its refusal, and that does not count in the sum."""
    coverage = heard(exchange(video(**parameters), errors=[error("invalidSomething")], status=400))
    assert seen(coverage, "refusals").get(row, []) == over
    assert not seen(coverage, "parameters")
    assert not seen(coverage, "boundaries")
    assert seen(coverage, "error codes") == {"validation": ["invalid{Parameter}"]}
    refusals = [area for area in coverage.areas if area.name == "refusals"]
    assert not any(area.is_counted for area in refusals)


def test_a_rule_is_exercised_where_it_applies() -> None:
    """A task without a size says nothing of rules about sizes."""
    assert not seen(heard(exchange(video())), "rules")
    assert seen(heard(exchange(video(width=1920, height=1080))), "rules").keys() == {
        "1920 goes with 1080",
        "Six seconds at 1920×1080",
        "width needs height",
        "height needs width",
    }


LIVES: dict[str, tuple[list[Any], str, list[str]]] = {
    "new": ([exchange(video(), data=[item()])], "submission", ["of a new task"]),
    "acknowledged with more": ([exchange(video(), data=[item(extra=1)])], "submission", ["of a new task"]),
    "again": (
        [
            exchange(video(), data=[item()]),
            exchange(poll(), errors=[error("providerError", status="error")], status=400),
            exchange(video(), data=[item()]),
        ],
        "submission",
        ["of a new task", "after an error"],
    ),
    "conflict": (
        [exchange(video(), errors=[error("conflictTaskUUID")], status=400)],
        "submission",
        ["refused: conflictTaskUUID"],
    ),
    "bad": ([exchange(video(), errors=[error("invalidTtl")], status=400)], "submission", ["refused: a rule is broken"]),
    "under way": ([exchange(poll(), data=[RUNNING])], "poll", ["while processing"]),
    "done": ([exchange(poll(), data=[DONE])], "poll", ["after success"]),
    "failed": ([exchange(poll(), errors=[error("timeoutProvider", status="error")])], "poll", ["after an error"]),
    "unknown": (
        [exchange(poll(), errors=[error("taskNotFound", "getResponse")], status=404)],
        "poll",
        ["refused: taskNotFound"],
    ),
    "forgotten": (
        [exchange(video(), data=[item()]), exchange(poll(), errors=[error("taskNotFound", "getResponse")], status=404)],
        "poll",
        ["refused: forgotten since"],
    ),
    "details": (
        [
            exchange(
                poll("getTaskDetails"), data=[{**poll("getTaskDetails"), "request": [], "response": {"data": [DONE]}}]
            )
        ],
        "task details",
        ["after success"],
    ),
    "no details": (
        [exchange(poll("getTaskDetails"), errors=[error("taskNotFound", "getTaskDetails")], status=404)],
        "task details",
        ["refused: taskNotFound"],
    ),
    "several": ([exchange(poll(), data=[DONE, DONE])], "results", ["several in one answer"]),
    "some": ([exchange(poll(), data=[DONE, RUNNING])], "results", ["some finished and some processing"]),
    "some failed": (
        [exchange(poll(), data=[DONE], errors=[error("providerError", status="error")])],
        "results",
        ["some finished and some failed"],
    ),
    "of two tasks": ([exchange(poll(), poll(uuid=OTHER), data=[DONE, {**RUNNING, "taskUUID": OTHER}])], "results", []),
    "webhook": ([exchange(video(webhookURL="https://a.b/c"), data=[item()])], "asked for", ["webhook"]),
    "upload": ([exchange(video(uploadEndpoint="https://a.b/c"), data=[item()])], "asked for", ["upload"]),
    "authenticated": (
        [exchange({"taskType": "authentication"}, data=[{"taskType": "authentication"}])],
        "authentication",
        ["in the body"],
    ),
    "no key": (
        [exchange(video(), errors=[error("invalidApiKey", "authentication")], status=401)],
        "authentication",
        ["refused"],
    ),
    "over websocket": ([exchange(poll(), data=[RUNNING], transport="websocket", status=0)], "transport", ["websocket"]),
    "busy": ([exchange(video(), status=429)], "trouble", ["429"]),
    "got over": ([exchange(video(), status=503), exchange(video(), data=[item()])], "trouble", ["503", "503 got over"]),
    "another one": (
        [exchange(video(), status=503), exchange(video(taskUUID=OTHER), data=[item()])],
        "trouble",
        ["503"],
    ),
    "broken": ([exchange(video(), answer=b'{"data":')], "trouble", ["broken JSON"]),
    "lost": (
        [exchange(video(), status=None), exchange(video(), errors=[error("conflictTaskUUID")], status=400)],
        "trouble",
        ["no answer", "no answer got over"],
    ),
}


@pytest.mark.parametrize("name", LIVES)
def test_a_path_of_a_tasks_life_is_told_by_the_wire(name: str) -> None:
    """From the first submission to what comes after the end, and the troubles on the way."""
    said, row, expected = LIVES[name]
    assert seen(heard(*said), "life cycle").get(row, []) == expected


def test_results_that_come_with_their_submission_are_a_delivery() -> None:
    """Afterwards a poll does not find them, which is no forgetting."""
    spec = load_spec(profile="compat")
    sync = video(deliveryMethod="sync")
    done = {name: value for name, value in DONE.items() if name != "status"}
    not_found = exchange(poll(), errors=[error("taskNotFound", "getResponse")], status=404)
    good = seen(heard(exchange(sync, data=[done]), not_found, spec=spec), "life cycle")
    assert good["synchronous delivery"] == ["after success"]
    assert good["poll"] == ["refused: taskNotFound"]
    failed = seen(heard(exchange(sync, errors=[error("providerError")], status=502), spec=spec), "life cycle")
    assert failed["synchronous delivery"] == ["after an error"]


def test_what_a_strange_server_answers_is_no_trouble() -> None:
    """Members of any type are passed over."""
    odd: list[Any] = [None, 1, "x", [], {}, [[]]]
    replies = [{"data": each, "errors": each} for each in odd]
    replies += [
        {"data": [dict.fromkeys(("taskType", "taskUUID", "status", "response", "error"), each)]} for each in odd
    ]
    replies += [{"errors": [dict.fromkeys(("code", "taskType", "taskUUID", "status"), each)]} for each in odd]
    tasks: list[Any] = [*odd, *(dict.fromkeys(("taskType", "model", "taskUUID"), each) for each in odd)]
    said = [exchange(*tasks, answer=json.dumps(reply).encode()) for reply in replies]
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    said.append(exchange(video(inputs=deep), errors=[error("invalidBody")], status=400))
    coverage = heard(*said)
    assert coverage.exchanges == len(said)
    assert coverage.share("parameters") == 0


# More models, more sessions


def test_a_further_model_is_a_further_file(tmp_path: Path) -> None:
    """Rules that no shipped model has are turned into points as well."""
    model = json.loads((shipped_root() / "models/minimax-3@1.json").read_text(encoding="utf-8"))
    model["$id"] = model["$id"].replace("minimax-3@1", "painter-1@1")
    model["properties"]["model"]["const"] = "painter:1@1"
    model["properties"]["model"]["examples"] = ["painter:1@1"]
    model["properties"] |= {
        "strength": {"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.25},
        "weight": {"type": "number", "minimum": 0},
        "style": {"anyOf": [{"title": "a name", "type": "string"}, {"type": "integer", "minimum": 1}]},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}},
        "code": {"type": "string", "pattern": "^(?:a+|[b|]c)$"},
        "level": {"type": ["string", "null", "integer"], "enum": ["1", 1, None]},
    }
    shutil.copytree(shipped_root() / "shared", tmp_path / "shared")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/painter-1@1.json").write_text(json.dumps(model), encoding="utf-8")
    spec = load_spec(tmp_path)
    task = video(model="painter:1@1", strength=0, weight=0.5, style=1, labels={"x": "abc"}, code="|c", level="1")
    coverage = heard(exchange(task, data=[item()]), spec=spec).focused()
    assert coverage.subjects == ["painter:1@1"]
    values, boundaries = seen(coverage, "values"), seen(coverage, "boundaries")
    assert values["style"] == ["alternative 2"]
    assert values["code"] == ["[b|]c"]
    assert values["level"] == ['"1"']
    assert points(coverage, "values", "painter:1@1")["level"] == ['"1"', "1", "null"]
    assert boundaries["strength"] == ["minimum 0"]
    assert boundaries["labels.*"] == ["maxLength 3"]
    assert boundaries["style"] == ["minimum 1"]
    refused = [exchange(video(model="painter:1@1", **{name: number}), errors=[error("invalidX")])
               for name, number in (("strength", 1.25), ("weight", -0.001))]  # fmt: skip
    assert seen(heard(*refused, spec=spec), "refusals", "painter:1@1") == {
        "strength": ["above 1"],
        "weight": ["below 0"],
    }


def test_what_was_seen_in_either_is_seen_in_both_together() -> None:
    """Coverages of several processes are sent as plain data and put together, whatever models they are about."""
    one = heard(exchange(video(duration=6), data=[item()]))
    other = heard(exchange(video(duration=10, model="minimax:4@1"), data=[item()]), exchange(poll(), data=[RUNNING]))
    assert from_data(json.loads(json.dumps(as_data(one)))) == one
    both = one.merged(from_data(as_data(other)))
    assert both.exchanges == 3
    assert both.focused().subjects == [AIR, "minimax:4@1"]
    assert seen(both, "values", AIR)["duration"] == ["6"]
    assert seen(both, "values", "minimax:4@1")["duration"] == ["10"]
    assert seen(both, "life cycle")["poll"] == ["while processing"]
    assert both == other.merged(one).merged(NOTHING).merged(from_data({**as_data(NOTHING), "exchanges": 0}))


def test_what_other_choices_add_is_put_together_too() -> None:
    """A session may have mocks that imitate different things."""
    both = NOTHING.merged(heard(exchange(video(width=512, height=512)), spec=load_spec(profile="compat")))
    assert points(both, "values")["width"] == ["1366", "1920", "512"]


def test_only_patterns_with_alternatives_have_forms() -> None:
    """Without words for them the patterns themselves are shown; what Python cannot read has none."""
    assert forms_of({"pattern": "^a(?:b|c)d$"}) == []
    assert [form.name for form in forms_of({"pattern": r"^x\|y|z$"})] == [r"^x\|y", "z$"]
    assert [form.name for form in forms_of({"pattern": "^(?:a|b)$", "x-expects": "an a (or A), or a b"})] == [
        "an a (or A)",
        "a b",
    ]
    assert forms_of({"pattern": "^(?:(?<name>a)|b)$"}) == []


def test_what_the_journal_cuts_is_known_as_cut() -> None:
    """Its length is not the length of what was sent."""
    assert is_cut(shortened("a\n" * 5000))
    assert not is_cut("a prompt of 2,000 characters)")


# With the kit


@pytest.fixture(scope="module")
def played() -> tuple[Spec, list[Recording]]:
    """What the sound client did in the quick profile."""
    recordings: list[Recording] = []
    with Stage(PythonClient(client)) as stage:
        Runner(stage, profile="quick", seed=1, plan=unhurried("quick"), heed=recordings.append).run()
        return stage.spec, recordings


def test_the_quick_profile_exercises_what_a_sound_client_can(played: tuple[Spec, list[Recording]]) -> None:
    """Nearly every parameter is given, though two dozen tasks have any, and every trouble is met and got over."""
    spec, recordings = played
    meter = Meter(spec)
    for recording in recordings:
        meter.heed(recording)
    coverage = meter.coverage().focused()
    assert coverage.subjects == [AIR]
    assert coverage.exchanges == sum(len(recording.exchanges) for recording in recordings)
    assert coverage.share("parameters") > 80
    assert coverage.share("boundaries") > 60
    life = seen(coverage, "life cycle")
    assert {"while processing", "after success", "after an error"} <= {*life["poll"]}
    assert {"of a new task", "refused: conflictTaskUUID"} <= {*life["submission"]}
    assert {"no answer", "no answer got over"} <= {*life["trouble"]}
    assert not seen(coverage, "refusals"), "a sound client sends no bad task"
