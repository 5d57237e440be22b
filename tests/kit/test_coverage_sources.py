"""A journal, and an archive of it, tell the same as what was recorded on the wire; archives of other tools are read too."""

import base64
import json
from typing import Any

import pytest

from contracts.clients.python import PythonClient
from contracts.coverage.base import Coverage
from contracts.coverage.meter import Meter
from contracts.coverage.sources import BadArchive, from_archive, from_journal
from contracts.recording import Exchange, Recording
from contracts.runner import Runner
from contracts.stage import Stage
from mockserver.har import har
from mockserver.inquiry import as_json
from mockserver.spec.load import Spec
from tests.kit.said import DONE, RUNNING, SPEC, UUID, error, heard, item, poll, seen, video
from tests.kit.sound import client
from tests.kit.test_recordings import over_websocket
from tests.support.control import Controlled
from tests.support.mocks import still_mock

#: Families in which something happens to answers that the journal of the mock does not keep as it was sent.
FAMILIES = ("words", "pictures", "several", "failing", "busy", "broken", "unacknowledged", "shaky")


def measure(spec: Spec, exchanges: Any) -> Coverage:
    """Return what was seen in exchanges."""
    meter = Meter(spec)
    meter.hear(exchanges)
    return meter.coverage()


@pytest.mark.parametrize(("made", "families"), [(client, FAMILIES), (over_websocket, ("words", "several"))])
def test_a_journal_and_its_archive_tell_what_was_recorded(made: Any, families: tuple[str, ...]) -> None:
    """Over HTTP, with everything that goes wrong on the way, and over WebSocket."""
    recordings: list[Recording] = []
    with Stage(PythonClient(made), journal=100_000) as stage:
        Runner(stage, ["submits-once"], "quick", 1, heed=recordings.append).run(families)
        assert stage._mock.journal
        entries = stage._mock.journal.entries()
        spec = stage.spec
    direct = Meter(spec)
    for recording in recordings:
        direct.heed(recording)
    journal = from_journal([as_json(entry) for entry in entries])
    archive = from_archive(json.loads(json.dumps(har(entries, "http://mock.test", "1.0"))))
    assert journal.gaps == ()
    assert measure(spec, journal.exchanges).areas == direct.coverage().areas
    assert archive == journal


def test_attempts_at_deliveries_are_no_exchanges() -> None:
    """They are counted among the entries, or it would look as if some were dropped."""
    house = Controlled(still_mock())
    house.say(video(webhookURL="http://127.0.0.1:9/hook"))
    house.ask("POST", "/clock/advance", {"untilIdle": True})
    entries = house.ask("GET", "/journal").body["entries"]
    assert [entry["kind"] for entry in entries] == ["request", "webhook"]
    told = from_journal(entries)
    assert (len(told.exchanges), told.gaps) == (1, ())


def test_entries_that_were_dropped_are_told_of() -> None:
    """Then what was seen is a lower bound."""
    house = Controlled(still_mock({"journal": "2"}))
    for quality in range(20, 23):
        house.say(video(outputQuality=quality))
    told = from_journal(house.ask("GET", "/journal").body["entries"])
    assert told.gaps == ("1 entry of the journal is not there any more (--journal says how many a mock keeps)",)
    house.say(poll())
    [gap] = from_journal(house.ask("GET", "/journal").body["entries"]).gaps
    assert gap.startswith("2 entries of the journal are not there")
    assert from_journal([]).gaps == ()


def test_long_pictures_count_although_the_journal_cuts_them() -> None:
    """An acknowledgement says that the task was good."""
    house = Controlled(still_mock())
    data_uri = "data:image/png;base64," + base64.b64encode(b"\x89PNG" * 4000).decode()
    house.say(video(inputs={"frameImages": [data_uri]}))
    [entry] = house.ask("GET", "/journal").body["entries"]
    assert "characters)" in entry["tasks"][0]["inputs"]["frameImages"][0]
    acknowledged = {**entry, "answers": [{"data": [item()]}], "outcomes": ["accepted"]}
    values = seen(measure(SPEC, from_journal([acknowledged]).exchanges), "values")
    assert values["inputs.frameImages[]"] == ["string", "a data URI (image/png, image/jpeg or image/webp)"]


# Archives of other tools


def entry(body: Any, answer: Any, status: int = 200, **members: Any) -> dict[str, Any]:
    """Return an entry as browsers write them."""
    post = {} if body is None else {"postData": {"mimeType": "application/json", "text": json.dumps(body)}}
    content = {} if answer is None else {"text": json.dumps(answer)}
    return {
        "request": {"method": "POST", "url": "https://api.runware.ai/v1?x=1", **post},
        "response": {"status": status, "content": content},
        **members,
    }


def archive(*entries: Any) -> dict[str, Any]:
    """Return an archive."""
    return {"log": {"version": "1.2", "entries": list(entries)}}


def test_an_archive_of_a_browser_is_read() -> None:
    """Requests without tasks are left out, an answer may be in base64, and one that never came has status 0."""
    coded = entry([poll()], None)
    coded["response"]["content"] = {
        "encoding": "base64",
        "text": base64.b64encode(json.dumps({"data": [DONE]}).encode()).decode(),
    }
    told = from_archive(
        archive(
            entry(None, {"data": []}),
            entry({"name": "something else"}, {}),
            entry([video(duration=10)], None, status=0),
            entry([video(duration=10)], {"data": [item()]}),
            entry([poll()], {"data": [RUNNING]}),
            coded,
        )
    )
    coverage = measure(SPEC, told.exchanges)
    assert coverage.exchanges == 4
    assert seen(coverage, "values")["duration"] == ["10"]
    life = seen(coverage, "life cycle")
    assert life["poll"] == ["while processing", "after success"]
    assert life["trouble"] == ["no answer", "no answer got over"]


def test_messages_of_a_websocket_are_told_as_browsers_tell_them() -> None:
    """Each that was sent goes with those that came before the next."""
    messages = [
        ("receive", {}),
        ("send", [video()]),
        ("receive", {"data": [item()]}),
        ("send", [poll()]),
        ("receive", {"data": [RUNNING]}),
        ("receive", {"errors": [error("providerError", status="error")]}),
    ]
    told = [{"type": way, "time": 1.0, "opcode": 1, "data": json.dumps(data)} for way, data in messages]
    life = seen(
        measure(SPEC, from_archive(archive(entry(None, None, 101, _webSocketMessages=told))).exchanges), "life cycle"
    )
    assert life == {
        "submission": ["of a new task"],
        "poll": ["while processing", "after an error"],
        "transport": ["websocket"],
    }


BROKEN: dict[str, tuple[Any, str]] = {
    "no object": ([], "/log: an object is expected"),
    "no log": ({}, "/log: an object is expected"),
    "no entries": ({"log": {"entries": {}}}, "/log/entries: a list is expected"),
    "an entry that is none": (archive(1), "/log/entries/0/request: an object is expected"),
    "no answer": (archive({"request": {}}), "/log/entries/0/response: an object is expected"),
    "a mixed archive": (archive({"_entry": {"number": 1}}, {}), "/log/entries/1/_entry: an object is expected"),
    "no number": (archive({"_entry": {"kind": "webhook"}}), "/log/entries/0/_entry: its number cannot be read"),
    "tasks of a wrong type": (
        archive({"_entry": {"kind": "request", "number": 1, "transport": "http", "target": "/", "status": 200}}),
        "/log/entries/0/_entry: its tasks cannot be read",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_archive_is_refused_with_its_place(name: str) -> None:
    """The reason names the first place that is wrong."""
    document, reason = BROKEN[name]
    with pytest.raises(BadArchive) as refused:
        from_archive(document)
    assert str(refused.value).startswith(reason)


def test_strange_members_of_an_archive_are_passed_over() -> None:
    """What is no text holds no task, and what is no base64 no answer."""
    odd = [
        {"request": {"url": 1, "postData": 2}, "response": {"status": "x"}},
        {"request": {"postData": {"text": 3}}, "response": {}},
        {"request": {}, "response": {}, "_webSocketMessages": [1, {"type": "send"}, {"type": 2, "data": 3}]},
        entry([poll()], None) | {"response": {"status": 200, "content": {"text": "ä", "encoding": "base64"}}},
        entry([poll()], None) | {"response": {"status": 200, "content": 7}},
    ]
    exchanges = from_archive(archive(*odd)).exchanges
    assert [each.tasks[0]["taskUUID"] for each in exchanges] == [UUID, UUID]
    assert seen(heard(*exchanges), "life cycle")["trouble"] == ["broken JSON"]
    assert all(isinstance(each, Exchange) for each in exchanges)
