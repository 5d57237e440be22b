"""Which tasks meet which faults: rules as data, from a file, over the control API or as Python objects.

Here rules are read, refused with a place and a mend where they cannot be used, and held against one task. Counting is
left to `mockserver.plans`. The form of a document is described for editors by `schema/scenario.json`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.engine.values import Planned
from mockserver.faults import FAULTS
from mockserver.faults.base import ANSWER
from mockserver.faults.reading import FAILURE, BadFault, plan
from mockserver.spec.documents import escape
from mockserver.spec.suggest import nearest


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as people write it.

    Attributes:
        match: which tasks it takes: params, key, nth, every, probability; all of them unless given.
        outcome: error code that the generation ends with, or None.
        faults: names of faults, or objects of one name and its settings.
        times: how many tasks of a key it takes, or None for all.
        name: what it is called in reports.
    """

    match: Mapping[str, Any] = field(default_factory=dict)
    outcome: str | None = None
    faults: Sequence[str | Mapping[str, Mapping[str, Any]]] = ()
    times: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Rules, as people write them; the first that takes a task decides about it.

    Attributes:
        rules: in the order in which they are looked at.
        seed: what `probability` draws from.
    """

    rules: Sequence[Rule]
    seed: int = 0

    def as_data(self) -> dict[str, Any]:
        """Return it as it stands in a file, without what is not said."""
        rules = [{name: value for name, value in asdict(rule).items() if value} for rule in self.rules]
        return {"seed": self.seed, "rules": rules} if self.seed else {"rules": rules}


@dataclass(frozen=True, slots=True)
class ReadRule:
    """One rule, ready to be held against tasks.

    Attributes:
        name: what it is called in reports.
        conditions: dotted paths of parameters, and what must be so of their values.
        task_type: the task type that it is about, or None for submissions of videos.
        key: the API key that it is about, or None for all.
        nth: which of the tasks of a key that fit it takes, 1 being the first; empty for all.
        every: it takes every so many-th task of a key that fits.
        probability: how likely it takes a task that fits.
        faults: what goes wrong.
        times: how many tasks of a key it takes, or None for all.
    """

    name: str
    conditions: tuple[tuple[str, str, Any], ...]
    task_type: str | None
    key: str | None
    nth: tuple[int, ...]
    every: int
    probability: float
    faults: tuple[Planned, ...]
    times: int | None

    def fits(self, params: Mapping[str, Any]) -> bool:
        """Say whether the parameters of a task are as the rule wants them."""
        return all(CONDITIONS[kind](find(params, path), value) for path, kind, value in self.conditions)

    def takes(self, number: int, draw: bytes) -> bool:
        """Say whether the rule takes a task that fits.

        Args:
            number: how many tasks of its key fitted so far, this one included.
            draw: 8 bytes of chance.
        """
        if self.nth and number not in self.nth:
            return False
        if number % self.every:
            return False
        return self.probability >= 1 or int.from_bytes(draw, "big") < self.probability * 2**64


@dataclass(frozen=True, slots=True)
class ReadScenario:
    """Rules, ready to be held against tasks.

    Attributes:
        data: the document that they were read from.
        rules: in the order in which they are looked at.
        seed: what `probability` draws from.
    """

    data: Mapping[str, Any]
    rules: tuple[ReadRule, ...]
    seed: int

    def draw(self, rule: int, number: int) -> bytes:
        """Return 8 bytes of chance for the n-th task of a key that fits a rule: the same for every key."""
        return blake2b(f"{rule} {number}".encode(), digest_size=8, key=str(self.seed).encode()).digest()


class BadScenario(Exception):
    """A scenario cannot be used.

    Attributes:
        place: JSON Pointer of what is wrong.
        problem: what is wrong there, and how to mend it.
        where: file, line and column, as in "flaky.yaml:4:9", or "".
    """

    def __init__(self, place: str, problem: str, where: str = "") -> None:
        super().__init__(place, problem, where)
        self.place = place
        self.problem = problem
        self.where = where

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.where or 'scenario'}: {place}{self.problem}"


#: What a parameter that is not there is taken for.
MISSING = object()


def find(params: Any, path: str) -> Any:
    """Return what stands at a dotted path, such as "inputs.frameImages.0.frame", or `MISSING`."""
    here = params
    for part in path.split("."):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdecimal() and len(part) < _DIGITS and int(part) < len(here):
            here = here[int(part)]
        else:
            return MISSING
    return here


#: No list is so long that the number of one of its members has so many digits.
_DIGITS = 10


def _equals(found: Any, wanted: Any) -> bool:
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(found, str):
        return isinstance(wanted, str) and wanted in found
    if isinstance(found, Mapping):
        return isinstance(wanted, str) and wanted in found
    return isinstance(found, list) and any(_equals(each, wanted) for each in found)


def _number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


#: What can be said of a parameter's value: its value and what is wanted, in; whether it is so, out.
CONDITIONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "equals": _equals,
        "one_of": lambda found, wanted: any(_equals(found, each) for each in wanted),
        "contains": _contains,
        "at_least": lambda found, wanted: _number(found) and bool(found >= wanted),
        "at_most": lambda found, wanted: _number(found) and bool(found <= wanted),
        "present": lambda found, wanted: (found is not MISSING) == wanted,
    }
)

_RULE = ("name", "match", "outcome", "faults", "times")
_MATCH = ("params", "model", "key", "nth", "every", "probability")
_MOST = 2**31


def read_scenario(data: Any, codes: Collection[str], generations: Collection[str]) -> ReadScenario:
    """Read a scenario.

    Args:
        data: a JSON document.
        codes: errors that can be named.
        generations: task types that make videos.

    Raises:
        BadScenario: it cannot be used; says where and why.
    """
    document = _object("", data, ("seed", "rules"))
    seed = _whole("/seed", document.get("seed", 0), 0, 2**63 - 1)
    rules = document.get("rules")
    if not isinstance(rules, list):
        raise BadScenario("/rules", "a list of rules is expected")
    reader = _Reader(codes, generations)
    return ReadScenario(document, tuple(reader.rule(index, rule) for index, rule in enumerate(rules)), seed)


def read_conditions(place: str, params: Any) -> tuple[tuple[str, str, Any], ...]:
    """Read what must be so of parameters: a value, a list of values, or an object of conditions, by dotted path.

    Args:
        place: JSON Pointer of where it stands.
        params: what stands there.

    Raises:
        BadScenario: it cannot be used.
    """
    if not isinstance(params, Mapping):
        raise BadScenario(place, "an object is expected: dotted paths of parameters and their values")
    return tuple(
        each for path, wanted in params.items() for each in _conditions(f"{place}/{escape(path)}", path, wanted)
    )


def _conditions(place: str, path: str, wanted: Any) -> list[tuple[str, str, Any]]:
    if isinstance(wanted, list):
        return [(path, "one_of", wanted)]
    if not isinstance(wanted, Mapping):
        return [(path, "equals", wanted)]
    if not wanted:
        raise BadScenario(place, f"a condition is expected: {', '.join(CONDITIONS)}")
    return [(path, kind, _wanted(f"{place}/{escape(kind)}", kind, value)) for kind, value in wanted.items()]


def _wanted(place: str, kind: str, value: Any) -> Any:
    if kind not in CONDITIONS:
        raise BadScenario(place, _unknown("condition", kind, tuple(CONDITIONS)))
    if kind == "one_of" and not isinstance(value, list):
        raise BadScenario(place, "a list is expected")
    if kind == "present" and not isinstance(value, bool):
        raise BadScenario(place, "true or false is expected")
    if kind in ("at_least", "at_most") and not _number(value):
        raise BadScenario(place, "a number is expected")
    return value


@dataclass(frozen=True, slots=True)
class _Reader:
    codes: Collection[str]
    generations: Collection[str]

    def rule(self, index: int, data: Any) -> ReadRule:
        place = f"/rules/{index}"
        rule = _object(place, data, _RULE)
        match = _object(f"{place}/match", rule.get("match", {}), _MATCH)
        params = {**match.get("params", {})} if isinstance(match.get("params", {}), Mapping) else match["params"]
        conditions = read_conditions(f"{place}/match/params", params)
        if "model" in match:
            conditions = (*conditions, *_conditions(f"{place}/match/model", "model", match["model"]))
        wanted = params.get("taskType", MISSING)
        task_type = wanted if isinstance(wanted, str) and wanted not in self.generations else None
        return ReadRule(
            name=_text(f"{place}/name", rule.get("name", f"rule {index + 1}")),
            conditions=conditions,
            task_type=task_type,
            key=_text(f"{place}/match/key", match["key"]) if "key" in match else None,
            nth=_numbers(f"{place}/match/nth", match.get("nth", [])),
            every=_whole(f"{place}/match/every", match.get("every", 1), 1, _MOST),
            probability=_share(f"{place}/match/probability", match.get("probability", 1)),
            faults=self.faults(place, rule, task_type),
            times=_whole(f"{place}/times", rule["times"], 1, _MOST) if "times" in rule else None,
        )

    def faults(self, place: str, rule: Mapping[str, Any], task_type: str | None) -> tuple[Planned, ...]:
        listed = rule.get("faults", [])
        if not isinstance(listed, list):
            raise BadScenario(f"{place}/faults", "a list of faults is expected")
        faults = [self.fault(f"{place}/faults/{index}", each) for index, each in enumerate(listed)]
        if "outcome" in rule:
            faults.append(self.planned(f"{place}/outcome", FAILURE, {"code": rule["outcome"]}))
        if not faults:
            raise BadScenario(place, "nothing happens: give it an outcome or faults")
        for index, planned in enumerate(faults):
            if task_type is not None and not FAULTS[planned.fault].moments >= ANSWER:
                problem = f"{planned.fault} happens to videos; a rule about {task_type} takes faults that spoil answers"
                raise BadScenario(f"{place}/faults/{index}", problem)
        return tuple(faults)

    def fault(self, place: str, data: Any) -> Planned:
        if isinstance(data, str):
            return self.planned(place, data, {})
        if not isinstance(data, Mapping) or len(data) != 1:
            raise BadScenario(place, "the name of a fault is expected, or an object of one name and its settings")
        [(name, settings)] = data.items()
        if not isinstance(settings, Mapping | None):
            raise BadScenario(f"{place}/{name}", "an object of settings is expected")
        return self.planned(place, str(name), settings or {})

    def planned(self, place: str, name: str, settings: Mapping[str, Any]) -> Planned:
        try:
            return plan(name, settings, self.codes)
        except BadFault as problem:
            raise BadScenario(place, str(problem)) from None


def _object(place: str, data: Any, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise BadScenario(place, f"an object is expected: {', '.join(known)}")
    for name in data:
        if name not in known:
            raise BadScenario(f"{place}/{escape(str(name))}", _unknown("member", str(name), known))
    return data


def _whole(place: str, value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise BadScenario(place, f"{value!r} is not a whole number from {least} to {most}")
    return value


def _numbers(place: str, value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_whole(place, each, 1, _MOST) for each in values)


def _share(place: str, value: Any) -> float:
    if not _number(value) or not 0 <= value <= 1:
        raise BadScenario(place, f"{value!r} is not a number from 0 to 1")
    return float(value)


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadScenario(place, f"{value!r} is no text")
    return value


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"there is no such {what}; " + (f"did you mean {near!r}?" if near else f"there are {', '.join(known)}")


def load_scenario(path: Path, codes: Collection[str], generations: Collection[str]) -> ReadScenario:
    """Read a scenario from a file of YAML or JSON.

    Raises:
        BadScenario: it cannot be read or used; says in which line and column.
    """
    from mockserver.places import BadYaml, read_yaml

    try:
        data, places = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadScenario("", f"cannot be read ({problem.strerror})", str(path)) from problem
    except UnicodeDecodeError as problem:
        raise BadScenario("", f"cannot be read ({problem})", str(path)) from problem
    except BadYaml as problem:
        raise BadScenario("", problem.problem, f"{path}:{problem.line}:{problem.column}") from problem
    try:
        return read_scenario(data, codes, generations)
    except BadScenario as problem:
        line, column = places.near(problem.place)
        raise BadScenario(problem.place, problem.problem, f"{path}:{line}:{column}") from None
