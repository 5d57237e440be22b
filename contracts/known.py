"""Duties that a client is known to break, from a file: each with the reason why that is accepted for now."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mockserver.places import BadYaml, read_yaml
from mockserver.spec.documents import escape
from mockserver.spec.suggest import nearest


class BadKnown(Exception):
    """A file of known findings cannot be used.

    Attributes:
        where: file, line and column, as in "known.yaml:4:9".
        place: JSON Pointer of what is wrong.
        problem: what is wrong there, and how to mend it.
    """

    def __init__(self, where: str, place: str, problem: str) -> None:
        super().__init__(where, place, problem)
        self.where = where
        self.place = place
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.place}: {self.problem}" if self.place else f"{self.where}: {self.problem}"


class _Bad(Exception):
    """What is wrong at a place of the document."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(place, problem)
        self.place = place
        self.problem = problem


def load_known(path: Path, checks: Collection[str]) -> Mapping[str, str]:
    """Read known findings from a file of YAML or JSON.

    Args:
        path: the file: `known`, a list of `check` and `reason`.
        checks: names of the duties that there are.

    Returns:
        The reasons by the names of duties.

    Raises:
        BadKnown: it cannot be read or used; says where and why.
    """
    try:
        data, places = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadKnown(str(path), "", f"cannot be read ({problem.strerror})") from problem
    except UnicodeDecodeError as problem:
        raise BadKnown(str(path), "", f"cannot be read ({problem})") from problem
    except BadYaml as problem:
        raise BadKnown(f"{path}:{problem.line}:{problem.column}", "", problem.problem) from problem
    try:
        return _read(data, checks)
    except _Bad as problem:
        line, column = places.near(problem.place)
        raise BadKnown(f"{path}:{line}:{column}", problem.place, problem.problem) from None


def _read(data: Any, checks: Collection[str]) -> Mapping[str, str]:
    known: dict[str, str] = {}
    entries = _object("", data, ("known",)).get("known")
    if not isinstance(entries, list):
        raise _Bad("/known", "a list is expected, each with a check and a reason")
    for index, each in enumerate(entries):
        place = f"/known/{index}"
        entry = _object(place, each, ("check", "reason"))
        name = _text(f"{place}/check", entry.get("check"), "the name of a duty is expected, as a report shows it")
        if name not in checks:
            near = nearest(name, tuple(checks))
            hint = f"did you mean {near}?" if near else "runware-mock checks lists them"
            raise _Bad(f"{place}/check", f"there is no check {name!r}; {hint}")
        if name in known:
            raise _Bad(f"{place}/check", f"{name} stands here a second time; take one of them out")
        known[name] = _text(f"{place}/reason", entry.get("reason"), "say in a few words why this is accepted for now")
    return known


def _object(place: str, value: Any, names: Collection[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Bad(place, f"an object is expected, with {' and '.join(names)}")
    for name in value:
        if name not in names:
            near = nearest(name, tuple(names))
            hint = f"did you mean {near}?" if near else f"there is {' and '.join(names)}"
            raise _Bad(f"{place}/{escape(name)}", f"there is no such member; {hint}")
    return value


def _text(place: str, value: Any, wanted: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Bad(place, wanted)
    return " ".join(value.split())
