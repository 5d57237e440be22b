"""What a call of the control API asks for: its body and its query string, read, or the reason why they cannot be.

What is done about it is left to `mockserver.control`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from mockserver.inquiry import Expected, Filter, read_filter
from mockserver.spec.publish import control_document
from mockserver.spec.suggest import nearest


class Refused(Exception):
    """A call cannot be carried out.

    Attributes:
        status: HTTP status.
        errors: objects with code, message and, where one part of the body is to blame, pointer.
    """

    def __init__(self, status: int, code: str, message: str, pointer: str | None = None) -> None:
        super().__init__(status, code, message, pointer)
        self.status = status
        self.errors = [{"code": code, "message": message, **({} if pointer is None else {"pointer": pointer})}]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was read.

    Attributes:
        owner: digest of the key whose things are meant, or None for everybody's.
        body: the body that its schema describes, or the bytes where none does.
        query: members of the query string.
        base_url: scheme and authority under which the caller reached the mock.
    """

    owner: str | None
    body: Any
    query: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""


def checked(body: bytes, check: Callable[[Any], Iterator[Any]]) -> Any:
    """Return a body as JSON.

    Args:
        body: the bytes as they came.
        check: yields what is wrong with its form.

    Raises:
        Refused: it is no JSON, or has another form; says where and why.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise Refused(400, "unreadable", f"the body is not JSON: {problem}") from None
    try:
        error = next(check(data), None)
    except ValueError:
        raise Refused(400, "unreadable", "the body is nested too deeply") from None
    if error is not None:
        pointer = "".join(f"/{part}" for part in error.instance_path)
        raise Refused(400, "badBody", f"{pointer or 'the body'}: {_worded(error)}", pointer)
    return data


def _worded(error: Any) -> str:
    """Return what is wrong with a body; where a member is unknown, with those that there are."""
    *way, keyword = error.schema_path
    if keyword in ("minProperties", "maxProperties"):
        names = ", ".join(reduce(getitem, way, control_document())["properties"])
        return f"one of {names} is expected" if "Advance" in way else f"a number is expected: there are {names}"
    if keyword != "additionalProperties":
        return _cut(str(error.message))
    schema = reduce(getitem, way, control_document())
    known = tuple(schema["properties"])
    unknown = next(name for name in error.instance if name not in known)
    near = nearest(unknown, known)
    hint = f"did you mean {near!r}?" if near else f"there are {', '.join(known)}"
    return f"there is no {_cut(unknown)!r} here; {hint}"


def _cut(text: str) -> str:
    """Return as much of a text as somebody reads."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


#: How many characters of what was sent are shown in a refusal.
LONGEST_SHOWN = 200


class Query(NamedTuple):
    """Which entries of the journal are asked for.

    Attributes:
        after: only those with a larger number.
        limit: only so many, the newest; 0 for all.
        filters: only those that fit, or None.
    """

    after: int
    limit: int
    filters: Filter | None


_FACTS = ("kind", "taskUUID", "taskType", "transport", "status", "outcome", "error")


def read_members(query: str) -> Mapping[str, str]:
    """Return the members of a query string.

    Raises:
        Refused: there is one twice, and nobody could say which one counts.
    """
    members: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in members:
            raise Refused(400, "badQuery", f"{_cut(name)} is given more than once; give it once")
        members[name] = value
    return members


def read_query(query: Mapping[str, str]) -> Query:
    """Read which entries are asked for.

    Raises:
        Refused: there is no such filter, or a value is none that it takes.
    """
    known = (*_FACTS, "after", "limit")
    for name in query:
        if name not in known and not name.startswith("params."):
            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(known)} and params.NAME"
            raise Refused(400, "badQuery", f"there is no filter {_cut(name)!r}; {hint}")
    facts: dict[str, Any] = {name: query[name] for name in _FACTS if name in query}
    for name, value in facts.items():
        one_of = _described(name).get("enum", (value,))
        if value not in one_of:
            raise Refused(400, "badQuery", f"{name}: {_cut(value)!r} is none of {', '.join(one_of)}")
    if "status" in facts:
        facts["status"] = _whole("status", facts["status"])
    params = {name.removeprefix("params."): _value(text) for name, text in query.items() if name.startswith("params.")}
    after = _whole("after", query["after"]) if "after" in query else 0
    limit = _whole("limit", query["limit"], 1) if "limit" in query else 0
    if not facts and not params:
        return Query(after, limit, None)
    kind = {} if "kind" in facts or not params else {"kind": "request"}
    where = read_filter({**kind, **facts, "params": params})
    if "kind" not in facts and not params:
        where = replace(where, facts={name: value for name, value in where.facts.items() if name != "kind"})
    return Query(after, limit, where)


def _described(name: str) -> Mapping[str, Any]:
    """Return the schema of a fact that can be asked for."""
    schema: Mapping[str, Any] = control_document()["components"]["schemas"]["Filter"]["properties"][name]
    return schema


def _whole(name: str, text: str, least: int = 0) -> int:
    if not text.isdecimal() or len(text) > _DIGITS or int(text) < least:
        raise Refused(400, "badQuery", f"{name}: {_cut(text)!r} is not a whole number of {least} or more")
    return int(text)


#: No number of an entry, no status and no limit is longer.
_DIGITS = 15


def _value(text: str) -> Any:
    """Read a value of a query string: JSON, or else the text itself."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def read_expected(data: Mapping[str, Any], place: str) -> Expected:
    """Read how many items should fit a filter."""
    where = read_filter(data["where"], f"{place}/where")
    if "count" in data:
        if len(data) > 2:
            raise Refused(400, "badBody", f"{place}: count says it all; leave atLeast and atMost out", place)
        return Expected(where, data["count"], data["count"])
    least, most = data.get("atLeast", 0), data.get("atMost")
    if most is not None and most < least:
        raise Refused(400, "badBody", f"{place}: atMost is less than atLeast", place)
    return Expected(where, least, most)
