"""Where exchanges come from beside the kit: the journal of a mock, and HTTP archives, its own or anybody's.

A journal holds what the mock answered before its faults spoilt it, and the faults' names: they are let act again here,
with the settings that they have by default.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from contracts.recording import Exchange
from mockserver.faults import FAULTS
from mockserver.faults.base import End, Frame, Frames, Outgoing

#: Kinds of entries that are attempts at deliveries, and those of requests and late answers.
_HEARD = frozenset({"request", "result"})
#: Names of faults behind the outcome of a task. Source: mockserver/plans.py, Spoilt.worded
_FAULTS = re.compile(r" \(([a-z0-9, -]+)\)$")


class BadArchive(ValueError):
    """A document is no HTTP archive that could be read; says where and why."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in a source.

    Attributes:
        exchanges: in their order.
        gaps: sentences that say what is missing.
    """

    exchanges: Sequence[Exchange]
    gaps: tuple[str, ...] = ()


def from_journal(entries: Sequence[Mapping[str, Any]]) -> Heard:
    """Return what the entries of a journal tell, as the control API shows them.

    Entries are counted from 1, so a number that is not there belongs to one that was dropped.
    """
    dropped = max((entry["number"] for entry in entries), default=0) - len(entries)
    gaps = (_dropped(dropped),) if dropped > 0 else ()
    return Heard([_noted(entry) for entry in entries if entry["kind"] in _HEARD], gaps)


def _dropped(number: int) -> str:
    said = "1 entry of the journal is" if number == 1 else f"{number:,} entries of the journal are"
    return f"{said} not there any more (--journal says how many a mock keeps)"


def _noted(entry: Mapping[str, Any]) -> Exchange:
    """Return an entry of a journal as it looked on the wire."""
    body = entry["unread"].encode() if entry.get("unread") else orjson.dumps(entry["tasks"])
    answers = [orjson.dumps(answer) for answer in entry["answers"]]
    names = [name for outcome in entry["outcomes"] for name in _fault_names(str(outcome))]
    spoil = _spoilt_frames if entry["transport"] == "websocket" else _spoilt_answer
    status, answers = spoil(entry["status"], answers, names)
    return _exchange(entry["number"], entry["transport"], entry["target"], body, status, answers, names)


def _exchange(
    number: int,
    transport: str,
    target: str,
    body: bytes,
    status: int | None,
    answers: Sequence[bytes],
    faults: Sequence[str] = (),
) -> Exchange:
    return Exchange(number, transport, 0, 0, None, target, (), body, status, tuple(answers), tuple(faults))


def _fault_names(outcome: str) -> list[str]:
    found = _FAULTS.search(outcome)
    names = found[1].split(", ") if found else []
    return [name for name in names if name in FAULTS]


_Answered = tuple[int | None, list[bytes]]


def _spoilt_answer(status: int, answers: Sequence[bytes], names: Iterable[str]) -> _Answered:
    outgoing = Outgoing(status, b"".join(answers))
    for name in names:
        outgoing = FAULTS[name]().spoil(outgoing)
    if outgoing.end in (End.UNSENT, End.NEVER):
        return None, []
    body = outgoing.body[: outgoing.cut_at] if outgoing.end is End.CUT else outgoing.body
    return outgoing.status, [body]


def _spoilt_frames(status: int, answers: Sequence[bytes], names: Iterable[str]) -> _Answered:
    frames = Frames(tuple([Frame(answer) for answer in answers]))
    for name in names:
        frames = FAULTS[name]().disturb(frames)
    is_lost = frames.end in (End.UNSENT, End.NEVER, End.CUT)
    return status, [] if is_lost else [frame.payload for frame in frames.frames]


def from_archive(document: Any) -> Heard:
    """Return what an HTTP archive tells: one of a mock like its journal, any other by its requests.

    Raises:
        BadArchive: it is no archive; says where and why.
    """
    entries = _at(_at(document, "log", dict, "/log"), "entries", list, "/log/entries")
    if any(isinstance(entry, dict) and "_entry" in entry for entry in entries):
        return from_journal([_own(index, entry) for index, entry in enumerate(entries)])
    found = [exchange for index, entry in enumerate(entries) for exchange in _foreign(index, entry)]
    return Heard([exchange for exchange in found if any("taskType" in task for task in exchange.tasks)])


def _at(holder: Any, name: str, kind: type, place: str) -> Any:
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, kind):
        raise BadArchive(f"{place}: {'a list' if kind is list else 'an object'} is expected; is it an HTTP archive?")
    return value


def _own(index: int, entry: Any) -> Mapping[str, Any]:
    """Return the journal's entry that stands in an entry of an archive of a mock."""
    place = f"/log/entries/{index}/_entry"
    told: Mapping[str, Any] = _at(entry, "_entry", dict, place)
    wanted = {"number": int, **(_OF_AN_EXCHANGE if told.get("kind") in _HEARD else {})}
    for name, kind in wanted.items():
        if not isinstance(told.get(name), kind):
            raise BadArchive(f"{place}: its {name} cannot be read; export the archive of the mock again")
    return {"kind": "", **told}


_OF_AN_EXCHANGE = {"transport": str, "target": str, "status": int, "tasks": list, "outcomes": list, "answers": list}


def _foreign(index: int, entry: Any) -> Iterator[Exchange]:
    """Yield the exchanges that an entry of any tool tells of."""
    place = f"/log/entries/{index}"
    request, response = (_at(entry, name, dict, f"{place}/{name}") for name in ("request", "response"))
    target = urlsplit(str(request.get("url"))).path
    messages = entry.get("_webSocketMessages")
    if isinstance(messages, list):
        yield from _messages(index, target, [each for each in messages if isinstance(each, dict)])
        return
    sent, status = request.get("postData"), response.get("status")
    if isinstance(sent, dict) and isinstance(sent.get("text"), str):
        body = sent["text"].encode("utf-8", "replace")
        # Browsers write 0, and some tools -1, where no answer came.
        told = status if isinstance(status, int) and status > 0 else None
        yield _exchange(index + 1, "http", target, body, told, [_content(response.get("content"))] if told else [])


def _messages(index: int, target: str, messages: Sequence[Mapping[str, Any]]) -> Iterator[Exchange]:
    """Yield the messages that were sent, each with those that came until the next one was."""
    sent, came = b"", list[bytes]()
    for message in (*messages, {"type": "send", "data": ""}):
        data = str(message.get("data", "")).encode("utf-8", "replace")
        if message.get("type") != "send":
            came.append(data)
            continue
        if sent or came:
            yield _exchange(index + 1, "websocket", target, sent, 0, came)
        sent, came = data, []


def _content(content: Any) -> bytes:
    if not isinstance(content, dict) or not isinstance(content.get("text"), str):
        return b""
    text: str = content["text"]
    if content.get("encoding") != "base64":
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""
