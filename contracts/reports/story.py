"""An example as a story: who said what when, step by step. Shared by the reports that show it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Any

from contracts.checks.base import shown
from contracts.recording import Exchange, Outcome, Recording
from contracts.report import Broken, Report
from contracts.reports.marks import printable
from mockserver.spec.wording import count, listed

#: Most exchanges that are told from the beginning and from the end of a long example.
FIRST, LAST = 6, 4
#: The same for each of several calls.
FEW_FIRST, FEW_LAST = 3, 2
#: Most words that an answer is told in.
MOST_WORDS = 5
#: Longest value that is shown on a line, in characters.
LONGEST = 100


class Way(Enum):
    """Which way something goes in a story."""

    REQUEST = "request"
    ANSWER = "answer"
    LEFT_OUT = "left out"
    END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story.

    Attributes:
        way: a request to the service, its answer, exchanges that are left out, or what the caller got.
        words: what is said.
        at_ms: when, in milliseconds from the beginning, or None where that is not known.
        is_here: whether this is where the duty is broken.
        number: the exchange that it belongs to, or 0.
    """

    way: Way
    words: str
    at_ms: int | None = None
    is_here: bool = False
    number: int = 0


def steps(broken: Broken) -> Iterator[Step]:
    """Yield the steps of an example, the middle of a long one left out."""
    recording, place = broken.recording, broken.finding.exchange
    if recording.companions:
        yield from _together(recording, place)
        return
    for left_out, exchange in told_exchanges(broken):
        if left_out:
            yield Step(Way.LEFT_OUT, f"… {count(left_out, 'exchange')} like these …")
        number = exchange.number
        yield Step(Way.REQUEST, _request(exchange), exchange.at_ms, number == place, number)
        yield Step(Way.ANSWER, _answer(exchange), exchange.ended_at_ms, number=number)
    yield Step(Way.END, _ended(recording), recording.ended_at_ms, not place)


def _together(recording: Recording, place: int) -> Iterator[Step]:
    """Yield the steps of several calls at once, in order, each with the prompt that tells them apart."""
    moments = [
        (at_ms, who is recording, told)
        for who in (*recording.companions, recording)
        for at_ms, told in _moments(who, place if who is recording else None)
    ]
    for _, _, told in sorted(moments, key=lambda moment: moment[:2]):
        yield from told


def _moments(who: Recording, place: int | None) -> Iterator[tuple[int, Sequence[Step]]]:
    """Yield what happened in one of several calls, with when; the place is None where the call is not to blame."""
    name, last = shown(who.task.get("positivePrompt")), len(who.exchanges)
    for exchange in who.exchanges:
        if FEW_FIRST < exchange.number <= last - FEW_LAST and exchange.number != place:
            continue
        asked_ms, number = who.began_at_ms + exchange.at_ms, 0 if place is None else exchange.number
        answered_ms = None if exchange.ended_at_ms is None else who.began_at_ms + exchange.ended_at_ms
        request = Step(Way.REQUEST, f"{name} {_request(exchange)}", asked_ms, exchange.number == place, number)
        yield asked_ms, [request, Step(Way.ANSWER, f"{name} {_answer(exchange)}", answered_ms, number=number)]
    ended_ms = who.began_at_ms + who.ended_at_ms
    yield ended_ms, [Step(Way.END, f"{name} {_ended(who)}", ended_ms, place == 0)]


def told_exchanges(broken: Broken) -> Iterator[tuple[int, Exchange]]:
    """Yield the exchanges that are told of an example, each with how many are left out before it."""
    exchanges, left_out = broken.recording.exchanges, 0
    for exchange in exchanges:
        if FIRST < exchange.number <= len(exchanges) - LAST and exchange.number != broken.finding.exchange:
            left_out += 1
            continue
        yield left_out, exchange
        left_out = 0


def _request(exchange: Exchange) -> str:
    tasks = ", ".join(f"{task.get('taskType')} {str(task.get('taskUUID', ''))[:8]}".strip() for task in exchange.tasks)
    way = "message" if exchange.transport == "websocket" else f"POST {exchange.target}"
    return printable(f"{way}: {tasks or shown(exchange.body)}")


def _answer(exchange: Exchange) -> str:
    status = [] if exchange.transport == "websocket" else [str(exchange.status or "no answer")]
    told = [*map(_item, exchange.items), *(str(error.get("code")) for error in exchange.errors)]
    faults = [f"[{name}]" for name in exchange.faults]
    return printable(" ".join([*status, _listed(told), *faults]).strip() or "nothing")


def _listed(words: Sequence[str]) -> str:
    """Return words in a row: equal ones once, with their number, and of many the first."""
    told = [(word, len([*equal])) for word, equal in groupby(words)]
    parts = [word if times == 1 else f"{word} (×{times})" for word, times in told[:MOST_WORDS]]
    more = sum(times for _, times in told[MOST_WORDS:])
    return ", ".join([*parts, f"{more} more"] if more else parts)


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
    uuids = [str(item["videoUUID"])[:8] if "videoUUID" in item else "one without a video" for item in outcome.results]
    return printable(f"got {count(len(uuids), 'result')}" + (f": {_listed(uuids)}" if uuids else ""))


def value_of(value: Any, longest: int = LONGEST) -> str:
    """Return a value as JSON, on one line, its middle left out where it is long; "nothing" where there is none."""
    if value is None:
        return "nothing"
    text = printable(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= longest else f"{text[: longest - 17]}…{text[-16:]}"


def example_of(recording: Recording) -> str:
    """Return an example as it is handed to `--example`."""
    return _exact(recording.session or {"task": recording.task, "behaviour": recording.behaviour})


def task_of(recording: Recording) -> str:
    """Return the task of an example."""
    return _exact(recording.task)


def behaviour_of(recording: Recording) -> str:
    """Return what the service did in an example: the kind of behaviour, and its rules."""
    return f"{recording.family}: {_exact(recording.behaviour['rules'])}"


def _exact(value: Any) -> str:
    """Return a value as JSON that says the same and holds nothing that a terminal would act on."""
    return printable(json.dumps(value, ensure_ascii=False, default=str))


def replay(recording: Recording, subject: str) -> str:
    """Return the command that plays an example again."""
    quoted = example_of(recording).replace("'", "'\\''")
    return f"runware-mock check client {subject} --example '{quoted}'"


def headline(report: Report) -> str:
    """Return the sum of a run in a line."""
    duties, broken, known = len(report.checks), len(report.broken), len(report.broken) - len(report.new)
    found = f"{broken} broken {_duties(broken)}" if broken else "nothing broken"
    accepted = f", {known} of them known" if known else ""
    played = f"{duties} {_duties(duties)} looked at in {count(report.examples, 'example')}"
    untried = f"; there was too little time for {listed(report.untried, last='and')}" if report.untried else ""
    return f"{found}{accepted}; {played}, {report.took_s:.1f} s{untried}"


def _duties(number: int) -> str:
    return "duty" if number == 1 else "duties"
