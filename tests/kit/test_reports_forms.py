"""Reports for programs have the form that is promised for them, and none tells a key, whatever is in it."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from time import process_time
from typing import Any
from xml.etree import ElementTree

import pytest

from contracts.checks import CHECKS
from contracts.clients.python import PythonClient
from contracts.recording import Outcome
from contracts.report import Report
from contracts.reports import FORMATS, show
from contracts.reports.hiding import without_keys
from contracts.reports.marks import mark_of
from contracts.runner import Runner
from contracts.stage import Stage
from mockserver.output import Output
from tests.kit.forms import HOSTILE, KEY, OTHER_KEY, REPORT, SUBJECT, UUID, exchange, hostile, report_on
from tests.kit.sound import client
from tests.support.archives import HAR

POLL = {"taskType": "getResponse", "taskUUID": UUID}
TASK = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": HOSTILE}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("facts", [{}, {"known": {"sends-values-untouched": f"because {HOSTILE}"}}])
def test_no_report_tells_a_key_or_holds_what_terminals_act_on(form: str, facts: dict[str, Any]) -> None:
    """Neither the key of the example, nor a part of it where a value is cut, nor one that the client had elsewhere."""
    told = FORMATS[form](hostile(**facts), SUBJECT)
    for secret in (KEY, KEY[-8:], OTHER_KEY):
        assert secret not in told
    if form in ("text", "html", "junit"):
        assert not re.search("[^\n\\x20-\\x7e\xa0-\u202d\u2030-\U0010ffff]", told)


@pytest.mark.parametrize("value", [f"Bearer {OTHER_KEY}", OTHER_KEY, f"Basic {OTHER_KEY}"])
def test_the_key_in_a_header_is_hidden_whoever_it_belongs_to(value: str) -> None:
    """A client that shows its own key in place of the one that it was given is told so without it."""
    report = report_on(exchange(TASK, headers=(("authorization", value),)), check="shows-its-key")
    for form in FORMATS.values():
        assert OTHER_KEY not in form(report, SUBJECT)
    [finding] = json.loads(FORMATS["json"](report, SUBJECT))["findings"]
    assert finding["found"].endswith("<another key>")


LIVE = "sk-live-9f8e7d6c5b4a3928170615243f"
CUT = f'{{"taskType":"authentication","apiKey":"{LIVE}"}}'


class Handle:
    """What a client returns that is no JSON, and shows its key."""

    def __repr__(self) -> str:
        return f"<Client key={KEY}>"


def _bearer(value: str) -> dict[str, Any]:
    return {"headers": (("authorization", f"Bearer {value}"), ("content-type", "application/json"))}


HANDLES: dict[Any, Any] = {"by": Handle(), (1, 2): "", "token": LIVE}
LEAKS = {
    "a cut body": report_on(exchange(None, body=CUT.encode()), check="sends-json-lists"),
    "a cut body with the key of the example": report_on(
        exchange(None, body=CUT.replace(LIVE, KEY).encode()), check="sends-json-lists"
    ),
    "a message that repeats it": report_on(
        exchange(TASK, **_bearer(LIVE)), outcome=Outcome(message=f"{LIVE} was refused"), check="shows-its-key"
    ),
    "a long message that repeats it": report_on(
        exchange(TASK, **_bearer(LIVE)), outcome=Outcome(message=f"{'-' * 40}{LIVE}{'-' * 40}"), check="shows-its-key"
    ),
    "another spelling": report_on(
        exchange({**TASK, "positivePrompt": "another", "API_Key": LIVE}), check="sends-values-untouched"
    ),
    "a member that is added": report_on(exchange({**TASK, "access-token": LIVE}), check="sends-valid-tasks"),
    "an address": report_on(
        exchange({**TASK, "positivePrompt": "another"}, target=f"/v1?Access_Token={LIVE}"),
        outcome=Outcome(message=LIVE),
        check="sends-values-untouched",
    ),
    "a cookie": report_on(
        exchange(TASK, headers=(("cookie", f"session={LIVE}; theme=dark"),)), check="sends-json-lists"
    ),
    "an object that is returned": report_on(
        exchange({**TASK, "positivePrompt": "another"}),
        outcome=Outcome(results=[], value=Handle()),
        check="sends-values-untouched",
    ),
    "results with objects": report_on(
        exchange({**TASK, "positivePrompt": "another"}),
        outcome=Outcome(results=[HANDLES]),
        check="sends-values-untouched",
    ),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("leak", LEAKS)
def test_no_key_and_no_part_of_one_can_be_read_wherever_it_stands(form: str, leak: str) -> None:
    """Whoever it belongs to, however its place is spelt, and where its place is cut or another one repeats it."""
    told = FORMATS[form](LEAKS[leak], SUBJECT)
    for secret in (LIVE, LIVE[:12], LIVE[-8:], KEY, KEY[:12], KEY[-8:]):
        assert secret not in told


def test_the_name_of_a_task_is_no_secret_where_a_header_holds_it_as_a_key() -> None:
    """It tells tries apart, and is needed to follow a story."""
    sent = exchange({**TASK, "positivePrompt": "another"}, headers=(("idempotency-key", UUID),))
    assert UUID in FORMATS["json"](report_on(sent, check="sends-values-untouched"), SUBJECT)


@pytest.mark.parametrize(
    "text", ['"key' * 700_000, "…keyk" * 100_000, '"key":"' + "x" * 3_000_000, "?" + "key" * 900_000]
)
def test_large_bodies_take_little_time(text: str) -> None:
    """Whatever stands in them: the time grows as they do."""
    made = report_on(exchange(TASK, body=text.encode(), target=text, **_bearer(LIVE)), check="shows-its-key")
    began_s = process_time()
    without_keys(made)
    assert process_time() - began_s < 10


@pytest.mark.parametrize("form", FORMATS)
def test_half_a_pair_of_surrogates_can_be_written(form: str) -> None:
    """Programs say such when they decode file names; a report spells it out, wherever it stands."""
    wrong = "caf\udce9"
    sent = exchange({**TASK, "positivePrompt": "another"}, headers=((wrong, wrong),), target=f"/{wrong}")
    outcome = Outcome(code=wrong, message=wrong)
    report = report_on(sent, outcome=outcome, check="sends-values-untouched", known={"backs-off": wrong})
    report.broken[0] = replace(report.broken[0], finding=replace(report.broken[0].finding, said=wrong, sent=wrong))
    told = FORMATS[form](report, wrong)
    assert told.encode().decode() == told
    assert "caf\\udce9" in told
    if form == "json":
        assert json.loads(told)["findings"][0]["outcome"]["message"] == wrong


def test_half_a_pair_of_surrogates_is_shown_on_a_terminal() -> None:
    """In a message, and in the words that name the client."""
    wrong = "caf\udce9"
    out = Output(TextIOWrapper(written := BytesIO(), encoding="utf-8"))
    report = report_on(outcome=Outcome(message=f"{wrong} {KEY}"), check="keeps-its-key-to-itself")
    show(report, wrong, out)
    out.flush()
    assert "check client caf\\udce9" in written.getvalue().decode()


def test_the_json_of_a_sound_client_has_its_form() -> None:
    """With no finding, and with a known one that is mended."""
    with Stage(PythonClient(client)) as stage:
        report = Runner(stage, profile="quick", seed=1).run(["words"])
    document = json.loads(FORMATS["json"](report, SUBJECT))
    REPORT.validate(document)
    assert (document["kind"], document["findings"], document["mended"]) == ("client", [], [])
    report.known = {"backs-off": "later"}
    document = json.loads(FORMATS["json"](report, SUBJECT))
    REPORT.validate(document)
    assert document["mended"] == ["backs-off"]


@pytest.mark.parametrize("change", [{"version": 2}, {"kind": "receiver"}, {"findings": [{}]}, {"more": 1}])
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    """The schema says something."""
    document = json.loads(FORMATS["json"](hostile(), SUBJECT))
    REPORT.validate(document)
    assert not REPORT.is_valid({**document, **change})


def places() -> Sequence[tuple[Report, str, str, bool]]:
    """Return reports, the part in which something is marked, what, and whether it is missing there."""
    lost = {name: value for name, value in TASK.items() if name != "positivePrompt"}
    changed = exchange({**TASK, "positivePrompt": 'a\\b"c'})
    twice = Outcome(results=[{"videoUUID": "v"}, {"videoUUID": "v"}])
    return [
        (report_on(changed, check="sends-values-untouched"), "body", '"positivePrompt": "a\\\\b\\"c"', False),
        (report_on(exchange(lost), check="sends-what-was-asked"), "body", "}", True),
        (report_on(exchange({**TASK, "duration": 7}), check="sends-valid-tasks"), "body", '"duration": 7', False),
        (report_on(exchange({**TASK, "x/y~z": 1}), check="adds-nothing"), "body", '"x/y~z": 1', False),
        (report_on(exchange(POLL), check="polls-its-own-task"), "body", f'"taskUUID": "{UUID}"', False),
        (report_on(exchange("text"), check="sends-json-lists"), "body", '["text"]', False),
        (
            report_on(exchange(TASK, headers=[("content-type", "text/plain")]), check="sends-json-lists"),
            "header",
            "text/plain",
            False,
        ),
        (
            report_on(exchange(TASK, target=f"/v1?key={KEY}"), check="keeps-its-key-to-itself"),
            "address",
            "key=<key>",
            False,
        ),
        (
            report_on(exchange(TASK), outcome=twice, check="reports-each-result-once"),
            "outcome",
            '"videoUUID": "v"',
            False,
        ),
        (
            report_on(exchange(POLL), outcome=Outcome(code="x"), check="reports-the-code"),
            "outcome",
            '"code": "x"',
            False,
        ),
    ]


@pytest.mark.parametrize(("report", "part", "text", "is_missing"), places())
def test_the_offending_bytes_are_told_by_place(report: Report, part: str, text: str, is_missing: bool) -> None:
    """In bodies, headers, addresses and outcomes; where something is missing, the end of what should hold it."""
    document = json.loads(FORMATS["json"](report, SUBJECT))
    REPORT.validate(document)
    [finding] = document["findings"]
    place = finding["place"]
    assert (place["part"], place["text"], place["isMissing"]) == (part, text, is_missing)
    if part == "body":
        assert finding["exchanges"][0]["request"][place["start"] : place["end"]] == text


def test_people_see_carets_below_the_offending_bytes() -> None:
    """As wide as these are on a terminal, also where characters are two columns wide."""
    report = report_on(exchange({**TASK, "positivePrompt": "灯台"}), check="sends-values-untouched")
    lines = FORMATS["text"](report, SUBJECT).splitlines()
    [at] = [index for index, line in enumerate(lines) if line.startswith("  body ")]
    assert '"positivePrompt": "灯台"' in lines[at]
    assert lines[at + 1].strip() == "^" * len('"positivePrompt": "----"')
    assert lines[at + 1].index("^") == lines[at].index('"positivePrompt"')


def test_a_body_that_cannot_be_taken_apart_is_marked_as_a_whole_or_not_at_all() -> None:
    """Nothing is marked where the place cannot be said."""
    twice = exchange(TASK, body=b'[{"taskType": "videoInference", "taskType": "videoInference"}]')
    [broken] = report_on(twice, check="sends-what-was-asked").broken
    assert mark_of(broken) is None
    assert "  body " not in FORMATS["text"](report_on(twice, check="sends-what-was-asked"), SUBJECT)


def test_build_servers_read_known_findings_as_skipped() -> None:
    """Counts are right, members stand in the order of the schema, and only new findings fail."""
    known = {"sends-values-untouched": "for now", "backs-off": "later"}
    suites = ElementTree.fromstring(FORMATS["junit"](hostile(known=known), SUBJECT))  # noqa: S314, it is our own
    [suite] = suites
    assert suites.tag == "testsuites"
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": str(len(CHECKS)),
        "failures": "0",
        "errors": "0",
        "skipped": "1",
        "time": "1.500",
    }
    assert [each.tag for each in suite] == ["properties", *["testcase"] * len(CHECKS)]
    told = {case.get("name"): [*case] for case in suite.iter("testcase") if len(case)}
    assert {name: [each.tag for each in members] for name, members in told.items()} == {
        "sends-values-untouched": ["skipped"],
        "backs-off": ["system-out"],
    }
    assert "for now" in str(told["sends-values-untouched"][0].get("message"))


def test_workflows_read_known_findings_as_notices() -> None:
    """Nothing but notices is left."""
    lines = FORMATS["github"](hostile(known={"sends-values-untouched": "for now", "backs-off": "later"}), SUBJECT)
    assert {line.partition(" ")[0] for line in lines.splitlines()} == {"::notice"}
    assert "title=backs-off::not broken any more" in lines


def test_failing_exchanges_are_an_archive() -> None:
    """Each finding is a page, its exchanges are entries, the offending one says why, and secrets are hidden."""
    sent = [
        exchange(POLL),
        exchange(TASK, 2, status=None, ended_at_ms=None, answers=(), faults=("reset-before-answer",)),
    ]
    document = json.loads(FORMATS["har"](report_on(*sent, check="polls-its-own-task"), SUBJECT))
    HAR.validate(document)
    [page] = document["log"]["pages"]
    first, second = document["log"]["entries"]
    assert page["id"] == first["pageref"] == second["pageref"] == "polls-its-own-task"
    assert "never handed in" in first["comment"]
    assert second["comment"] == "faults: reset-before-answer; no answer came"
    assert json.loads(first["request"]["postData"]["text"]) == [POLL]
    assert {"name": "authorization", "value": "Bearer <key>"} in first["request"]["headers"]
    assert (first["request"]["url"], first["time"], second["response"]["status"]) == ("http://127.0.0.1:9/v1", 20, 0)
    assert second["startedDateTime"] == "1970-01-01T00:00:01.500Z"


def test_messages_are_told_in_an_archive_as_browsers_tell_them() -> None:
    """With what was sent and every frame that came, without the key of the authentication."""
    hello = exchange(
        {"taskType": "authentication", "apiKey": KEY},
        transport="websocket",
        connection=1,
        status=0,
        answers=[b"1", b"2"],
    )
    ping = exchange(POLL, 2, transport="websocket", connection=1, status=0, answers=())
    document = json.loads(FORMATS["har"](report_on(hello, ping, check="polls-its-own-task"), SUBJECT))
    HAR.validate(document)
    first, second = document["log"]["entries"]
    assert first["request"]["url"] == "ws://127.0.0.1:9/v1"
    assert [(each["type"], each["data"]) for each in first["_webSocketMessages"][1:]] == [
        ("receive", "1"),
        ("receive", "2"),
    ]
    assert json.loads(first["_webSocketMessages"][0]["data"])[0]["apiKey"] == "<key>"
    assert len(second["_webSocketMessages"]) == 1
