"""The parameter page of minimax:3@1, line by line: the last good value and the first bad one of everything on it."""

import re
from typing import Any, cast

import pytest

from mockserver.spec.load import load_spec
from mockserver.spec.violations import check_task
from mockserver.spec.wording import show

SPEC = load_spec()
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
TASK = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
URL = "https://example.com/first.png"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
SIZE_768 = {"width": 1366, "height": 768}
SIZE_1080 = {"width": 1920, "height": 1080}


class Missing(dict[str, Any]):
    """Stands for a member that is left out."""


MISSING = Missing()

Change = dict[str, Any]
Bad = tuple[str, Change, str, str | list[str], str]


def at(parameter: str, value: Any) -> Change:
    """Return a change that puts a value at a dotted place, as in "inputs.frameImages[0].frame"."""
    for step in reversed(re.findall(r"[^.\[\]]+", parameter)):
        value = [value] if step.isdecimal() else {step: value}
    return cast("Change", value)


def named(value: Any) -> str:
    """Return what a row is called by."""
    return "missing" if value is MISSING else show(value)


def good(parameter: str, *values: Any) -> list[tuple[str, Change]]:
    """Return one row for each good value of a parameter."""
    return [(f"{parameter} {show(value)}", at(parameter, value)) for value in values]


def bad(code: str, parameter: str, *values: Any) -> list[Bad]:
    """Return one row for each bad value of a parameter."""
    pointer = "/" + re.sub(r"\[(\d+)\]", r"/\1", parameter).replace(".", "/")
    return [(f"{parameter} {named(value)}", at(parameter, value), code, parameter, pointer) for value in values]


FRAME = "inputs.frameImages[0]"


def framed(frame: Any) -> Change:
    """Return a picture with a frame position."""
    return {"image": URL, "frame": frame}


GOOD: list[tuple[str, Change]] = [
    ("only what is required", {}),
    *good("taskUUID", UUID.upper()),
    *good("outputType", "URL"),
    *good("outputFormat", "MP4", "WEBM", "MOV"),
    *good("outputQuality", 20, 95, 99),
    *good("webhookURL", "https://hooks.example.com/a%20b?token=x&id=1", "http://127.0.0.1:9000/hook"),
    *good("deliveryMethod", "async"),
    *good("uploadEndpoint", "https://b.example.com/c.mp4?X-Amz-Signature=abc123&X-Amz-Expires=3600"),
    *good("safety", {}),
    *good("safety.checkContent", True, False),
    *good("safety.mode", "none", "fast", "full"),
    *good("ttl", 60, 2592000, 2**53),
    *good("includeCost", True, False),
    *good("numberResults", 1, 20),
    *good("inputs", {}),
    *good("inputs.frameImages", [URL], [URL, URL], [framed(0), framed("last")], [framed("last"), framed("first")]),
    *good(FRAME, UUID, URL, f"data:image/png;base64,{PNG}", PNG, {"image": URL}),
    *good(FRAME, framed("first"), framed("last"), framed(0), framed(-1)),
    *good("positivePrompt", "xx", "x" * 2000, "🌊" * 2000),
    *good("duration", 6, 10, 6.0, 10.0),
    *good("fps", 25, 25.0),
    *good("providerSettings", {}, {"minimax": {}}),
    *good("providerSettings.minimax.promptOptimizer", True, False),
    ("1366×768", SIZE_768),
    ("6 seconds at 1366×768", {**SIZE_768, "duration": 6}),
    ("10 seconds at 1366×768", {**SIZE_768, "duration": 10}),
    ("1920×1080", SIZE_1080),
    ("6 seconds at 1920×1080", {**SIZE_1080, "duration": 6}),
]

WRONG_UUIDS = ["24cd5dff-cb81-1db5-8506-b72a9425f9d1", "019c42a0-c3ff-7138-be83-ee257abc5331", UUID.replace("-", "")]
NO_ADDRESSES = [
    "ftp://example.com/",
    "example.com/a",
    "http://",
    "https://exa mple.com/",
    "",
    5,
    "https://example.com/\n",
]
NO_PICTURES = ["./first.png", "data:text/plain;base64,AAAA", "data:image/png;base64,???", "short", ""]
PROMPT_OPTIMIZER = "providerSettings.minimax.promptOptimizer"

BAD: list[Bad] = [
    *bad("missingTaskUUID", "taskUUID", MISSING),
    *bad("invalidTaskUUID", "taskUUID", *WRONG_UUIDS, "24cd5dff-cb81-4db5-c506-b72a9425f9d1", UUID + "\n", 5),
    *bad("invalidOutputType", "outputType", "dataURI", "url", None),
    *bad("invalidOutputFormat", "outputFormat", "mp4", "AVI", "", None),
    *bad("invalidOutputQuality", "outputQuality", 19, 100, 50.5, "50", True),
    *bad("invalidWebhookURL", "webhookURL", *NO_ADDRESSES),
    *bad("invalidDeliveryMethod", "deliveryMethod", "sync", "Async"),
    *bad("invalidUploadEndpoint", "uploadEndpoint", *NO_ADDRESSES, "s3://bucket/key", "file:///etc/passwd"),
    *bad("invalidSafety", "safety", True, []),
    *bad("invalidCheckContent", "safety.checkContent", "true", 1),
    *bad("invalidMode", "safety.mode", "slow", "Full", True),
    *bad("unsupportedParameter", "safety.level", 1),
    *bad("invalidTtl", "ttl", 59, 0, -1, 60.5, "60", True),
    *bad("invalidIncludeCost", "includeCost", "true", 1, 0, None),
    *bad("invalidNumberResults", "numberResults", 0, 21, 1.5, "1", True),
    *bad("invalidInputs", "inputs", [URL], URL),
    *bad("unsupportedParameter", "inputs.audio", URL),
    *bad("invalidFrameImages", "inputs.frameImages", [], [URL] * 3, URL),
    *bad("invalidFrameImages", "inputs.frameImages", [framed("first"), framed(0)], [framed("last"), framed(-1)]),
    *bad("invalidFrameImages", FRAME, *NO_PICTURES, 5, None),
    *bad("missingImage", f"{FRAME}.image", MISSING),
    *bad("invalidImage", f"{FRAME}.image", *NO_PICTURES),
    (
        "frame in the middle",
        at(FRAME, framed("middle")),
        "invalidFrame",
        f"{FRAME}.frame",
        "/inputs/frameImages/0/frame",
    ),
    ("frame 1", at(FRAME, framed(1)), "invalidFrame", f"{FRAME}.frame", "/inputs/frameImages/0/frame"),
    ('frame "0"', at(FRAME, framed("0")), "invalidFrame", f"{FRAME}.frame", "/inputs/frameImages/0/frame"),
    ("frame false", at(FRAME, framed(False)), "invalidFrame", f"{FRAME}.frame", "/inputs/frameImages/0/frame"),
    *bad("missingModel", "model", MISSING),
    *bad("invalidModel", "model", "minimax:3@2", "minimax-hailuo-02", 3),
    *bad("missingPositivePrompt", "positivePrompt", MISSING),
    *bad("invalidPositivePrompt", "positivePrompt", "", "x", "🌊", "x" * 2001, 12),
    *bad("unsupportedDuration", "duration", 0, 5, 7, 11),
    *bad("invalidDuration", "duration", 6.5, "6", True, None),
    *bad("invalidFps", "fps", 24, 30, "25"),
    *bad("invalidPromptOptimizer", PROMPT_OPTIMIZER, 1, "true"),
    *bad("unknownProviderSettingsProvider", "providerSettings.google", {}),
    *bad("unknownProviderSettingsProvider", "providerSettings.miniMax", {}),
    *bad("unsupportedParameter", "providerSettings.minimax.fast", True),
    *bad("unsupportedParameter", "seed", 1),
    *bad("unsupportedParameter", "negativePrompt", "x"),
    *bad("unsupportedParameter", "resolution", "768p"),
    *bad("unsupportedParameter", "frameImages", [URL]),
    *bad("unsupportedParameter", "referenceImages", [URL]),
    *bad("unsupportedParameter", "checkNSFW", True),
    *bad("unsupportedParameter", "steps", 3),
    *bad("unsupportedParameter", "CFGScale", 2),
    *bad("unsupportedParameter", "routing", {}),
    ("a width of 1280", {"width": 1280, "height": 768}, "invalidWidth", "width", "/width"),
    ("a width that is a string", {"width": "1366", "height": 768}, "invalidWidth", "width", "/width"),
    ("a height of 720", {"width": 1366, "height": 720}, "invalidHeight", "height", "/height"),
    ("1366×1080", {"width": 1366, "height": 1080}, "invalidHeight", "height", "/height"),
    ("1920×768", {"width": 1920, "height": 768}, "invalidHeight", "height", "/height"),
    ("a width alone", {"width": 1366}, "missingDimensionParameters", ["width", "height"], "/height"),
    ("a height alone", {"height": 768}, "missingDimensionParameters", ["height", "width"], "/width"),
    ("10 seconds at 1920×1080", {**SIZE_1080, "duration": 10}, "unsupportedDuration", "duration", "/duration"),
]


def changed(change: Change) -> Change:
    """Return the plain task with members put in place or taken out."""
    return cast("Change", _present({**TASK, **change}))


def _present(value: Any) -> Any:
    if isinstance(value, list):
        return [_present(item) for item in value]
    if isinstance(value, dict):
        return {name: _present(member) for name, member in value.items() if member is not MISSING}
    return value


@pytest.mark.parametrize(("name", "change"), GOOD, ids=[row[0] for row in GOOD])
def test_the_last_good_value_is_accepted(name: str, change: dict[str, Any]) -> None:
    """What the page allows passes, up to the last value."""
    assert check_task(SPEC, changed(change)).violations == (), name


@pytest.mark.parametrize(("name", "change", "code", "parameter", "pointer"), BAD, ids=[row[0] for row in BAD])
def test_the_first_bad_value_is_refused(
    name: str, change: dict[str, Any], code: str, parameter: str | list[str], pointer: str
) -> None:
    """What the page forbids is refused once, with code, parameter and place, and with a way to mend it."""
    violations = check_task(SPEC, changed(change)).violations
    told = [
        (v.error.code, v.parameter if isinstance(v.parameter, str) else list(v.parameter), v.pointer)
        for v in violations
    ]
    assert told == [(code, parameter, pointer)], name
    assert violations[0].error.http == 400
    assert len(violations[0].message.split(". ")) > 1 or "?" in violations[0].message


@pytest.mark.parametrize("row", BAD, ids=[row[0] for row in BAD])
def test_the_reference_validator_tells_the_same(row: Bad) -> None:
    """Every reason is worded alike, whichever library found it."""
    task = changed(row[1])
    ours = [(v.pointer, v.keyword, v.message) for v in check_task(SPEC, task).violations]
    theirs = [(v.pointer, v.keyword, v.message) for v in check_task(REFERENCE, task).violations]
    assert ours == theirs


REFERENCE = load_spec(validator="reference")


def test_every_parameter_of_the_schema_stands_in_the_table() -> None:
    """A parameter cannot be added without its last good and its first bad value."""
    [model] = [model for model in SPEC.all_models if model.air == "minimax:3@1"]
    good = {dotted for _, change in GOOD for dotted in _dotted(changed(change))}
    bad = {name for row in BAD for name in ([row[3]] if isinstance(row[3], str) else row[3])}
    refused = {name.replace("[0]", "").replace("[1]", "") for name in bad}
    declared = {dotted.replace("[0]", "") for dotted in model.parameters.values()}
    assert declared - good == set()
    assert declared - refused - {"taskType", "providerSettings", "providerSettings.minimax"} == set()


def _dotted(value: Any, prefix: str = "") -> set[str]:
    if isinstance(value, list):
        return {dotted for item in value for dotted in _dotted(item, prefix)}
    if not isinstance(value, dict):
        return {prefix}
    below = {
        dotted for name, member in value.items() for dotted in _dotted(member, f"{prefix}.{name}" if prefix else name)
    }
    return {prefix, *below} - {""}
