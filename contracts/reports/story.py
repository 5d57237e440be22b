"""An example as a story: who said what when, a line each. Shared by the reports that show it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts.checks.base import shown
from contracts.recording import Exchange, Outcome, Recording
from contracts.report import Broken

#: Most exchanges that are told from the beginning and from the end of a long example.
FIRST, LAST = 6, 4


def story(broken: Broken) -> list[str]:
    """Return the lines of an example; what breaks the duty is marked at its end."""
    recording, place = broken.recording, broken.finding.exchange
    lines = [*_told(recording, place)] if recording.session is None else [*told_together(recording, place)]
    mark = "   <-- here" if not place else ""
    name = "" if recording.session is None else f"{shown(recording.task.get('positivePrompt')):<14} "
    lines.append(f"{_at(recording.began_at_ms + recording.ended_at_ms)}  {name}{_ended(recording)}{mark}")
    return [line.replace(recording.api_key, "<key>") for line in lines]


def _told(recording: Recording, place: int) -> Iterator[str]:
    exchanges = recording.exchanges
    left_out = 0
    for exchange in exchanges:
        if FIRST < exchange.number <= len(exchanges) - LAST and exchange.number != place:
            left_out += 1
            continue
        if left_out:
            yield f"            … {left_out} exchange{'' if left_out == 1 else 's'} like these …"
        left_out = 0
        mark = "   <-- here" if exchange.number == place else ""
        yield f"{_at(exchange.at_ms)}  --> {_request(exchange)}{mark}"
        yield f"            <-- {_answer(exchange)}"


def told_together(recording: Recording, place: int) -> Iterator[str]:
    """Yield what was said for several calls at once, in order, with the prompt that tells them apart."""
    moments: list[tuple[int, bool, list[str]]] = []
    for who in (*recording.companions, recording):
        is_judged, name = who is recording, shown(who.task.get("positivePrompt"))
        for exchange in _worth_telling(who.exchanges, place if is_judged else 0):
            mark = "   <-- here" if is_judged and exchange.number == place else ""
            asked = f"{_at(who.began_at_ms + exchange.at_ms)}  {name:<14} --> {_request(exchange)}{mark}"
            answered = f"            {name:<14} <-- {_answer(exchange)}"
            moments.append((who.began_at_ms + exchange.at_ms, is_judged, [asked, answered]))
        if not is_judged:
            ended_at_ms = who.began_at_ms + who.ended_at_ms
            moments.append((ended_at_ms, False, [f"{_at(ended_at_ms)}  {name:<14} {_ended(who)}"]))
    for _, _, lines in sorted(moments, key=lambda moment: moment[:2]):
        yield from lines


def _worth_telling(exchanges: Sequence[Exchange], place: int) -> list[Exchange]:
    """Return the first and the last exchanges of a call, and the one that is marked."""
    return [each for each in exchanges if each.number <= 3 or each.number > len(exchanges) - 2 or each.number == place]


def _at(at_ms: int) -> str:
    return f"{at_ms / 1000:8.3f} s"


def _request(exchange: Exchange) -> str:
    tasks = ", ".join(f"{task.get('taskType')} {str(task.get('taskUUID', ''))[:8]}".strip() for task in exchange.tasks)
    way = "message" if exchange.transport == "websocket" else f"POST {exchange.target}"
    return f"{way}: {tasks or shown(exchange.body)}"


def _answer(exchange: Exchange) -> str:
    status = [] if exchange.transport == "websocket" else [str(exchange.status or "no answer")]
    items = [_item(item) for item in exchange.items]
    errors = [str(error.get("code")) for error in exchange.errors]
    faults = [f"[{name}]" for name in exchange.faults]
    return " ".join([*status, ", ".join([*items, *errors]), *faults]).strip() or "nothing"


def _item(item: Mapping[str, Any]) -> str:
    uuid = item.get("videoUUID")
    word = item.get("status", "acknowledged")
    return f"{word} {uuid[:8]}" if isinstance(uuid, str) else str(word)


def _ended(recording: Recording) -> str:
    return f"the caller {_ending(recording.outcome)}"


def _ending(outcome: Outcome) -> str:
    if outcome.is_endless:
        return "was still waiting"
    if outcome.results is None:
        code = f" with code {outcome.code!r}" if outcome.code else " without a code"
        return f"got an error{code}: {shown(outcome.message)}"
    if outcome.value is not None:
        return f"got {shown(outcome.value)}"
    uuids = [str(item.get("videoUUID", "an item without a video"))[:8] for item in outcome.results]
    return f"got {len(uuids)} result{'' if len(uuids) == 1 else 's'}" + (f": {', '.join(uuids)}" if uuids else "")


def example_of(recording: Recording) -> str:
    """Return an example as it is handed to `--example`."""
    example = {"task": recording.task, "behaviour": recording.behaviour}
    return json.dumps(recording.session or example, ensure_ascii=False)


def replay(recording: Recording, subject: str) -> str:
    """Return the command that plays an example again."""
    quoted = example_of(recording).replace("'", "'\\''")
    return f"runware-mock check client {subject} --example '{quoted}'"


def headline(broken: Sequence[Broken], examples: int, took_s: float, checks: int) -> str:
    """Return the sum of a run in a line."""
    found = f"{len(broken)} broken dut{'y' if len(broken) == 1 else 'ies'}" if broken else "nothing broken"
    played = f"{examples} example{'' if examples == 1 else 's'}"
    return f"{found}; {checks} dut{'y' if checks == 1 else 'ies'} looked at in {played}, {took_s:.1f} s"
