"""Looks for duties that only several tasks at once show to be broken, and makes what shows them small."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from contracts.checks.base import Check
from contracts.machine import PLACES, draw_sessions
from contracts.playing import Player
from contracts.recording import Recording
from contracts.session import Begin, Behave, Session, read_session, smaller_sessions
from contracts.shrinking import Breach, Judge, Shrinking, breach_type, breaches_in, size_of, smaller_tasks

#: What it is called among the kinds of behaviour, what happens, and how many examples it gets, relative to others.
TOGETHER = "together"
ABOUT = "several tasks at once through one client, each of which may meet another of these; time passes in between"
SHARE = 2.0
#: So many sessions are drawn to shrink one, and so many made of the one that is left; then it is taken as it is.
MOST_DRAWN, MOST_MADE = 20, 40


def explore_sessions(player: Player, count: int, chance: int, judge: Judge) -> list[Breach]:
    """Return the smallest sessions that break duties, one for each duty; empty where nothing new is broken.

    Args:
        player: plays sessions.
        count: how many are drawn.
        chance: what they are drawn from.
        judge: says what a recording breaks.
    """
    if not player.stage.is_inside:
        return _search_outside(player, count, chance, judge)
    smallest: dict[str, Breach] = {}
    for breach in _search(player, count, chance, judge):
        if breach.check.name not in smallest:
            found = smallest[breach.check.name] = _smallest(breach, player)
            # What else the same mistake breaks is shown by the same session, which spares a search for each.
            for other in _breaches([found.recording, *_companions(found.recording)], judge):
                smallest.setdefault(other.check.name, other)
    return [*smallest.values()]


def _companions(recording: Recording) -> list[Recording]:
    """Return the recordings of the other calls, each with its own companions."""
    alone = replace(recording, companions=())
    return [
        replace(each, companions=[alone, *(other for other in recording.companions if other is not each)])
        for each in recording.companions
    ]


def _search(player: Player, count: int, chance: int, judge: Judge) -> list[Breach]:
    shrinking = Shrinking(MOST_DRAWN)

    def finish(session: Session) -> None:
        name = session.as_data()
        breach = shrinking.known(name, None)
        if breach is None and shrinking.goes_on and not player.is_late:
            breach = next(_breaches(player.play_sessions([session], TOGETHER)[0], judge), None)
            shrinking.note(name, None, breach)
        if breach is not None:
            raise breach

    try:
        draw_sessions(player.stage.spec, count, chance, finish, is_inside=True)
    except (Breach, BaseExceptionGroup) as problem:
        return breaches_in(problem)
    return []


def _search_outside(player: Player, count: int, chance: int, judge: Judge) -> list[Breach]:
    """Do the same with a client that runs elsewhere, in its own time: all tasks of a session begin at once."""
    drawn: list[Session] = []
    draw_sessions(player.stage.spec, count, chance, lambda session: drawn.append(_at_once(session)), is_inside=False)
    smallest: dict[str, Breach] = {}
    for recordings in player.play_sessions(drawn, TOGETHER):
        for breach in _breaches(recordings, judge):
            best = smallest.get(breach.check.name)
            if best is None or size_of(breach.recording) < size_of(best.recording):
                smallest[breach.check.name] = breach
    return [*smallest.values()]


def _at_once(session: Session) -> Session:
    """Return a session in which the service behaves in one way from the beginning, and nothing is waited for."""
    behaviours = [step for step in session.steps if isinstance(step, Behave)][:1]
    return replace(session, steps=[*behaviours, *(step for step in session.steps if isinstance(step, Begin))])


def _breaches(recordings: Sequence[Recording], judge: Judge) -> Iterator[Breach]:
    for recording in recordings:
        for check, finding in judge(recording):
            yield breach_type(check.name)(check, finding, recording)


def _smallest(breach: Breach, player: Player) -> Breach:
    """Take away every task, step and parameter that a breach does not need."""
    plays, is_smaller = 0, True
    while is_smaller:
        is_smaller = False
        for session in _smaller(read_session(breach.recording.session)):
            plays += 1
            found = _lasting(breach.check, session, player)
            if found is not None:
                breach, is_smaller = found, True
            if found is not None or plays > MOST_MADE:
                break
        is_smaller = is_smaller and plays <= MOST_MADE and not player.is_late
    return breach


def _lasting(check: Check, session: Session, player: Player) -> Breach | None:
    """Return a breach that a session shows, and shows again: how long a video takes to make is chance."""
    found = None
    for _ in range(2):
        recordings = player.play_sessions([session], TOGETHER)[0]
        found = next((Breach(check, finding, each) for each in recordings for finding in check.find(each)), None)
        if found is None:
            return None
    return found


def _smaller(session: Session) -> Iterator[Session]:
    """Yield what is smaller than a session by a task, a step or a parameter, and what has the first prompts alone."""
    named = [{**task, "positivePrompt": PLACES[place]} for place, task in enumerate(session.tasks)]
    if named != list(session.tasks):
        yield replace(session, tasks=named)
    yield from smaller_sessions(session)
    for place, task in enumerate(session.tasks):
        for smaller in smaller_tasks(task):
            if smaller["positivePrompt"] == task["positivePrompt"]:
                yield replace(session, tasks=[*session.tasks[:place], smaller, *session.tasks[place + 1 :]])
