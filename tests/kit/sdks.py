"""Which duties a client breaks, found without making examples small: `python -m tests.kit.sdks CLIENT COUNT` prints them.

The official SDKs for Python are run so, each by the Python of its own environment, to which the kit's is lent.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from contracts.checks import CHECKS
from contracts.clients.base import Client
from contracts.clients.python import load_client
from contracts.families import FAMILIES, Family
from contracts.recording import Recording
from contracts.stage import Stage
from mockserver.spec.load import Spec

Example = tuple[Mapping[str, Any], Mapping[str, Any], str]
SEED = 1


def broken_duties(client: Client, count: int, only: str = "") -> dict[str, str]:
    """Return what is found of a client first, by duty.

    Args:
        client: the client.
        count: how many examples each kind of behaviour gets, times its share.
        only: the kind of behaviour that is played; all unless given.
    """
    found: dict[str, str] = {}
    with Stage(client, seed=SEED) as stage:
        for recording in _play(stage, _draw(stage, count, only)):
            for check in CHECKS.values():
                for finding in check.find(recording):
                    found.setdefault(check.name, f"{recording.family}: {finding.said}")
    return found


def _draw(stage: Stage, count: int, only: str) -> list[Example]:
    drawn: list[Example] = []
    for name, family in FAMILIES.items():
        is_possible = stage.is_inside or not family.takes_minutes
        if is_possible and only in ("", name):
            drawn += _draw_of(name, family, stage.spec, max(1, round(count * family.share)))
    return drawn


def _draw_of(name: str, family: Family, spec: Spec, count: int) -> list[Example]:
    drawn: list[Example] = []

    @seed(SEED)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(family.tasks(spec.all_models[0]), family.behaviours(spec))
    def draw(task: Mapping[str, Any], behaviour: Mapping[str, Any]) -> None:
        drawn.append((task, behaviour, name))

    draw()
    return drawn


def _play(stage: Stage, examples: list[Example]) -> list[Recording]:
    """Play examples: one after the other where time jumps, else side by side."""

    async def play() -> list[Recording]:
        if stage.is_inside:
            return [await stage.play(*example) for example in examples]
        return await asyncio.gather(*(stage.play(*example) for example in examples))

    return stage.run(play())


def main(name: str, count: str) -> None:
    """Print the duties that a client of this environment breaks."""
    print(json.dumps(broken_duties(load_client(name), int(count))))


if __name__ == "__main__":
    if any(name.startswith("COV") for name in os.environ):
        import coverage

        coverage.process_startup()
    main(*sys.argv[1:])
