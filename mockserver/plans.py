"""What goes wrong with which task: decided once, when a task is first handed in, and counted from then on.

Here magic values and the rules of a scenario meet the store, which keeps for each task how often its faults hit it.
What a fault does stands in `mockserver.faults`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from mockserver.engine.magic import find_bracketed, find_magic
from mockserver.engine.values import Planned, Task
from mockserver.faults import FAULTS, Fault
from mockserver.faults.base import ANSWER, TASK, Download, Letter, Moment
from mockserver.faults.reading import BadFault, make, plan_magic
from mockserver.platform import Desk
from mockserver.ports import UNSETTLED_MS, Clock, Entry, Key, Shelf, Store
from mockserver.scenario import ReadRule, ReadScenario, read_scenario
from mockserver.spec.suggest import nearest
from mockserver.spec.violations import Violation
from mockserver.spec.wording import show
from mockserver.wire import Answer

#: How many different texts in double brackets are looked at, and up to how many characters.
MOST_SEEN, LONGEST_SEEN = 1000, 100
#: How alike a word must be to a magic value, from 0 to 1, to be taken for a misspelt one.
ALIKE = 0.8


class Hit(NamedTuple):
    """A fault that acts now."""

    name: str
    fault: Fault


class Plan(NamedTuple):
    """What was decided for a task, as kept.

    Attributes:
        scenarios: numbers of the scenarios whose rules decided.
        ruled: what goes wrong by a rule.
        faults: what goes wrong, by a rule or a magic value.
        chances: how many chances each fault had so far.
    """

    scenarios: tuple[int, ...]
    ruled: tuple[Planned, ...]
    faults: tuple[Planned, ...] = ()
    chances: tuple[int, ...] = ()


class Rules(NamedTuple):
    """Rules in force, as kept.

    Attributes:
        number: which scenario they are of those that were ever played here, 1 being the first.
        data: the document that they were read from.
    """

    number: int
    data: Mapping[str, Any]


class Uses(NamedTuple):
    """How often a rule was looked at, fitted, and took a task."""

    looked_at: int
    fitted: int
    took: int


class Play:
    """A scenario that is played: its rules, and how often each took a task.

    Args:
        scenario: the rules.
        owners: whose tasks each rule is about, or None for everybody's.
        number: which scenario this is of those that were ever played with the state of a mock, 1 being the first.
        store: keeps the counts.
        clock: tells the time.

    Attributes:
        scenario: the rules.
        number: as given.
    """

    def __init__(
        self, scenario: ReadScenario, owners: Sequence[str | None], number: int, store: Store, clock: Clock
    ) -> None:
        self.scenario = scenario
        self.number = number
        self._owners = owners
        self._store = store
        self._clock = clock

    @property
    def tallies(self) -> Sequence[Uses]:
        """How often each rule was looked at, fitted, and took a task."""
        kept = [self._store.get(Shelf.COUNTS, self._key(index)) or {} for index in range(len(self.scenario.rules))]
        return [Uses(*(each.get(name, 0) for name in _TALLIED)) for each in kept]

    def choose(self, owner: str, params: Mapping[str, Any], task_type: str | None) -> tuple[Planned, ...]:
        """Return the faults of the first rule that takes a task, or nothing."""
        for index, rule in enumerate(self.scenario.rules):
            if rule.task_type != task_type or self._owners[index] not in (None, owner):
                continue
            fits = rule.fits(params)
            is_taken = fits and self._is_taken(index, rule, owner)
            tally = tuple(zip(_TALLIED, (1, int(fits), int(is_taken)), strict=True))
            self._store.add(Shelf.COUNTS, self._key(index), tally, self._clock.now_ms())
            if is_taken:
                return rule.faults
        return ()

    def _is_taken(self, index: int, rule: ReadRule, owner: str) -> bool:
        """Say whether a rule takes a task of a key that fits it, and count that."""
        key = self._key(index, owner)
        kept: Mapping[str, int] = self._store.get(Shelf.COUNTS, key) or {}
        fitted = kept.get("fitted", 0) + 1
        draw = self.scenario.draw(index, fitted)
        is_taken = (rule.times is None or kept.get("took", 0) < rule.times) and rule.takes(fitted, draw)
        self._store.add(Shelf.COUNTS, key, (("fitted", 1), ("took", int(is_taken))), self._clock.now_ms())
        return is_taken

    def _key(self, index: int, owner: str = "") -> Key:
        return (owner, str(self.number), str(index))


#: Under which key the number is kept of the scenario that was played last; those of rules have one part.
_LAST: Key = ("", "last")
#: Names of the counters of a rule.
_TALLIED = ("lookedAt", "fitted", "took")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """An answer that goes wrong on its way.

    Attributes:
        answer: the answer as it should be, or what waits for it.
        hits: the faults that act on it.
        names: the faults of which something is seen in it, as far as it is known.
    """

    answer: Any
    hits: Sequence[Hit]
    names: Sequence[str]

    def worded(self, answer: Answer) -> "Spoilt":
        """Return this one with the answer that was waited for, in the words of the faults."""
        names = list(self.names)
        for hit in self.hits:
            worded = hit.fault.word(answer)
            if (list(worded.data), list(worded.errors)) != (list(answer.data), list(answer.errors)):
                names.append(hit.name)
            answer = worded
        every = dict.fromkeys([*names, *(hit.name for hit in self.hits)])
        return replace(self, answer=replace(answer, outcome=f"{answer.outcome} ({', '.join(every)})"), names=names)


@dataclass(frozen=True, slots=True)
class Postponed:
    """A request that takes its time to arrive.

    Attributes:
        until_ms: when it is there, as Unix time in milliseconds.
        arrive: answers it then.
    """

    until_ms: int
    arrive: Callable[[], Any]


def spoilt(made: Any, hits: Sequence[Hit], names: Sequence[str]) -> Any:
    """Return an answer, or what waits for it, with the faults that act on it."""
    match made:
        case _ if not names and not hits:
            return made
        case Spoilt():
            every = (*made.hits, *hits)
            if not isinstance(made.answer, Answer):
                return Spoilt(made.answer, every, (*made.names, *names))
            return replace(Spoilt(made.answer, hits, (*made.names, *names)).worded(made.answer), hits=every)
        case Postponed():
            return Postponed(made.until_ms, lambda: spoilt(made.arrive(), hits, names))
        case Answer():
            return Spoilt(made, hits, names).worded(made)
        case _:
            return Spoilt(made, hits, names)


class Plans:
    """Decides and counts. Not for several threads at once.

    Args:
        desk: schemas and store.
        say: is told, once each, of magic values that are none but look as if they were meant to be.
    """

    def __init__(self, desk: Desk, say: Callable[[str], None]) -> None:
        self._desk = desk
        self._say = say
        self._seen: set[str] = set()
        #: The rules that a mock begins with, and goes back to.
        self.first: ReadScenario | None = None
        #: The rules in force: those for one key alone, by its digest, and those for all, under None.
        self._plays: dict[str | None, Play] = {}
        #: Whether there are no rules. Without rules and without magic values nothing here is called.
        self.has_no_rules = True

    def play(self, scenario: ReadScenario | None, owner: str | None = None) -> None:
        """Let other rules decide from now on, or none; tasks that were decided on keep their faults.

        Args:
            scenario: the rules.
            owner: digest of the key that they are for; its own rules are asked before those for all. None for all.
        """
        self._stop(owner)
        if scenario is not None:
            if len(self._plays) >= MOST_PLAYS:
                self._stop(next(key for key in self._plays if key is not None))
            number = self._next_number()
            self._desk.store.put(Shelf.RULES, (owner or "",), Entry(Rules(number, scenario.data), UNSETTLED_MS))
            self._plays[owner] = self._play(scenario, number)
        self.has_no_rules = not self._plays

    def _stop(self, owner: str | None) -> None:
        self._desk.store.drop(Shelf.RULES, (owner or "",))
        self._plays.pop(owner, None)

    def begin(self, scenario: ReadScenario | None) -> None:
        """Play the rules that a mock begins with; if they are in force already, they go on."""
        self.first = scenario
        self.refresh()
        play = self._plays.get(None)
        if scenario is not None and (play is None or play.scenario.data != scenario.data):
            self.play(scenario)

    def refresh(self) -> None:
        """Take note of rules that came or went in the store, by whomever they were set."""
        kept: dict[str | None, Rules] = {
            key[0] or None: rules for key, rules in self._desk.store.scan(Shelf.RULES) if key != _LAST
        }
        plays = {owner: play for owner, play in self._plays.items() if owner in kept}
        for owner, rules in kept.items():
            if owner not in plays or plays[owner].number != rules.number:
                scenario = read_scenario(rules.data, self._desk.spec.failures, self._desk.spec.models)
                plays[owner] = self._play(scenario, rules.number)
        self._plays = plays
        self.has_no_rules = not plays

    def _play(self, scenario: ReadScenario, number: int) -> Play:
        desk = self._desk
        owners = [None if rule.key is None else desk.keyring.owner(rule.key) or "" for rule in scenario.rules]
        return Play(scenario, owners, number, desk.store, desk.clock)

    def _next_number(self) -> int:
        """Return a number that no scenario had that was played with this store."""

        def change(kept: Rules | None) -> tuple[Entry, int]:
            number = kept.number + 1 if kept else 1
            return Entry(Rules(number, {}), UNSETTLED_MS), number

        return self._desk.store.update(Shelf.RULES, _LAST, change)

    def played(self, owner: str | None = None) -> "Play | None":
        """Return the rules for one key alone, or for all."""
        return self._plays.get(owner)

    def forget(self, owner: str | None = None) -> None:
        """Begin to count anew for a key, whose own rules go, or for all, whose rules stay."""
        store = self._desk.store
        for key, _rules in store.scan(Shelf.RULES):
            if key[0] and owner in (None, key[0]):
                store.drop(Shelf.RULES, key)
        for key, _count in store.scan(Shelf.COUNTS):
            if owner in (None, key[0]):
                store.drop(Shelf.COUNTS, key)
        self.refresh()

    def decide(self, key: Key, params: Mapping[str, Any]) -> tuple[Planned, ...]:
        """Return what goes wrong with a task; the rules are asked when it is first handed in.

        Raises:
            BadFault: a magic value names a fault with settings that it does not have.
        """
        codes = self._desk.spec.failures
        prompt = params.get("positivePrompt")
        asked = [plan_magic(magic, codes) for magic in find_magic(prompt)]
        magic = tuple(planned for planned in asked if planned is not None)
        if len(magic) < len(bracketed := find_bracketed(prompt)):
            self._hint(bracketed)
        return magic if self.has_no_rules else (*magic, *self._ruled(key, params))

    def _ruled(self, key: Key, params: Mapping[str, Any]) -> tuple[Planned, ...]:
        kept: Plan | None = self._desk.store.get(Shelf.PLANS, key)
        numbers = tuple(play.number for play in self._in_force(key[0]))
        if kept is not None and kept.scenarios == numbers:
            return kept.ruled
        ruled = self._choose(key[0], params, None)
        self._desk.keep(Shelf.PLANS, key, Plan(numbers, ruled), _WEIGHT * (1 + len(ruled)))
        return ruled

    def _choose(self, owner: str, params: Mapping[str, Any], task_type: str | None) -> tuple[Planned, ...]:
        """Return the faults of the first rule that takes a task: of the rules for its key, then of those for all."""
        chosen = (play.choose(owner, params, task_type) for play in self._in_force(owner))
        return next((faults for faults in chosen if faults), ())

    def _in_force(self, owner: str) -> list[Play]:
        return [play for play in (self._plays.get(owner), self._plays.get(None)) if play is not None]

    def by_rule(self, owner: str, task: Mapping[str, Any], size: int, answer: Callable[[], Any]) -> Any:
        """Answer a request that hands in no video, as the rules about its task type have it.

        Args:
            owner: digest of the key, or "".
            task: the task as sent.
            size: bytes of the body that it came in.
            answer: answers it as if nothing were wrong.
        """
        faults = self._choose(owner, task, str(task.get("taskType")))
        return self.go_on([Hit(planned.fault, make(planned)) for planned in faults], (), size, task, answer)

    def _hint(self, bracketed: Iterable[tuple[str, str]]) -> None:
        """Say which magic value was probably meant by words that are none."""
        codes = self._desk.spec.failures
        for text, word in bracketed:
            if text in self._seen or len(self._seen) >= MOST_SEEN or len(text) > LONGEST_SEEN:
                continue
            self._seen.add(text)
            is_name = word in FAULTS or word in codes
            near = word if is_name else nearest(word, (*FAULTS, *codes), ALIKE)
            if near and not (is_name and find_magic(text)):
                self._say(f"{show(text)} in a prompt is plain text; did you mean [[{near}]]?")

    def violation(self, problem: BadFault) -> Violation:
        """Return why a prompt is refused whose magic value cannot be used."""
        error = self._desk.spec.catalogue.for_rule("*", "positivePrompt")
        message = f"{error.say(parameter='positivePrompt')} A magic value cannot be used: {problem}."
        return Violation("/positivePrompt", "positivePrompt", "magic", None, problem.where, message, None, error)

    def take(self, key: Key, faults: tuple[Planned, ...], moment: Moment) -> list[Hit]:
        """Return the faults that act at a moment, and count that they did."""
        chosen = [index for index, planned in enumerate(faults) if acts(planned, moment)]
        if not chosen:
            return []
        if any(faults[index].times is not None or faults[index].skip for index in chosen):
            chosen = self._count(key, faults, chosen)
        return [Hit(faults[index].fault, make(faults[index])) for index in chosen]

    def letter(self, key: Key, task: Task, index: int, moment: Moment) -> Letter:
        """Return how a webhook or an upload goes out.

        Args:
            key: of the task in the store.
            task: the task.
            index: which of its results.
            moment: which of the two it is.
        """
        letter = Letter(task, index)
        if task.faults:
            for hit in self.take(key, task.faults, moment):
                letter = hit.fault.carry(letter)
        return letter

    def download(self, task: Task) -> tuple[Download, Sequence[str]]:
        """Return how a file of a task goes out, and the faults that made it so."""
        download = Download()
        if not task.faults:
            return download, ()
        hits = self.take((task.owner, task.uuid.lower()), task.faults, Moment.DOWNLOAD)
        for hit in hits:
            download = hit.fault.serve(download)
        return download, [hit.name for hit in hits]

    def go_on(
        self, hits: Sequence[Hit], names: Sequence[str], size: int, params: Mapping[str, Any], answer: Callable[[], Any]
    ) -> Any:
        """Answer a request that faults hit.

        Args:
            hits: the faults that act on it.
            names: faults that shaped the task, which is seen in every answer about it.
            size: bytes of the body that the task came in.
            params: the task.
            answer: answers it as if nothing were wrong with the request.

        Returns:
            What `answer` returns, in `Spoilt` where something may be seen of the faults; `Postponed` where the
            request needs time to arrive.
        """
        slow = [hit for hit in hits if hit.fault.hold_ms(size)]
        if not slow:
            return self._arrive(hits, names, params, answer)
        until_ms = self._desk.clock.now_ms() + sum(hit.fault.hold_ms(size) for hit in slow)
        names = [*names, *(hit.name for hit in slow)]
        return Postponed(until_ms, partial(self._arrive, hits, names, params, answer))

    def _arrive(
        self, hits: Sequence[Hit], names: Sequence[str], params: Mapping[str, Any], answer: Callable[[], Any]
    ) -> Any:
        refusals = ((hit.name, hit.fault.refuse()) for hit in hits)
        by, code = next((refusal for refusal in refusals if refusal[1] is not None), ("", None))
        made = answer() if code is None else self._desk.wire.error(code, params)
        return spoilt(made, hits, [*names, by] if by else names)

    def _count(self, key: Key, faults: tuple[Planned, ...], chosen: Sequence[int]) -> list[int]:
        now_ms = self._desk.clock.now_ms()

        def change(kept: Plan | None) -> tuple[Entry, list[int]]:
            plan = kept or Plan((), ())
            before = plan.chances if plan.faults == faults else (0,) * len(faults)
            after = tuple(count + (index in chosen) for index, count in enumerate(before))
            hits = [index for index in chosen if _is_hit(faults[index], before[index])]
            return Entry(plan._replace(faults=faults, chances=after), now_ms, _WEIGHT * (1 + len(faults))), hits

        return self._desk.store.update(Shelf.PLANS, key, change)


#: How many keys have rules of their own; past it the key whose rules came first loses them.
MOST_PLAYS = 1000
#: Roughly how many bytes a planned fault takes.
_WEIGHT = 200


def _is_hit(planned: Planned, chances: int) -> bool:
    turn = chances - planned.skip
    return turn >= 0 and (planned.times is None or turn < planned.times)


def acts(planned: Planned, moment: Moment) -> bool:
    """Say whether a fault acts at a moment."""
    moments = FAULTS[planned.fault].moments
    if moments >= ANSWER and moment in ANSWER:
        return planned.on in ("any", moment.value)
    return moment in moments


def lasting(faults: Iterable[Planned], hits: Sequence[Hit]) -> tuple[Planned, ...]:
    """Return the faults that matter after a task was taken on: those yet to come, and those that shaped it."""
    names = {hit.name for hit in hits}
    return tuple(
        planned
        for planned in faults
        if any(acts(planned, moment) for moment in Moment if moment is not Moment.SUBMIT)
        or (planned.fault in names and FAULTS[planned.fault].moments >= TASK and not planned.on)
    )


def views(hits: Iterable[Hit]) -> list[str]:
    """Return the names of the faults that change how a poll sees the task."""
    return [hit.name for hit in hits if type(hit.fault).view is not Fault.view]


def marks(faults: Iterable[Planned]) -> list[str]:
    """Return the names of the faults that shaped a task: every answer about it shows what they did."""
    return [planned.fault for planned in faults if Moment.SUBMIT in FAULTS[planned.fault].moments and not planned.on]


__all__ = ["BadFault", "Hit", "Plans", "Postponed", "Spoilt", "lasting", "marks", "views"]
