"""Questions to the journal: which entries fit, how many, and what they look like as JSON.

Pure: entries and a filter in, entries or a verdict out. What a filter says of parameters is what a rule of a scenario
says of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from mockserver.hidden import without_secrets
from mockserver.journal import RESULTS, Attempt, Entry, Exchange
from mockserver.scenario import CONDITIONS, MISSING, find, read_conditions

#: What entries are: tasks that were handed in, and results that went out later to whom they had been promised.
REQUEST, RESULT = "request", "result"


@dataclass(frozen=True, slots=True)
class Item:
    """What is counted: one task of a request with its outcome, its later result, or one attempt at a delivery.

    Attributes:
        entry: the entry that holds it.
        facts: what can be asked of it, by the names that filters use.
        task: the task as sent; empty for an attempt.
    """

    entry: Entry
    facts: Mapping[str, Any]
    task: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items are meant.

    Attributes:
        facts: what must be so of an item: kind, taskUUID, taskType, transport, status, outcome, error.
        conditions: dotted paths of parameters, and what must be so of their values.
    """

    facts: Mapping[str, Any]
    conditions: tuple[tuple[str, str, Any], ...] = ()

    def unmet(self, item: Item) -> list[str]:
        """Return what keeps an item from fitting, in words; nothing where it fits."""
        unmet = [
            f"{name} was {_shown(item.facts[name])}" if name in item.facts else f"there is no {name}"
            for name, wanted in self.facts.items()
            if not _is(item.facts.get(name, MISSING), wanted)
        ]
        for path, kind, wanted in self.conditions:
            value = find(item.task, path)
            if not CONDITIONS[kind](value, wanted):
                unmet.append(f"{path} was {_shown(value)}" if value is not MISSING else f"{path} was not there")
        return unmet

    def fits(self, item: Item) -> bool:
        """Say whether an item is meant."""
        return not self.unmet(item)

    def __str__(self) -> str:
        facts = [f"{name} {_shown(wanted)}" for name, wanted in self.facts.items() if name != "kind"]
        said = [_said(*condition) for condition in self.conditions]
        return " and ".join([*facts, *said])


def read_filter(data: Mapping[str, Any], place: str = "") -> Filter:
    """Read a filter whose form was checked.

    Args:
        data: members as in `Filter`, and `params`; without a kind, requests are meant.
        place: JSON Pointer of where it stands.

    Raises:
        BadScenario: a condition on a parameter cannot be used; says where and why.
    """
    facts = {"kind": REQUEST, **{name: value for name, value in data.items() if name != "params"}}
    if "taskUUID" in facts:
        facts["taskUUID"] = facts["taskUUID"].lower()
    return Filter(facts, read_conditions(f"{place}/params", data.get("params", {})))


def items_of(entries: Iterable[Entry]) -> list[Item]:
    """Return what can be counted in entries of a journal."""
    return [item for entry in entries for item in _items(entry)]


def _items(entry: Entry) -> list[Item]:
    match entry:
        case Attempt():
            facts = {
                "kind": entry.kind,
                "taskUUID": entry.task_uuid.lower(),
                "status": entry.status,
                "outcome": entry.outcome,
            }
            return [Item(entry, facts, {})]
        case Exchange() if is_result(entry):
            item = _asked(entry, 0, _first(entry))
            return [Item(entry, {**item.facts, "kind": RESULT}, {})]
        case Exchange():
            sent: Sequence[Mapping[str, Any]] = entry.tasks or [{}]
            return [_asked(entry, index, task) for index, task in enumerate(sent)]
    raise AssertionError(f"nobody counts {entry}")


def is_result(entry: Exchange) -> bool:
    """Say whether an exchange is an answer alone: over WebSocket the results of a task that was waited for."""
    return entry.target == RESULTS


def _first(entry: Exchange) -> Mapping[str, Any]:
    """Return the first item or error of an answer."""
    return next((item for answer in entry.answers for items in answer.values() for item in items), {})


def _asked(entry: Exchange, index: int, task: Mapping[str, Any]) -> Item:
    uuid, task_type = task.get("taskUUID"), task.get("taskType")
    # The names of the faults that acted stand behind it, in brackets.
    outcome = entry.outcomes[index].partition(" (")[0] if index < len(entry.outcomes) else "unanswered"
    facts: dict[str, Any] = {
        "kind": REQUEST,
        "transport": entry.transport,
        "status": entry.status,
        "outcome": outcome,
        "error": tuple(error["code"] for error in entry.errors if _is_about(error, uuid, outcome.partition(" ")[0])),
    }
    if isinstance(uuid, str):
        facts["taskUUID"] = uuid.lower()
    if isinstance(task_type, str):
        facts["taskType"] = task_type
    return Item(entry, facts, task)


def _is_about(error: Mapping[str, Any], uuid: Any, outcome: str) -> bool:
    """Say whether an error is about a task, known by its taskUUID and how it came out.

    One UUID may stand in several tasks of a request, and an error may name none.
    """
    if "taskUUID" in error:
        return bool(error["taskUUID"] == uuid) and outcome != "accepted"
    return outcome in (error.get("code"), "unanswered")


def _is(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_is(found, each) for each in wanted)
    return wanted in found if isinstance(found, tuple) else bool(found == wanted)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _said(path: str, kind: str, wanted: Any) -> str:
    if kind == "present":
        return f"{path} {'given' if wanted else 'not given'}"
    word = {"equals": "", "one_of": "one of "}.get(kind, f"{kind.replace('_', ' ')} ")
    return f"{path} {word}{_shown(wanted)}"


@dataclass(frozen=True, slots=True)
class Expected:
    """How many items should fit a filter.

    Attributes:
        where: which items are meant.
        at_least: fewest.
        at_most: most, or None.
    """

    where: Filter
    at_least: int
    at_most: int | None

    @property
    def words(self) -> str:
        """What is expected, as in "exactly 2 requests with duration 6"."""
        kind = str(self.where.facts["kind"])
        number = self.at_least if self.at_most is None else self.at_most
        noun = kind if number == 1 else f"{kind}s"
        about = str(self.where)
        return f"{self._number} {noun}{f' with {about}' if about else ''}"

    @property
    def _number(self) -> str:
        if self.at_most is None:
            return f"at least {self.at_least}"
        if self.at_least == self.at_most:
            return f"exactly {self.at_least}" if self.at_least else "no"
        return f"{self.at_least} to {self.at_most}" if self.at_least else f"at most {self.at_most}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what was expected is so.

    Attributes:
        expected: what was expected.
        found: the items that fit.
        near: for items that miss one thing, what that is.
    """

    expected: Expected
    found: Sequence[Item]
    near: Sequence[str]

    @property
    def is_met(self) -> bool:
        """Say whether as many were found as expected."""
        most = self.expected.at_most
        return self.expected.at_least <= len(self.found) and (most is None or len(self.found) <= most)

    def __str__(self) -> str:
        said = f"expected {self.expected.words}, found {len(self.found) or 'none'}"
        if self.found and not self.is_met and len(self.found) > self.expected.at_least:
            said += f" (entries {', '.join(str(item.entry.number) for item in self.found[:_FEW])})"
        if self.near and len(self.found) < self.expected.at_least:
            said += f"; nearly: {'; '.join(self.near[:_FEW])}"
        return said


_FEW = 5


def verdict(expected: Expected, items: Sequence[Item]) -> Verdict:
    """Hold what is expected against what was said."""
    found: list[Item] = []
    near: list[str] = []
    for item in items:
        unmet = expected.where.unmet(item)
        if not unmet:
            found.append(item)
        elif len(unmet) == 1 and _may_be_meant(item, expected.where):
            near.append(f"in entry {item.entry.number} {unmet[0]}")
    return Verdict(expected, found, near)


def _may_be_meant(item: Item, where: Filter) -> bool:
    """Say whether an item that misses one thing is worth showing: of another kind or a poll it hardly is."""
    is_poll = item.facts.get("taskType") == "getResponse" and "taskType" not in where.facts
    return item.facts["kind"] == where.facts["kind"] and not is_poll


def instant(at_ms: int) -> str:
    """Return a time as RFC 3339 has it, as in "2027-01-15T08:00:00.000Z"."""
    whole = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


def as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as the control API shows it.

    Who owns it is told by the first digits of a digest, and secrets in the query strings of addresses are not.
    """
    shared = {"number": entry.number, "at": instant(entry.at_ms), "atMs": entry.at_ms, "ms": round(entry.ms, 3)}
    owner = {} if entry.owner is None else {"owner": entry.owner[:8]}
    names = _ATTEMPT if isinstance(entry, Attempt) else _EXCHANGE
    kind = entry.kind if isinstance(entry, Attempt) else RESULT if is_result(entry) else REQUEST
    told = {shown: getattr(entry, name) for name, shown in names.items()}
    if isinstance(entry, Exchange) and not entry.unread:
        del told["unread"]
    return {"kind": kind, **shared, **owner, **without_secrets(told)}


_EXCHANGE: Mapping[str, str] = MappingProxyType(
    {name: name for name in ("transport", "target", "status", "tasks", "unread", "outcomes", "answers")}
)
_ATTEMPT: Mapping[str, str] = MappingProxyType(
    {
        "task_uuid": "taskUUID",
        "index": "index",
        "method": "method",
        "url": "url",
        "attempt": "attempt",
        "status": "status",
        "outcome": "outcome",
        "excerpt": "excerpt",
        "problem": "problem",
        "next_at_ms": "nextAtMs",
    }
)
