"""Takes what several calls of a client said apart: whose each request, and each answer, is.

A call is known in requests by the prompt of its task, which no other has, or else by the order in which calls began;
then by the taskUUID. Where a request, an answer or a frame is about several tasks, each call is given its part.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from contracts.recording import Exchange, Json, objects_at


@dataclass(frozen=True)
class Call:
    """One call of the client.

    Attributes:
        task: what it was asked for.
        began_at_ms: when it began, in milliseconds from the beginning of the session.
        ended_at_ms: when it ended.
    """

    task: Json
    began_at_ms: int
    ended_at_ms: int


@dataclass(frozen=True)
class Part:
    """What was said for one call.

    Attributes:
        exchanges: its exchanges, numbered from 1, with times from the beginning of the call.
        earlier: taskUUIDs that others of the session had before it had one.
    """

    exchanges: Sequence[Exchange]
    earlier: Collection[str]


@dataclass
class _Names:
    """By what a call is known: its prompt, and the taskUUIDs, in lower case, under which it was handed in."""

    prompt: Any
    uuids: set[str] = field(default_factory=set)


def part(exchanges: Sequence[Exchange], calls: Sequence[Call]) -> list[Part]:
    """Return what was said for each of the calls.

    Args:
        exchanges: what was said for all of them, in order, with times from the beginning of the session.
        calls: the calls, in the order in which they began.
    """
    names = _named(exchanges, calls)
    holders = [[_holders(sent, names) for sent in exchange.tasks] for exchange in exchanges]
    parts = []
    for place, call in enumerate(calls):
        own = [*_own(exchanges, holders, names, place, call)]
        moved = [_moved(exchange, number, call.began_at_ms) for number, exchange in enumerate(own, 1)]
        parts.append(Part(moved, _earlier(exchanges, holders, place)))
    return parts


def _named(exchanges: Sequence[Exchange], calls: Sequence[Call]) -> list[_Names]:
    """Say under which taskUUIDs each call handed its task in.

    Prompts that the client changed are dealt out in the order in which they came, if there are as many as calls that
    have none: else nobody can say whose they are.
    """
    names = [_Names(call.task.get("positivePrompt")) for call in calls]
    strangers: list[Json] = []
    for sent in (sent for exchange in exchanges for sent in exchange.tasks if _is_submission(sent)):
        known = next((each for each in names if each.prompt == sent.get("positivePrompt")), None)
        if known is None:
            strangers.append(sent)
        else:
            known.uuids.add(_uuid(sent))
    spoilt = _by_prompt(sent for sent in strangers if not any(_uuid(sent) in each.uuids for each in names))
    nameless = [each for each in names if not each.uuids]
    if len(spoilt) == len(nameless):
        for each, uuids in zip(nameless, spoilt, strict=True):
            each.uuids |= uuids
    return names


def _by_prompt(strangers: Iterable[Json]) -> list[set[str]]:
    """Return the taskUUIDs of tasks whose prompt no call has, those together that were handed in with one prompt.

    Without a prompt, tasks are told apart by the taskUUID alone.
    """
    found: dict[str, set[str]] = {}
    for sent in strangers:
        prompt = sent.get("positivePrompt")
        key = f"uuid {_uuid(sent)}" if prompt is None else f"prompt {prompt!r}"
        found.setdefault(key, set()).add(_uuid(sent))
    return [*found.values()]


def _is_submission(sent: Json) -> bool:
    return sent.get("taskType") == "videoInference"


def _uuid(sent: Json) -> str:
    return str(sent.get("taskUUID")).lower()


def _holders(sent: Json, names: Sequence[_Names]) -> frozenset[int]:
    """Return the places of the calls that an object in a request is of."""
    if _is_submission(sent):
        by_prompt = [place for place, each in enumerate(names) if each.prompt == sent.get("positivePrompt")]
        if by_prompt:
            return frozenset(by_prompt)
    return frozenset(place for place, each in enumerate(names) if _uuid(sent) in each.uuids)


def _own(
    exchanges: Sequence[Exchange],
    holders: Sequence[Sequence[frozenset[int]]],
    names: Sequence[_Names],
    place: int,
    call: Call,
) -> Iterator[Exchange]:
    """Yield the parts of exchanges that one call has."""
    uuids = names[place].uuids
    foreign = {uuid for each in names for uuid in each.uuids} - uuids
    connections = {
        exchange.connection
        for exchange, of in zip(exchanges, holders, strict=True)
        if any(place in each for each in of)
    } - {0}
    frames = _frames(exchanges, holders, place, uuids, connections)
    known = foreign | uuids
    for exchange, of in zip(exchanges, holders, strict=True):
        if any(place in each for each in of):
            sent = [task for task, each in zip(exchange.tasks, of, strict=True) if place in each or not each]
            body = exchange.body if len(sent) == len(exchange.tasks) else orjson.dumps(sent)
            if exchange.transport == "http":
                answers = [_narrowed(answer, foreign) for answer in exchange.answers]
            else:
                answers = [
                    *(each for each in exchange.answers if not _uuids_in(each)),
                    *frames.get(exchange.number, ()),
                ]
            yield replace(exchange, body=body, answers=[_narrowed(answer, foreign) for answer in answers])
        elif not any(of) and _is_shared(exchange, call, connections):
            if exchange.transport == "http":
                yield exchange
                continue
            answers = [_narrowed(answer, known) for answer in exchange.answers if not _is_about(answer, known)]
            yield replace(exchange, answers=[*answers, *frames.get(exchange.number, ())])


def _is_about(answer: bytes, known: Collection[str]) -> bool:
    """Say whether an answer is about tasks that were handed in, and about nothing else."""
    uuids = _uuids_in(answer)
    return bool(uuids) and uuids <= set(known)


def _is_shared(exchange: Exchange, call: Call, connections: Collection[int]) -> bool:
    """Say whether an exchange that is of no task is looked at with a call: what came while it was under way.

    Of a connection that it used, the authentication belongs to it too, whenever that was.
    """
    if _is_authentication(exchange) and exchange.connection in connections:
        return True
    is_meanwhile = call.began_at_ms <= exchange.at_ms <= call.ended_at_ms
    return is_meanwhile and (exchange.connection == 0 or exchange.connection in connections)


def _is_authentication(exchange: Exchange) -> bool:
    return any(sent.get("taskType") == "authentication" for sent in exchange.tasks)


def _frames(
    exchanges: Sequence[Exchange],
    holders: Sequence[Sequence[frozenset[int]]],
    place: int,
    uuids: Collection[str],
    connections: Collection[int],
) -> Mapping[int, Sequence[bytes]]:
    """Return the frames that tell a call of its task, by the number of its exchange that they answer.

    A frame is written down with the last message on its connection, which may be another call's. What was not
    delivered comes straight after the authentication of the next connection: it belongs to that where the call goes
    on to use the connection, else to what the call said last.
    """
    last: dict[int, int] = {}
    latest: int | None = None
    found: dict[int, list[bytes]] = {}
    for exchange, of in zip(exchanges, holders, strict=True):
        if exchange.transport != "websocket":
            continue
        if any(place in each for each in of):
            last[exchange.connection] = latest = exchange.number
        elif exchange.connection in connections and _is_authentication(exchange):
            last.setdefault(exchange.connection, exchange.number)
        answered = last.get(exchange.connection, latest)
        if answered is not None:
            own = [answer for answer in exchange.answers if _uuids_in(answer) & set(uuids)]
            found.setdefault(answered, []).extend(own)
    return found


def _uuids_in(answer: bytes) -> set[str]:
    """Return the taskUUIDs, in lower case, that an answer is about."""
    document = _parsed(answer)
    told = [item for name in ("data", "errors") for item in objects_at(document, name)]
    return {_uuid(item) for item in told if isinstance(item.get("taskUUID"), str)}


def _narrowed(answer: bytes, foreign: Collection[str]) -> bytes:
    """Return an answer without what it says of other tasks; as it is where it says nothing of them."""
    if not _uuids_in(answer) & set(foreign):
        return answer
    document = _parsed(answer)
    kept = {
        name: [item for item in value if not (isinstance(item, dict) and _uuid(item) in foreign)]
        for name, value in document.items()
        if name in ("data", "errors") and isinstance(value, list)
    }
    return orjson.dumps({**document, **kept})


def _parsed(answer: bytes) -> Any:
    try:
        return orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None


def _earlier(exchanges: Sequence[Exchange], holders: Sequence[Sequence[frozenset[int]]], place: int) -> frozenset[str]:
    """Return the taskUUIDs under which others handed tasks in before a call did."""
    found: set[str] = set()
    for exchange, of in zip(exchanges, holders, strict=True):
        for sent, each in zip(exchange.tasks, of, strict=True):
            if _is_submission(sent) and place in each:
                return frozenset(found)
            if _is_submission(sent) and each:
                found.add(str(sent.get("taskUUID")))
    return frozenset(found)


def _moved(exchange: Exchange, number: int, by_ms: int) -> Exchange:
    ended = None if exchange.ended_at_ms is None else exchange.ended_at_ms - by_ms
    return replace(exchange, number=number, at_ms=exchange.at_ms - by_ms, ended_at_ms=ended)
