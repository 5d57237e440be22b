"""The whole mock in a simulated world: whatever happens, and wherever it dies, what clients were promised holds."""

from collections.abc import Mapping

import pytest

from tests.simulation.__main__ import main
from tests.simulation.mistakes import MISTAKES, Mistake
from tests.simulation.places import SETTINGS
from tests.simulation.stories import Trial, simulate, tell
from tests.simulation.world import Broken

#: How many seeds are tried in each setting, 200 in all, and in the deep tests 20,000.
SEEDS = {"memory": 100, "file": 50, "workers": 50}
DEEP_SEEDS = {"memory": 12_000, "file": 4000, "workers": 4000}
DEEP = pytest.mark.deep
#: So many seeds are one test, so that several processes can share them.
SLICE, DEEP_SLICE = 25, 500
#: Within so many seeds a planted mistake is found.
SOON = 60


def slices(seeds: Mapping[str, int], size: int) -> list[tuple[str, int, int]]:
    """Return settings, each with first seeds and how many there are from it."""
    return [(name, first, size) for name, number in seeds.items() for first in range(0, number, size)]


def run(state: str, first: int, number: int) -> None:
    """Run simulations, and fail at the first in which something does not hold."""
    crashes = 0
    for seed in range(first, first + number):
        try:
            crashes += simulate(seed, SETTINGS[state]).crashes
        except Broken as problem:
            pytest.fail(Trial(seed, state).report(problem), pytrace=False)
    assert crashes > number, "mocks die more than once on average"


@pytest.mark.parametrize(("state", "first", "number"), slices(SEEDS, SLICE))
def test_what_was_promised_holds_whatever_happens(state: str, first: int, number: int) -> None:
    """Nothing acknowledged or owed is lost, nothing is told twice, too much or to others, however often mocks die."""
    run(state, first, number)


@DEEP
@pytest.mark.parametrize(("state", "first", "number"), slices(DEEP_SEEDS, DEEP_SLICE))
def test_what_was_promised_holds_in_many_worlds(state: str, first: int, number: int) -> None:
    """The same for a hundred times as many seeds."""
    run(state, first, number)


@pytest.mark.parametrize("state", ["file", *(pytest.param(name, marks=DEEP) for name in ("memory", "workers"))])
def test_a_story_ends_well_wherever_the_mock_dies_in_it(state: str) -> None:
    """It dies at the first boundary, at the second, and so on, until the story ends before it could."""
    number = 1
    while tell(number, SETTINGS[state]).crashes:
        number += 1
    assert number > 100, "there are many"


@pytest.mark.parametrize("state", ["file", pytest.param("memory", marks=DEEP)])
def test_a_story_ends_well_wherever_the_store_fails_in_it(state: str) -> None:
    """One failure costs nobody more than an answer: what nobody would ask for again is done again."""
    number = 1
    while tell(number, SETTINGS[state], only_fails=True).boundaries.struck:
        number += 1
    assert number > 100


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_found(mistake: Mistake) -> None:
    """Each breaks the invariant that it should, within a few seeds."""
    assert any(breaks(seed, mistake) == mistake.breaks for seed in range(SOON))


def breaks(seed: int, mistake: Mistake) -> str:
    """Return which invariant does not hold in a world where the mock has a mistake, or ""."""
    try:
        simulate(seed, mistake.setting, mistake.runtime)
    except Broken as problem:
        return problem.invariant
    return ""


def test_a_seed_tells_the_same_again() -> None:
    """Word for word, so that what failed once can be looked at."""
    first, second = (str(simulate(3).history) for _ in range(2))
    assert first == second
    assert "dies" in first


def test_a_failure_says_what_happened_and_how_to_see_it_again() -> None:
    """Its history, the invariant, and the command."""
    mistake = MISTAKES["a poll that tells of too much"]
    with pytest.raises(Broken) as broken:
        simulate(0, mistake.setting, mistake.runtime)
    said = Trial(0, "memory").report(broken.value)
    assert " asks [{" in said
    assert "seed 0: as many results as asked for: " in said
    assert said.endswith("again: python -m tests.simulation --seed 0 --state memory --verbose")


def test_the_command_runs_seeds_and_tells_their_history(capsys: pytest.CaptureFixture[str]) -> None:
    """The history of one, or a line about many."""
    assert main(["--seed", "3", "--seeds", "2", "--verbose"]) == 0
    said = capsys.readouterr().out
    assert str(simulate(3).history) in said
    assert "2 seeds, " in said.splitlines()[-1]
