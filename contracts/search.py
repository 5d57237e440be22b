"""Looks for duties that one task at a time shows to be broken, and makes what shows them small.

Hypothesis draws tasks and behaviours and shrinks what fails.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import Phase, given, seed, settings

from contracts.families import WHOLE, Family
from contracts.playing import Player
from contracts.shrinking import QUIETLY, Breach, Judge, Shrinking, breach_type, breaches_in, size_of, smaller_tasks


def explore(player: Player, name: str, family: Family, count: int, chance: int, judge: Judge) -> list[Breach]:
    """Return the smallest examples that break duties, one for each duty; empty where nothing new is broken.

    Args:
        player: plays examples.
        name: what the kind of behaviour is called.
        family: the kind of behaviour.
        count: how many examples are drawn.
        chance: what they are drawn from.
        judge: says what a recording breaks.
    """
    search = _search if player.stage.is_inside else _search_outside
    return [_smallest(player, breach) for breach in search(player, name, family, count, chance, judge)]


def _search(player: Player, name: str, family: Family, count: int, chance: int, judge: Judge) -> list[Breach]:
    shrinking = Shrinking()

    @seed(chance)
    @settings(max_examples=count, database=None, phases=(Phase.generate, Phase.shrink), **QUIETLY)
    @given(family.tasks(player.stage.spec.all_models[0]), family.behaviours(player.stage.spec))
    def play(task: Mapping[str, Any], behaviour: Mapping[str, Any]) -> None:
        breach = shrinking.known(task, behaviour)
        if breach is None and shrinking.goes_on and not player.is_late:
            recording = player.play(task, behaviour, name)
            for check, finding in judge(recording)[:1]:
                breach = breach_type(check.name)(check, finding, recording)
            shrinking.note(task, behaviour, breach)
        if breach is not None:
            raise breach

    try:
        play()
    except (Breach, BaseExceptionGroup) as problem:
        return breaches_in(problem)
    return []


def _search_outside(player: Player, name: str, family: Family, count: int, chance: int, judge: Judge) -> list[Breach]:
    """Do the same with a client that runs elsewhere, in its own time: many examples side by side."""
    drawn: list[tuple[Any, Any]] = []

    @seed(chance)
    @settings(max_examples=count, database=None, phases=(Phase.generate,), **QUIETLY)
    @given(family.tasks(player.stage.spec.all_models[0]), family.behaviours(player.stage.spec))
    def draw(task: Mapping[str, Any], behaviour: Mapping[str, Any]) -> None:
        drawn.append((task, behaviour))

    draw()
    smallest: dict[str, Breach] = {}
    for recording in player.play_all(drawn, name):
        for check, finding in judge(recording):
            best = smallest.get(check.name)
            if best is None or size_of(recording) < size_of(best.recording):
                smallest[check.name] = breach_type(check.name)(check, finding, recording)
    return [*smallest.values()]


def _smallest(player: Player, breach: Breach) -> Breach:
    """Take away every parameter that the breach does not need.

    Hypothesis shrinks what it drew; a parameter whose absence would change what is drawn after it may be left.
    """
    check, is_smaller = breach.check, True
    accepts = player.stage.spec.all_models[0].checker.accepts
    while is_smaller and not player.is_late:
        is_smaller, large = False, breach.recording
        tasks = [task for task in smaller_tasks(large.task) if accepts({**WHOLE, **task})]
        for recording in player.play_each(tasks, large.behaviour, large.family):
            finding = next(check.find(recording), None)
            if finding is not None:
                breach, is_smaller = Breach(check, finding, recording), True
                break
    return breach
