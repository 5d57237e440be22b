"""The whole mock in a simulated world: whatever happens, and wherever it dies, what clients were promised holds."""

import pytest

from tests.simulation.__main__ import main
from tests.simulation.mistakes import MISTAKES, Mistake
from tests.simulation.places import PLACES
from tests.simulation.stories import Trial, simulate, tell
from tests.simulation.world import Broken

#: Seeds of each test, and how many tests of them there are; in the deep tests there are more of both.
SEEDS, SLICES = 25, 8
DEEP_SEEDS, DEEP_SLICES = 1000, 20
#: Within so many seeds a planted mistake is found.
SOON = 60


def run(first: int, number: int, state: str) -> int:
    """Run simulations and return how often the mock died; fail at the first in which something does not hold."""
    crashes = 0
    for seed in range(first, first + number):
        try:
            crashes += simulate(seed, PLACES[state]()).crashes
        except Broken as problem:
            pytest.fail(Trial(seed, state).report(problem), pytrace=False)
    return crashes


@pytest.mark.parametrize("state", PLACES)
@pytest.mark.parametrize("number", range(SLICES))
def test_what_was_promised_holds_whatever_happens(number: int, state: str) -> None:
    """Nothing acknowledged or owed is lost, nothing is told twice, too much or to others, however often the mock dies."""
    assert run(number * SEEDS, SEEDS, state) > SEEDS, "they die more than once on average"


@pytest.mark.deep
@pytest.mark.parametrize("state", PLACES)
@pytest.mark.parametrize("number", range(DEEP_SLICES))
def test_what_was_promised_holds_in_many_worlds(number: int, state: str) -> None:
    """The same for a hundred times as many seeds."""
    assert run(number * DEEP_SEEDS, DEEP_SEEDS, state) > DEEP_SEEDS


@pytest.mark.parametrize("state", PLACES)
def test_a_story_ends_well_wherever_the_mock_dies_in_it(state: str) -> None:
    """It dies at the first boundary, at the second, and so on, until the story ends before it could."""
    number = 1
    while tell(number, PLACES[state]()).crashes:
        number += 1
    assert number > 100, "there are many"


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_found(mistake: Mistake) -> None:
    """Each breaks the invariant that it should, within a few seeds."""
    assert any(breaks(seed, mistake) == mistake.breaks for seed in range(SOON))


def breaks(seed: int, mistake: Mistake) -> str:
    """Return which invariant does not hold in a world where the mock has a mistake, or ""."""
    try:
        simulate(seed, mistake.place(), mistake.runtime)
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
        simulate(0, mistake.place(), mistake.runtime)
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
