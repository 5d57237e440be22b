"""How long a generation takes and what it costs, from the model's data."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import exp
from statistics import NormalDist
from typing import Any, NamedTuple

from mockserver.engine.account import MICRO
from mockserver.spec.load import Model


class Figures(NamedTuple):
    """What one result takes.

    Attributes:
        median_s: half of all results are made in less time, in seconds of the real service.
        sigma: how much times vary; the standard deviation of their logarithm.
        cost_micro_usd: price in millionths of a US dollar.
    """

    median_s: float
    sigma: float
    cost_micro_usd: int


def figures_of(model: Model, params: Mapping[str, Any]) -> Figures:
    """Return what a result of a task takes.

    Source:
        schema/models: x-model/generation and x-model/price (assumed, but for one price)
    """
    return _figures(model, tuple(map(params.get, model.deciding)))


@lru_cache(maxsize=128)
def _figures(model: Model, values: tuple[Any, ...]) -> Figures:
    sent = {name: value for name, value in zip(model.deciding, values, strict=True) if value is not None}
    params = {**model.defaults, **sent}
    time, price = _matching(model.about["generation"], params), _matching(model.about["price"], params)
    return Figures(time["medianSeconds"], time["sigma"], round(price["usd"] * MICRO))


def _matching(entries: Sequence[Mapping[str, Any]], params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the first entry whose `when` agrees with the parameters; the last one of a table agrees with all."""
    for entry in entries:
        if all(params.get(name) == value for name, value in entry["when"].items()):
            return entry
    raise AssertionError("loading makes sure that the last entry takes every task")


def due_times(figures: Figures, number: int, nonce: bytes, now_ms: int, speed: float) -> tuple[int, ...]:
    """Say when each result of a task is ready. Results are made one after the other.

    Args:
        figures: how long one takes: median and sigma of a log-normal distribution.
        number: how many results there are.
        nonce: randomness of this task, 16 bytes, of which ten bits choose among the times.
        now_ms: Unix time in milliseconds.
        speed: how many times faster than the real service; infinity makes every result ready at once.

    Returns:
        One Unix time in milliseconds a result, ascending.
    """
    median_s, sigma, _ = figures
    median_ms, factors = median_s * 1000 / speed, _factors(sigma)
    at_ms = now_ms + median_ms * factors[_part(nonce)]
    if number == 1:
        return (round(at_ms),)
    times = [round(at_ms)]
    for _ in range(number - 1):
        nonce = blake2b(nonce, digest_size=16, person=b"duration").digest()
        at_ms += median_ms * factors[_part(nonce)]
        times.append(round(at_ms))
    return tuple(times)


#: A distribution is cut into so many parts that are equally likely; each stands for its middle.
_PARTS = 1024


@lru_cache(maxsize=64)
def _factors(sigma: float) -> tuple[float, ...]:
    """Return factors around 1 that scatter as times do."""
    normal = NormalDist()
    return tuple([exp(sigma * normal.inv_cdf((part + 0.5) / _PARTS)) for part in range(_PARTS)])


def _part(draw: bytes) -> int:
    """Return the part that a draw falls into, from ten of its bits."""
    return (draw[-6] << 2) | (draw[-5] >> 6)
