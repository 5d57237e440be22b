"""From words to faults: a name and settings, as people write them, become a planned fault, or the reason why not."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import Field, fields
from functools import lru_cache
from math import nan
from typing import Any, cast

from mockserver.engine.magic import Magic
from mockserver.engine.values import Planned
from mockserver.faults import FAULTS
from mockserver.faults.base import ANSWER, Fault
from mockserver.spec.suggest import nearest

#: Settings that every fault has; `on` only those that spoil answers.
COMMON = ("times", "skip")
REQUESTS = ("submit", "poll", "any")
#: The fault that a bare error code in a prompt stands for.
FAILURE = "fail-generation"
_MANY = 2**31


class BadFault(Exception):
    """A fault cannot be used as it is written.

    Attributes:
        where: the fault, or the fault and its setting.
        problem: what is wrong, and how to mend it.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def settings_of(kind: type[Fault]) -> Mapping[str, "Field[Any]"]:
    """Return the settings of a fault that are its own, by name."""
    return {each.name: each for each in fields(cast("Any", kind))}


def plan(name: str, settings: Mapping[str, Any], codes: Collection[str]) -> Planned:
    """Return a planned fault.

    Args:
        name: a key of `FAULTS`.
        settings: what differs from its defaults; numbers may be written as text.
        codes: errors that can be named.

    Raises:
        BadFault: there is no such fault or setting, or the value is none that it takes.
    """
    kind = FAULTS.get(name)
    if kind is None:
        near = _near(name, FAULTS)
        raise BadFault(name, f"there is no such fault; {near}" if near else "there is no such fault")
    own = settings_of(kind)
    known = (*own, *COMMON, *(["on"] if kind.moments >= ANSWER else []))
    read: dict[str, Any] = {}
    for key, value in settings.items():
        where = f"{name}.{key}"
        if key in own:
            read[key] = _own(where, own[key], value, codes)
        elif key not in known:
            near = _near(key, known)
            raise BadFault(where, f"there is no such setting; {near or 'there are ' + ', '.join(known)}")
    times = _times(f"{name}.times", settings["times"]) if "times" in settings else kind.times
    skip = _whole(f"{name}.skip", settings.get("skip", 0), 0, _MANY)
    on = _choice(f"{name}.on", settings["on"], REQUESTS) if "on" in settings else kind.on
    return Planned(name, tuple(read.items()), times, skip, on)


def plan_magic(magic: Magic, codes: Collection[str]) -> Planned | None:
    """Return the fault that a magic value asks for, or None for words that are none.

    Raises:
        BadFault: the fault exists, and its settings cannot be used.
    """
    if magic.word in FAULTS:
        return plan(magic.word, magic.settings, codes)
    if magic.word in codes:
        return plan(FAILURE, {"code": magic.word, **magic.settings}, codes)
    return None


@lru_cache(maxsize=1024)
def make(planned: Planned) -> Fault:
    """Return a planned fault, ready to act."""
    return FAULTS[planned.fault](**dict(planned.settings))


def _own(where: str, field: "Field[Any]", value: Any, codes: Collection[str]) -> Any:
    about = field.metadata
    match field.default:
        case bool():
            if value not in (True, False, "true", "false"):
                raise BadFault(where, f"{value!r} is neither true nor false")
            return value in (True, "true")
        case str():
            if about["choices"]:
                return _choice(where, value, about["choices"])
            if not isinstance(value, str) or value not in codes:
                near = _near(value, codes) if isinstance(value, str) else ""
                raise BadFault(where, f"{value!r} is no error code of the API" + (f"; {near}" if near else ""))
            return value
        case int():
            return _whole(where, value, int(about["least"]), int(about["most"]))
        case _:
            return _number(where, value, about["least"], about["most"])


def _whole(where: str, value: Any, least: int, most: int) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if type(number) is not int or not least <= number <= most:
        raise BadFault(where, f"{value!r} is not a whole number from {least} to {most}")
    return number


def _number(where: str, value: Any, least: float, most: float) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else nan
    except ValueError:
        number = nan
    if not least <= number <= most:
        raise BadFault(where, f"{value!r} is not a number from {least:g} to {most:g}")
    return number


def _times(where: str, value: Any) -> int | None:
    return None if value == "always" else _whole(where, value, 1, _MANY)


def _choice(where: str, value: Any, choices: Iterable[str]) -> str:
    if value not in choices:
        raise BadFault(where, f"{value!r} is not one of {', '.join(choices)}")
    return str(value)


def _near(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else ""
