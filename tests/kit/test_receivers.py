"""Receivers under the kit: a sound one breaks no duty, each bad one its own alone, and no secret is told."""

import asyncio
import json
import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import httpx
import pytest

from contracts.cli import main
from contracts.receivers.address import has_secret_path, shown_address, with_other_values
from contracts.receivers.bodies import Bodies
from contracts.receivers.checking import Wanted, talk_with
from contracts.receivers.duties import DUTIES, duties_of
from contracts.receivers.report import FORMATS, Report, report_on, told
from contracts.receivers.talk import UPLOAD, WEBHOOK, Kind, Probe
from contracts.receivers.uploads import upload_steps
from contracts.receivers.webhooks import webhook_steps
from mockserver import MockServer
from mockserver.spec.checkers import CHECKERS
from mockserver.spec.load import load_spec
from tests.kit.forms import REPORT
from tests.kit.receivers import BAD
from tests.kit.receivers.sound import SECRET, STATE, Answer, Request, Uploads, Webhooks, listening
from tests.kit.receivers.webhooks import (
    ClosesTasksAtTheFirstResult,
    Fails500AtDuplicates,
    HangsUp,
    HasNoSecret,
    IgnoresItsSecret,
    KnowsItsTasksAlone,
)

SPEC = load_spec()
#: How long a delivery of a mock may take to arrive, in seconds.
COMES_WITHIN_S = 60
URL = "http://127.0.0.1:9000/hooks?token=abcd"


def check(receiver: Webhooks, seed: int = 1, **wanted: Any) -> Report:
    """Hold a receiver against its duties."""
    kind = UPLOAD if isinstance(receiver, Uploads) else WEBHOOK
    with listening(receiver) as url:
        state = f"{url.partition(receiver.path)[0]}{STATE}" if receiver.shows else ""
        asked = Wanted(kind, url, chance=seed, deadline_s=receiver.deadline_s, state=state, **wanted)
        return report_on(asyncio.run(talk_with(asked, SPEC)), seed=seed)


def as_document(report: Report) -> dict[str, Any]:
    """Return a report for programs, which has its form."""
    document: dict[str, Any] = json.loads(FORMATS["json"](report))
    REPORT.validate(document)
    return document


def probes(seed: int) -> list[Probe]:
    """Return everything that a receiver of webhooks gets, with UUIDs that are the same each time."""
    numbers = count()
    bodies = Bodies(SPEC, seed, "https://vm.runware.ai", (), lambda: next(numbers).to_bytes(16, "big"))
    return [probe for step in webhook_steps(bodies, URL, None) for probe in step.probes]


class ShownWebhooks(Webhooks):
    """A sound one that shows what it keeps."""

    shows = True


class ShownUploads(Uploads):
    """The same for uploads."""

    shows = True


@pytest.mark.parametrize("kind", [ShownWebhooks, ShownUploads])
def test_nothing_is_found_in_a_sound_receiver(kind: type[Webhooks]) -> None:
    """Every duty of its kind is looked at, and kept."""
    report = check(kind())
    assert not report.broken, told(report)
    assert list(report.looked_at) == list(duties_of(report.talk.receiver))
    assert not report.talk.ended
    document = as_document(report)
    assert (document["kind"], document["receives"], document["findings"]) == ("receiver", report.talk.receiver, [])


@pytest.mark.parametrize("kind", BAD, ids=lambda kind: kind.__name__)
def test_a_bad_receiver_is_found_out(kind: type[Webhooks]) -> None:
    """Its duty is named, and no other one; the report for programs has its form."""
    report = check(kind())
    assert [each.duty.name for each in report.broken] == [kind.breaks], told(report)
    assert [each["check"] for each in as_document(report)["findings"]] == [kind.breaks]


def test_every_duty_has_a_receiver_that_breaks_it() -> None:
    """Nothing is listed that is never found."""
    assert {kind.breaks for kind in BAD} == set(DUTIES)
    assert len(BAD) >= 40


def test_bodies_are_those_of_the_api() -> None:
    """But for what is meant to be none, each is what the schema of webhooks says."""
    checker = CHECKERS["fast"]()(SPEC.wire("webhook"))
    strange = {Kind.UNKNOWN, Kind.GARBAGE}
    for probe in probes(1):
        if probe.kind not in strange:
            assert checker.accepts(json.loads(probe.body)), probe


def test_a_seed_draws_the_same_bodies_again() -> None:
    """Only UUIDs differ from one check to the next; another seed has other texts, numbers and tasks."""
    assert [probe.body for probe in probes(3)] == [probe.body for probe in probes(3)]
    assert [probe.about for probe in probes(3)] != [probe.about for probe in probes(4)]


def test_an_upload_goes_to_the_address_byte_for_byte() -> None:
    """Escapes stay as they are, and only strangers write anything else; a large file is still a video."""
    url = "https://bucket.example.com/a%2Fb/video.mp4?X-Amz-Date=1&X-Amz-Signature=a%2Fb%2B9Z%3D"
    steps = [*upload_steps(url)]
    addresses = [probe.url for step in steps for probe in step.probes if probe.kind is Kind.STRANGER]
    other = "https://bucket.example.com/a%2Fb/video.mp4?X-Amz-Date=2&X-Amz-Signature=b%2Fc%2B0A%3D"
    assert addresses == ["https://bucket.example.com/a%2Fb/video.mp4", other]
    [large] = [probe.body for step in steps for probe in step.probes if probe.kind is Kind.LARGE]
    assert len(large) == 16 * 1024 * 1024
    assert large[4:8] == b"ftyp"


class Notes(Uploads):
    """Takes everything, and notes it."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[Request] = []
        self.has_come = threading.Event()

    def answer(self, request: Request) -> Answer:
        """Note a request."""
        self.came.append(request)
        self.has_come.set()
        return Answer(200)


def headers_of(request: Request) -> list[tuple[str, str]]:
    """Return the headers that do not depend on address and body, in their order."""
    return [(name, value) for name, value in request.headers.items() if name not in ("host", "content-length")]


@pytest.mark.parametrize(("receiver", "parameter"), [(WEBHOOK, "webhookURL"), (UPLOAD, "uploadEndpoint")])
def test_deliveries_are_those_of_the_mock(receiver: str, parameter: str) -> None:
    """Method, target, headers and members of the body are what the mock itself sends, in the same order."""
    notes, checked = Notes(), Notes()
    with MockServer(clock="real", speed=1000) as mock, listening(notes) as url:
        task: dict[str, Any] = {
            "taskType": "videoInference",
            "taskUUID": str(UUID(int=1, version=4)),
            "model": "minimax:3@1",
        }
        task |= {"positivePrompt": "a lighthouse", "includeCost": True, parameter: url}
        answer = httpx.post(mock.http_url, json=[task], headers={"Authorization": f"Bearer {mock.api_key}"})
        assert answer.status_code == 200, answer.text
        assert notes.has_come.wait(COMES_WITHIN_S)
    with listening(checked) as url:
        asyncio.run(talk_with(Wanted(receiver, url), SPEC))
    mine, ours = notes.came[0], checked.came[0]
    assert (ours.method, ours.target, headers_of(ours)) == (mine.method, mine.target, headers_of(mine))
    if receiver == WEBHOOK:
        assert members(ours) == members(mine)
    [broken] = [request for request in checked.came if not request.is_whole]
    assert dict(headers_of(broken)) == dict(headers_of(ours))


def members(request: Request) -> Sequence[str]:
    """Return the names in the item of a body, in their order."""
    document = json.loads(request.body)
    assert list(document) == ["data"]
    return list(document["data"][0])


def test_what_is_not_taken_plainly_is_asked_nothing_else() -> None:
    """One delivery is made, so that one mistake is one finding, and the report says why it ended."""
    report = check(HangsUp())
    assert len(report.talk.turns) == 1
    assert told(report).endswith("nothing else was tried, as a finished result is not taken\n")


def test_tasks_that_a_receiver_knows_can_be_named() -> None:
    """Then it takes their results, and without them it is told how to name them."""
    known = KnowsItsTasksAlone.tasks
    assert not check(KnowsItsTasksAlone(), known=sorted(known)).broken
    assert "name one with --task" in told(check(KnowsItsTasksAlone()))


def test_a_flat_envelope_is_taken_by_receivers_of_flat_bodies(capsys: pytest.CaptureFixture[str]) -> None:
    """The documentation contradicts itself about it, so it can be chosen."""

    class Flat(Webhooks):
        def read(self, body: bytes) -> dict[str, Any]:
            item = json.loads(body)
            if not isinstance(item, dict) or not item.keys() & {"videoUUID", "code"}:
                raise ValueError("it is no delivery")
            return {"errors" if "code" in item else "data": [item]}

    with listening(Flat()) as url:
        assert main(["check", "receiver", url, "--envelope", "flat"]) == 0, capsys.readouterr().out
        assert main(["check", "receiver", url]) == 1


def test_the_command_reports_for_people_and_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Status 0 where nothing is broken, 1 where something is; a report may go to a file."""
    with listening(Fails500AtDuplicates()) as url:
        assert main(["check", "receiver", url, "--format", "json"]) == 1
        [finding] = json.loads(capsys.readouterr().out)["findings"]
        assert (finding["check"], finding["status"], finding["times"]) == ("takes-duplicates", 500, 2)
        assert main(["check", "receiver", url, "--skip", "takes-duplicates"]) == 0
        assert capsys.readouterr().out.startswith("nothing broken; 19 duties looked at in ")
        file = tmp_path / "report.xml"
        options = ["--only", "takes-duplicates", "--format", "junit", "--output", str(file)]
        assert main(["check", "receiver", url, *options]) == 1
        assert not capsys.readouterr().out
        [case] = ElementTree.fromstring(file.read_text()).iter("testcase")  # noqa: S314, it is our own
        assert case.get("name") == "takes-duplicates"
        assert [failure.get("type") for failure in case] == ["must"]
    with listening(HasNoSecret()) as url:
        assert main(["check", "receiver", url, "--only", "has-a-secret", "--format", "github"]) == 1
        assert capsys.readouterr().out.startswith("::warning title=has-a-secret::there is no secret in the address")


def test_the_command_takes_uploads(capsys: pytest.CaptureFixture[str]) -> None:
    """Its kind decides which duties there are."""
    with listening(Uploads()) as url:
        assert main(["check", "receiver", "--kind", "upload", url]) == 0
        assert capsys.readouterr().out.startswith("nothing broken; 12 duties looked at in 20 deliveries, ")
        assert main(["check", "receiver", "--kind", "upload", url, "--only", "takes-failures"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "URL: nothing can be delivered there: only http:// and https:// addresses are called."),
        (["http://user:word@127.0.0.1/"], "it names a user or a password, which are not sent."),
        ([URL, "--state", "state"], "--state: nothing can be delivered there: only http:// and https:// addresses"),
        ([URL, "--timeout", "0"], "--timeout: seconds from 0 to 600 are expected, such as 5"),
        ([URL, "--task", "17"], "--task: '17' is no UUID such as "),
        ([URL, "--origin", "vm.runware.ai"], "--origin: 'vm.runware.ai' is no begin of an address such as "),
        ([URL, "--only", "takes-duplicate"], "did you mean takes-duplicates?"),
        ([URL, "--output", "."], "--output: . cannot be written (Is a directory)"),
        ([URL, "--output", "/nowhere/report.xml"], "--output: /nowhere/report.xml cannot be written"),
    ],
)
def test_what_cannot_be_used_is_told(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and a sentence that says what and how to mend it."""
    assert main(["check", "receiver", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_state_that_cannot_be_read_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 where nothing stands at the address."""
    with listening(Webhooks()) as url:
        assert main(["check", "receiver", url, "--state", f"{url.partition('/hooks')[0]}/nowhere"]) == 2
    assert "--state: it cannot be read: the answer is 404" in capsys.readouterr().err


class TellsItsSecret(IgnoresItsSecret):
    """Echoes the whole address in what it answers."""

    path = "/hooks/4f9a8c7b6d5e4f3a2b1c"

    def take(self, request: Request) -> Answer:
        """Refuse everything, and say to whom."""
        return Answer(302, text=f"moved: {request.target} {SECRET}")


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_tells_a_secret(name: str) -> None:
    """Neither values of the query nor parts of the path that nobody guesses, also where the receiver repeats them."""
    report = FORMATS[name](check(TellsItsSecret()))
    assert "redirects-nothing" in report
    for secret in (SECRET, "s3cr3t", "4f9a8c7b"):
        assert secret not in report


def test_addresses_are_shown_without_what_is_secret() -> None:
    """Names of parameters stay, so that it is seen which address is meant."""
    assert shown_address("http://h:1/a?id=17&token=x%2Fy&flag") == "http://h:1/a?id=…&token=…&flag"
    assert shown_address("https://h/hooks/4f9a8c7b6d5e4f3a2b1c") == "https://h/hooks/…"
    assert has_secret_path("https://h/hooks/4f9a8c7b6d5e4f3a2b1c")
    assert not has_secret_path("https://h/webhooks/runware-video-results")
    assert with_other_values("http://h/?a=z9Z%2F&b=&c") == "http://h/?a=a0A%2F&b=&c"


def test_closed_tasks_are_told_by_the_delivery_that_shows_it() -> None:
    """The report names what was sent, to whom, what came back, where the duty is from and how to mend it."""
    report = told(check(ClosesTasksAtTheFirstResult()))
    assert report.startswith(
        "takes-several-results (must): answered 409 to result 2 of a task with three, the last first (2 times)\n"
    )
    for row in (
        "  duty      Each",
        "  sent      POST http://127.0.0.1:",
        "  answered  409\n",
        "  source    ",
        "  mend ",
    ):
        assert row in report
