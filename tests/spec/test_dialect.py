"""Every choice that changes the schemas: what it lets in, what it keeps out, and what the profiles bundle."""

from typing import Any

import pytest

from mockserver.spec.documents import read_documents, shipped_root
from mockserver.spec.load import load_spec
from mockserver.spec.violations import check_task

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
TASK = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
FRAMES = {"inputs": {"frameImages": ["https://example.com/first.png"]}}
TWO = {"inputs": {"frameImages": ["https://example.com/first.png", "https://example.com/last.png"]}}
V7 = "019c42a0-c3ff-7138-be83-ee257abc5331"

#: Choice, value, what is added to a plain task, code by default, code with the value; None where it is accepted.
EFFECTS: list[tuple[str, str, dict[str, Any], str | None, str | None]] = [
    ("sizes", "with-512", {"width": 512, "height": 512, **FRAMES}, "invalidWidth", None),
    ("sizes", "with-512", {"width": 512, "height": 512}, "invalidWidth", "missingInputs"),
    ("sizes", "with-512", {"width": 512, "height": 512, "inputs": {}}, "invalidWidth", "missingFrameImages"),
    ("sizes", "with-512", {"width": 512, "height": 768, **FRAMES}, "invalidWidth", "invalidHeight"),
    ("sizes", "only-1080", {"width": 1366, "height": 768}, None, "invalidWidth"),
    ("sizes", "only-1080", {"duration": 10}, None, "unsupportedDuration"),
    ("size-with-frames", "refuse", {"width": 1366, "height": 768, **FRAMES}, None, "unsupportedParameter"),
    ("size-with-frames", "refuse", {"width": 1366, "height": 768}, None, None),
    ("size-with-frames", "refuse", {"width": 1366, "height": 768, "inputs": {}}, None, None),
    ("frames", "first", TWO, None, "invalidFrameImages"),
    ("frames", "none", FRAMES, None, "unsupportedParameter"),
    ("most-results", "4", {"numberResults": 5}, None, "invalidNumberResults"),
    ("provider-key", "either", {"providerSettings": {"miniMax": {"promptOptimizer": True}}}, "unknownProviderSettingsProvider", None),
    ("unknown-parameters", "ignore", {"seed": 5, "steps": 1}, "unsupportedParameter", None),
    ("unknown-parameters", "ignore", {"safety": {"level": 3}}, "unsupportedParameter", None),
    ("delivery", "sync-too", {"deliveryMethod": "sync"}, "invalidDeliveryMethod", None),
    ("task-uuid", "any", {"taskUUID": V7}, "invalidTaskUUID", None),
    ("size-required", "without-frames", {}, None, "missingDimensionParameters"),
    ("size-required", "without-frames", FRAMES, None, None),
    ("size-required", "without-frames", {"inputs": {}}, None, "missingDimensionParameters"),
    ("frame-index", "either", {"inputs": {"frameImages": [{"image": "https://example.com/a.png", "frame": "-1"}]}}, "invalidFrame", None),
    ("legacy-names", "accept", {"frameImages": [{"inputImage": "https://example.com/a.png", "frame": "first"}]}, "unsupportedParameter", None),
    ("legacy-names", "accept", {"outputFormat": "mp4"}, "invalidOutputFormat", None),
    ("routing", "accept", {"routing": {"anything": [1]}}, "unsupportedParameter", None),
    ("duration-type", "integer", {"duration": 6.0}, None, None),
    ("duration-type", "integer", {"duration": 6.5}, "invalidDuration", "invalidDuration"),
]  # fmt: skip


def first_code(choices: dict[str, str], task: dict[str, Any], profile: str = "strict") -> str | None:
    """Return the code of the first reason against a task, or None."""
    violations = check_task(load_spec(profile=profile, choices=choices), task).violations
    return violations[0].error.code if violations else None


@pytest.mark.parametrize(("choice", "value", "change", "before", "after"), EFFECTS)
def test_a_choice_changes_what_is_accepted(
    choice: str, value: str, change: dict[str, Any], before: str | None, after: str | None
) -> None:
    """Each alternative of a contradiction really is one."""
    task = {**TASK, **change}
    assert first_code({}, task) == before
    assert first_code({choice: value}, task) == after


def test_both_validators_agree_under_every_choice() -> None:
    """No patch makes a schema that the two libraries read differently."""
    choices = read_documents(shipped_root())["dialect.json"]["choices"]
    tasks = [{**TASK, **change} for _, _, change, _, _ in EFFECTS]
    for name, choice in choices.items():
        for value in choice["values"]:
            fast = load_spec(choices={name: value})
            reference = load_spec(choices={name: value}, validator="reference")
            for task in tasks:
                ours, theirs = check_task(fast, task), check_task(reference, task)
                assert [v.message for v in ours.violations] == [v.message for v in theirs.violations], (name, value)


def test_compat_accepts_what_official_clients_still_send() -> None:
    """A request as the ComfyUI nodes of 2026 send it passes under compat and is refused under strict."""
    task = {
        "taskType": "videoInference",
        "taskUUID": V7,
        "model": "minimax:3@1",
        "outputFormat": "mp4",
        "includeCost": True,
        "deliveryMethod": "async",
        "height": 768,
        "width": 1366,
        "positivePrompt": "a lighthouse",
        "frameImages": [{"inputImage": "A" * 64, "frame": "first"}],
    }
    checked = check_task(load_spec(profile="compat"), task)
    assert checked.violations == ()
    assert checked.task["inputs"] == {"frameImages": [{"image": "A" * 64, "frame": "first"}]}
    assert checked.task["outputFormat"] == "MP4"
    assert "frameImages" not in checked.task
    assert len(checked.notes) == 3
    assert {v.pointer for v in check_task(load_spec(), task).violations} == {
        "/taskUUID",
        "/outputFormat",
        "/frameImages",
    }


def test_a_rewrite_never_overwrites_what_is_there() -> None:
    """Where old and new spelling are both sent the new one counts and the old one is refused or ignored."""
    choices = {"legacy-names": "accept"}
    both = {**TASK, **FRAMES, "frameImages": [{"inputImage": "https://example.com/b.png"}]}
    assert first_code(choices, both) == "unsupportedParameter"
    odd = {**TASK, "inputs": 5, "frameImages": ["https://example.com/b.png"]}
    assert first_code(choices, odd) == "invalidInputs"
    twice = {**TASK, "frameImages": [{"inputImage": "https://example.com/b.png", "image": "https://example.com/c.png"}]}
    assert first_code(choices, twice) == "unsupportedParameter"


def test_a_task_in_todays_spelling_is_not_copied() -> None:
    """Rewriting costs nothing where there is nothing to rewrite."""
    checked = check_task(load_spec(profile="compat"), TASK)
    assert checked.task is TASK
    assert checked.notes == ()


def test_status_and_code_choices_change_the_error_catalogue() -> None:
    """Choices about errors are patches of the catalogue."""
    named = load_spec(choices={"credit-status": "200", "timeout-code": "providerTimeout"}).catalogue.named
    assert named["insufficientCredits"].http == 200
    assert named["timeoutProvider"].code == "providerTimeout"
