"""How long generations take and what they cost."""

import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.account import MICRO
from mockserver.engine.magic import find_magic
from mockserver.engine.plan import Figures, due_times, figures_of
from mockserver.spec.load import Model, load_spec
from tests.engine.tasks import NOW_MS

FIGURES = Figures(120, 0.2, 280_000)
nonces = st.binary(min_size=16, max_size=16)
speeds = st.one_of(st.floats(0.001, 1e6), st.just(math.inf))


def model() -> Model:
    """Return the model of the parameter page."""
    return load_spec().models["videoInference"]["minimax:3@1"]


@given(nonces, st.integers(1, 20), speeds)
def test_results_are_due_one_after_the_other(nonce: bytes, number: int, speed: float) -> None:
    """There is one time for each result, none before the submission and each not before the one it follows."""
    due = due_times(FIGURES, number, nonce, NOW_MS, speed)
    assert len(due) == number
    assert list(due) == sorted(due)
    assert due[0] >= NOW_MS


@given(nonces, st.integers(1, 20))
def test_at_infinite_speed_everything_is_ready_at_once(nonce: bytes, number: int) -> None:
    """Infinite speed makes every result due at the time of the submission."""
    assert due_times(FIGURES, number, nonce, NOW_MS, math.inf) == (NOW_MS,) * number


@given(nonces, st.integers(2, 20), speeds)
def test_times_repeat_under_the_same_nonce(nonce: bytes, number: int, speed: float) -> None:
    """The same task is as quick every time, and its first results as they would be if it had fewer."""
    due = due_times(FIGURES, number, nonce, NOW_MS, speed)
    assert due == due_times(FIGURES, number, nonce, NOW_MS, speed)
    assert due[: number - 1] == due_times(FIGURES, number - 1, nonce, NOW_MS, speed)


def test_half_of_all_results_take_less_than_the_median() -> None:
    """Durations scatter around the median of the data, by about its sigma."""
    draws = [bytes(10) + (index * 2**36 + 2**35).to_bytes(6, "big") for index in range(4096)]
    taken = [due_times(FIGURES, 1, draw, 0, 1.0)[0] / 1000 for draw in draws]
    assert statistics.median(taken) == pytest.approx(120, rel=0.01)
    assert statistics.stdev(map(math.log, taken)) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(
    ("params", "figures"),
    [
        ({}, (120, 0.28)),
        ({"duration": 6}, (120, 0.28)),
        ({"duration": 10}, (180, 0.56)),
        ({"duration": 10.0}, (180, 0.56)),
        ({"width": 1366, "height": 768, "duration": 10}, (180, 0.56)),
        ({"width": 1920, "height": 1080}, (240, 0.49)),
        ({"width": 1920, "height": 1080, "duration": 6, "positivePrompt": "x"}, (240, 0.49)),
        ({"width": 512, "height": 512}, (60, 0.1)),
    ],
)
def test_time_and_price_follow_size_and_duration(params: dict[str, Any], figures: tuple[float, float]) -> None:
    """The first entry of the model's tables that agrees with the task counts; what is not sent has its default."""
    found = figures_of(model(), params)
    assert (found.median_s, found.cost_micro_usd / MICRO) == figures


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("a storm [[providerError]] at sea", ["[[providerError]]"]),
        ("[[sunshine]] [[drop-webhook]]", ["[[sunshine]]", "[[drop-webhook]]"]),
        ("[[answer-503 times=2 form=html]]", ["[[answer-503 times=2 form=html]]"]),
        ("[[answer-503  times=2]]", ["[[answer-503 times=2]]"]),
        ("[[answer-503 times]]", []),
        ("[[answer-503 times = 2]]", []),
        ("[[ providerError ]]", []),
        ("[providerError]", []),
        ("[[[providerError]]]", ["[[providerError]]"]),
        ("[[provider]]Error]]", ["[[provider]]"]),
        ("", []),
        (None, []),
        (["[[providerError]]"], []),
    ],
)
def test_words_in_double_brackets_are_magic(prompt: object, found: list[str]) -> None:
    """A name, and settings where it has some; everything else is plain text."""
    assert [str(magic) for magic in find_magic(prompt)] == found


def test_every_error_of_the_catalogue_can_be_asked_for() -> None:
    """Each name of the catalogue, and each code of a family for each parameter, makes a generation fail."""
    failures = load_spec().failures
    assert load_spec().catalogue.named.keys() <= failures.keys()
    assert {"invalidWidth", "missingPositivePrompt", "invalidPromptOptimizer"} <= failures.keys()
    assert failures["invalidWidth"].say() == "Invalid value for 'width' parameter."
