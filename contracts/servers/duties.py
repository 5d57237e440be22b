"""The duties of servers, each a pure function from a talk to what breaks it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contracts.checks.base import MUST, SHOULD, sentence_of, shown
from contracts.servers.talk import Kind, Talk, Turn


@dataclass(frozen=True, slots=True)
class Deviation:
    """One breach of a duty.

    Attributes:
        said: what is wrong, in a sentence.
        turn: the request and answer in which it is seen.
    """

    said: str
    turn: Turn


Find = Callable[[Talk], Iterator[Deviation]]


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of servers.

    Attributes:
        name: what it is called, as in "refuses-mistakes".
        severity: "must" where clients break otherwise, else "should".
        find: yields what breaks it.
        source: where it comes from, and whether that is stated, observed or assumed.
    """

    name: str
    severity: str
    find: Find
    source: str

    @property
    def about(self) -> str:
        """The duty in a sentence."""
        return sentence_of(self.find)


def answers(talk: Talk) -> Iterator[Deviation]:
    """Every request is answered."""
    for turn in talk.turns:
        if not turn.status:
            yield Deviation(f"no answer came ({turn.problem})", turn)


def answers_in_json(talk: Talk) -> Iterator[Deviation]:
    """Every answer is a JSON object with data or errors, and says that it is JSON."""
    for turn in _answered(talk):
        if turn.media_type != "application/json":
            yield Deviation(f"Content-Type is {turn.media_type!r}", turn)
        if not isinstance(turn.document, dict) or not turn.document.keys() & {"data", "errors"}:
            yield Deviation(f"the answer is {shown(turn.answer[:80])}", turn)


def never_fails(talk: Talk) -> Iterator[Deviation]:
    """No request is answered with 5xx."""
    for turn in _answered(talk):
        if turn.status >= 500:
            yield Deviation(f"answered {turn.status} to {turn.kind.value}: clients try again what is hopeless", turn)


def refuses_mistakes(talk: Talk) -> Iterator[Deviation]:
    """A task with a mistake is refused."""
    for turn in talk.of(Kind.MISTAKE):
        if not turn.errors and turn.status < 400:
            yield Deviation(f"took a task with a mistake: {turn.about}", turn)


def refuses_without_a_key(talk: Talk) -> Iterator[Deviation]:
    """A request without a key is refused with 401."""
    for turn in talk.of(Kind.NO_KEY):
        if turn.status != 401:
            yield Deviation(f"answered {turn.status} to a request without a key", turn)


def refuses_broken_bodies(talk: Talk) -> Iterator[Deviation]:
    """A body that is no JSON is refused with 400."""
    for turn in talk.of(Kind.BROKEN):
        if turn.status != 400:
            yield Deviation(f"answered {turn.status} to a body that is no JSON", turn)


def refuses_with_4xx(talk: Talk) -> Iterator[Deviation]:
    """What is refused has a status of 4xx."""
    for turn in talk.of(Kind.MISTAKE, Kind.UNKNOWN, Kind.AGAIN):
        if turn.errors and not 400 <= turn.status < 500:
            yield Deviation(f"answered errors with status {turn.status}", turn)


def lists_errors(talk: Talk) -> Iterator[Deviation]:
    """Errors stand in the list errors, each with code and message; there is no member error."""
    for turn in _answered(talk):
        document = turn.document if isinstance(turn.document, dict) else {}
        if "error" in document:
            yield Deviation("there is a member error; clients look for the list errors", turn)
        if turn.is_refusal_due and turn.status >= 400 and not turn.errors:
            yield Deviation(f"refused with {turn.status} and no errors", turn)
        for error in turn.errors:
            for name in ("code", "message"):
                if not isinstance(error.get(name), str) or not error[name]:
                    yield Deviation(f"an error has no {name}: {shown(dict(error))}", turn)


def has_no_errors_on_success(talk: Talk) -> Iterator[Deviation]:
    """What went well is answered without a member errors, not even an empty one."""
    for turn in talk.of(Kind.FREE, Kind.SUBMIT, Kind.POLL):
        document = turn.document if isinstance(turn.document, dict) else {}
        if turn.items and "errors" in document and not turn.errors:
            yield Deviation(f"errors is {shown(document['errors'])} although all went well", turn)


def names_the_error(talk: Talk) -> Iterator[Deviation]:
    """The code of an error is the one that the documentation has for the mistake."""
    for turn in talk.of(Kind.MISTAKE, Kind.NO_KEY, Kind.UNKNOWN, Kind.AGAIN):
        codes = {str(error.get("code")) for error in turn.errors}
        if codes and turn.codes and not codes & turn.codes:
            wanted = " or ".join(sorted(turn.codes))
            yield Deviation(f"the code is {', '.join(sorted(codes))}, due is {wanted} ({turn.about})", turn)


def names_the_task(talk: Talk) -> Iterator[Deviation]:
    """The error of a task names its taskUUID, by which clients find whom to tell."""
    for turn in talk.of(Kind.MISTAKE, Kind.UNKNOWN, Kind.AGAIN):
        uuid = turn.task.get("taskUUID")
        if turn.errors and isinstance(uuid, str) and len(uuid) == _UUID_LENGTH:
            named = [error.get("taskUUID") for error in turn.errors]
            if uuid not in named:
                yield Deviation(f"the error names the task {named[0]!r}, not {uuid}", turn)


def names_the_parameter(talk: Talk) -> Iterator[Deviation]:
    """The error of a mistake names the parameter that is wrong."""
    for turn in talk.of(Kind.MISTAKE):
        if turn.errors and not any(error.get("parameter") for error in turn.errors):
            yield Deviation(f"no error names a parameter ({turn.about})", turn)


def tells_of_unknown_tasks(talk: Talk) -> Iterator[Deviation]:
    """A poll of a task that was never handed in is answered with an error, and no empty list."""
    for turn in talk.of(Kind.UNKNOWN):
        if not turn.errors:
            yield Deviation("an unknown task is answered without an error: clients poll it until they give up", turn)


def acknowledges_with_the_uuid(talk: Talk) -> Iterator[Deviation]:
    """A good task is acknowledged at once: one item with taskType and taskUUID."""
    for turn in talk.of(Kind.SUBMIT):
        uuids = [item.get("taskUUID") for item in turn.items]
        if uuids != [turn.task["taskUUID"]]:
            yield Deviation(f"the acknowledgement names {uuids or 'nothing'}", turn)


def echoes_nothing(talk: Talk) -> Iterator[Deviation]:
    """The acknowledgement holds taskType and taskUUID alone: clients take an address in it for the result."""
    for turn in talk.of(Kind.SUBMIT):
        for item in turn.items:
            others = sorted(item.keys() - {"taskType", "taskUUID"})
            if others:
                yield Deviation(f"the acknowledgement has {', '.join(others)} too", turn)


def refuses_a_uuid_twice(talk: Talk) -> Iterator[Deviation]:
    """The same taskUUID again is refused, so that nothing is made twice."""
    for turn in talk.of(Kind.AGAIN):
        if not turn.errors:
            yield Deviation("the same task was taken on twice", turn)


def polls_tell_the_whole_state(talk: Talk) -> Iterator[Deviation]:
    """What a poll told of a finished result, every later poll tells again."""
    known: dict[str, Any] = {}
    for turn in talk.of(Kind.POLL):
        now = {str(item.get("videoUUID")): item for item in turn.items if item.get("videoURL")}
        lost = known.keys() - now.keys()
        if lost:
            yield Deviation(f"result {min(lost)} was told before and is not told again", turn)
        known |= now


def results_have_status(talk: Talk) -> Iterator[Deviation]:
    """Every item of a poll says processing or success."""
    for turn in talk.of(Kind.POLL):
        for item in turn.items:
            if item.get("status") not in ("processing", "success"):
                yield Deviation(f"an item has the status {item.get('status')!r}", turn)


def items_name_the_task(talk: Talk) -> Iterator[Deviation]:
    """Every item of a poll has the taskUUID and the original taskType of the task."""
    for turn in talk.of(Kind.POLL):
        for item in turn.items:
            if item.get("taskUUID") != turn.task["taskUUID"]:
                yield Deviation(f"an item names the task {item.get('taskUUID')!r}", turn)
            if item.get("taskType") == "getResponse":
                yield Deviation("an item has the taskType of the poll, not that of the task", turn)


def processing_has_no_video(talk: Talk) -> Iterator[Deviation]:
    """An item in processing has no videoURL, which clients take for a finished result."""
    for turn in talk.of(Kind.POLL):
        for item in turn.items:
            if item.get("status") == "processing" and "videoURL" in item:
                yield Deviation("an item in processing has a videoURL", turn)


def results_are_complete(talk: Talk) -> Iterator[Deviation]:
    """A finished result has videoUUID and videoURL, and the cost where it was asked for."""
    submitted = talk.of(Kind.SUBMIT)
    wanted = ["videoUUID", "videoURL", *(["cost"] if any(t.task.get("includeCost") for t in submitted) else [])]
    for turn in talk.of(Kind.POLL):
        for item in turn.items:
            missing = [name for name in wanted if item.get("status") == "success" and not item.get(name)]
            if missing:
                yield Deviation(f"a finished result lacks {', '.join(missing)}", turn)


def makes_as_many_as_asked(talk: Talk) -> Iterator[Deviation]:
    """There are as many finished results as were asked for, each with a videoUUID of its own."""
    submitted, polls = talk.of(Kind.SUBMIT), talk.of(Kind.POLL)
    if not submitted or not polls or any(item.get("status") != "success" for item in polls[-1].items):
        return
    number = submitted[-1].task.get("numberResults", 1)
    uuids = [item.get("videoUUID") for item in polls[-1].items]
    if len(set(uuids)) + len(polls[-1].errors) != number:
        yield Deviation(f"asked for were {number} results, made are {len(set(uuids))} different ones", polls[-1])


def _answered(talk: Talk) -> list[Turn]:
    return [turn for turn in talk.turns if turn.status]


_UUID_LENGTH = 36

_DOC_ERRORS, _DOC_POLL = "documentation of errors (stated)", "documentation of task polling (stated)"
_CLIENTS = "official clients break otherwise (observed)"

#: Every duty of servers, by name, in the order of reports.
DUTIES: Mapping[str, Duty] = MappingProxyType(
    {
        find.__name__.replace("_", "-"): Duty(find.__name__.replace("_", "-"), severity, find, source)
        for find, severity, source in (
            (answers, MUST, "HTTP (stated)"),
            (answers_in_json, MUST, f"documentation of connections (stated); {_CLIENTS}"),
            (never_fails, MUST, f"{_DOC_ERRORS}; {_CLIENTS}"),
            (refuses_mistakes, MUST, "the parameter page (stated)"),
            (refuses_without_a_key, MUST, "documentation of authentication (stated)"),
            (refuses_broken_bodies, SHOULD, _DOC_ERRORS),
            (refuses_with_4xx, MUST, _DOC_ERRORS),
            (lists_errors, MUST, f"{_DOC_ERRORS}; {_CLIENTS}"),
            (has_no_errors_on_success, MUST, _CLIENTS),
            (names_the_error, SHOULD, "documentation of errors, as schema/errors.json has it (partly assumed)"),
            (names_the_task, MUST, f"{_DOC_ERRORS}; {_CLIENTS}"),
            (names_the_parameter, SHOULD, _DOC_ERRORS),
            (tells_of_unknown_tasks, MUST, _CLIENTS),
            (acknowledges_with_the_uuid, MUST, f"{_DOC_POLL}; {_CLIENTS}"),
            (echoes_nothing, MUST, _CLIENTS),
            (refuses_a_uuid_twice, MUST, _DOC_ERRORS),
            (polls_tell_the_whole_state, MUST, f"{_DOC_POLL}; {_CLIENTS}"),
            (results_have_status, MUST, _DOC_POLL),
            (items_name_the_task, MUST, f"{_DOC_POLL}; {_CLIENTS}"),
            (processing_has_no_video, MUST, f"{_DOC_POLL}; {_CLIENTS}"),
            (results_are_complete, MUST, "documentation of video results (stated)"),
            (makes_as_many_as_asked, MUST, "the parameter page, numberResults (stated)"),
        )
    }
)
