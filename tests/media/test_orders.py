"""What an order takes from a task, and which orders are equal."""

from dataclasses import fields
from typing import Any

import pytest

from mockserver.engine.results import result_of
from mockserver.engine.values import Task
from mockserver.media.orders import FIRST, LAST, Order, order_of
from mockserver.spec.load import Model, load_spec
from tests.engine.tasks import make_task
from tests.support.clips import order

MODEL = load_spec().models["videoInference"]["minimax:3@1"]


def task(number: int = 1, **parameters: Any) -> Task:
    """Return a task with these parameters."""
    return make_task(number, params={"taskType": "videoInference", "positivePrompt": "a lighthouse", **parameters})


def test_an_order_holds_what_was_asked_for_and_the_defaults_for_the_rest() -> None:
    """Of a bare task the model says size, length, format and quality."""
    bare = order_of(task(), 0, MODEL)
    assert bare is not None
    assert (bare.width_px, bare.height_px, bare.duration_s, bare.fps) == (1366, 768, 6.0, 25)
    assert (bare.output_format, bare.quality, bare.is_optimized, bare.fit) == ("MP4", 95, False, "cover")
    assert (bare.frames, bare.pictures, bare.picture_at(FIRST)) == (150, (), None)


def test_each_result_of_a_task_is_another_order() -> None:
    """Number and seed tell the results of one task apart; the seed is the one that polls show."""
    whole = task(number=3)
    orders = [order_of(whole, index, MODEL) for index in range(3)]
    assert [(each.number, each.results, each.seed) for each in orders if each] == [
        (index + 1, 3, result_of(whole, index).seed) for index in range(3)
    ]
    assert len({each.digest("") for each in orders if each}) == 3


@pytest.mark.parametrize(
    ("parameters", "members"),
    [
        ({"width": 1920, "height": 1080}, {"width_px": 1920, "height_px": 1080}),
        ({"duration": 10.0, "outputFormat": "WEBM"}, {"duration_s": 10.0, "output_format": "WEBM"}),
        ({"outputQuality": 20}, {"quality": 20}),
        ({"providerSettings": {"minimax": {"promptOptimizer": True}}}, {"is_optimized": True}),
        ({"providerSettings": {"minimax": {"promptOptimizer": False}}}, {"is_optimized": False}),
        ({"providerSettings": {}}, {"is_optimized": False}),
        ({"positivePrompt": "a storm"}, {"prompt": "a storm"}),
    ],
)
def test_what_a_task_says_is_ordered(parameters: dict[str, Any], members: dict[str, Any]) -> None:
    """Every parameter that shows in the video is in the order."""
    found = order_of(task(**parameters), 0, MODEL)
    assert found is not None
    assert {name: getattr(found, name) for name in members} == members


def test_pictures_and_their_fit_are_ordered() -> None:
    """The frames that show pictures are known by their digests."""
    placed = ((FIRST, "one"), (LAST, "other"))
    found = order_of(task()._replace(pictures=placed), 0, MODEL, "contain")
    assert found is not None
    assert (found.fit, found.picture_at(FIRST), found.picture_at(LAST)) == ("contain", "one", "other")


def test_a_model_without_size_has_no_order() -> None:
    """What makes no video of a size cannot be drawn."""
    properties = {name: node for name, node in MODEL.schema["properties"].items() if name != "width"}
    values = {field.name: getattr(MODEL, field.name) for field in fields(Model)}
    assert order_of(task(), 0, Model(**{**values, "schema": {**MODEL.schema, "properties": properties}})) is None


OTHERS = {
    "task_uuid": "another",
    "model": "minimax:4@1",
    "prompt": "a storm",
    "is_optimized": True,
    "number": 2,
    "results": 2,
    "seed": 1,
    "width_px": 1920,
    "height_px": 1080,
    "duration_s": 10.0,
    "fps": 24,
    "output_format": "MOV",
    "quality": 20,
    "fit": "contain",
    "pictures": ((FIRST, "one"),),
}


@pytest.mark.parametrize("name", [field.name for field in fields(Order)])
def test_whatever_differs_makes_another_file(name: str) -> None:
    """No member of an order is left out of its digest, nor is what makes the file."""
    usual = order()
    assert usual.digest("av 1") == order().digest("av 1")
    assert order(**{name: OTHERS[name]}).digest("av 1") != usual.digest("av 1") != usual.digest("av 2")


def test_a_digest_names_a_file() -> None:
    """It is 32 hexadecimal digits, whatever the prompt holds."""
    digest = order(prompt="灯台 \ud800 🌊").digest("")
    assert len(digest) == 32
    assert int(digest, 16)
