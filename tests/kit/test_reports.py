"""Every report tells what was found, how to mend it and how to see it again, in its own form; none tells a key."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from contracts.checks import CHECKS
from contracts.cli import main
from contracts.clients.python import PythonClient
from contracts.commands.client import FORMATS as NAMES
from contracts.commands.client import PROFILES as PROFILE_NAMES
from contracts.report import Report
from contracts.reports import FORMATS
from contracts.runner import PROFILES, Runner
from contracts.stage import Stage
from tests.kit.mutants.requests import PutsTheKeyIntoTheAddress
from tests.kit.mutants.results import CollectsFromEveryPoll
from tests.kit.sound import SoundClient
from tests.kit.table import unhurried

SUBJECT = "my_app.videos:make_video"


def report_of(client: SoundClient, *families: str) -> Report:
    """Return a short report on a client."""
    with Stage(PythonClient(client)) as stage:
        return Runner(stage, profile="quick", seed=1, plan=unhurried("quick")).run(families)


@pytest.fixture(scope="module")
def report() -> Report:
    """A report with one finding, in a long conversation."""
    return report_of(CollectsFromEveryPoll(), "several")


@pytest.fixture(scope="module")
def leaky() -> Iterator[Report]:
    """A report on a client that shows its key."""
    return iter([report_of(PutsTheKeyIntoTheAddress(), "words")])


def test_people_read_duty_story_source_mend_and_the_way_to_see_it_again(report: Report) -> None:
    """The text names the duty, marks the place and ends with a sum."""
    told = FORMATS["text"](report, SUBJECT)
    assert told.startswith("reports-each-result-once (must): result ")
    for part in (
        "<-- here",
        "source ",
        "mend ",
        "task ",
        "service   several",
        f"1 broken duty; {len(CHECKS)} duties looked at in",
    ):
        assert part in told, part
    verbatim = ("  again", "  task", "  found", "  required")
    assert max(len(line) for line in told.splitlines() if not line.startswith(verbatim)) <= 110


def test_the_way_to_see_it_again_leads_there(report: Report) -> None:
    """The example in the command, handed to the kit, breaks the same duty."""
    [again] = [line for line in FORMATS["text"](report, SUBJECT).splitlines() if "--example" in line]
    words = shlex.split(again.removeprefix("  again").strip())
    assert words[:4] == ["runware-mock", "check", "client", SUBJECT]
    example = json.loads(words[-1])
    with Stage(PythonClient(CollectsFromEveryPoll())) as stage:
        replayed = Runner(stage).replay(example["task"], example["behaviour"])
    assert [each.check.name for each in replayed.broken] == ["reports-each-result-once"]


def test_programs_read_everything_as_json(report: Report) -> None:
    """Findings, exchanges and outcome are there."""
    document = json.loads(FORMATS["json"](report, SUBJECT))
    [finding] = document["findings"]
    assert (finding["check"], finding["severity"], finding["family"]) == ("reports-each-result-once", "must", "several")
    assert finding["task"]["numberResults"] >= 2
    assert json.loads(finding["exchanges"][0]["request"])[0]["taskType"] == "videoInference"
    assert len(document["checks"]) == len(CHECKS)


def test_build_servers_read_a_case_for_each_duty(report: Report) -> None:
    """The XML can be read, counts right, and has the story in its failure."""
    suite = ElementTree.fromstring(FORMATS["junit"](report, SUBJECT))[0]  # noqa: S314, it is our own
    assert (suite.get("tests"), suite.get("failures")) == (str(len(CHECKS)), "1")
    [failed] = [case for case in suite.iter("testcase") if len(case)]
    assert failed.get("name") == "reports-each-result-once"
    assert "<-- here" in (failed[0].text or "")


def test_workflows_read_annotations(report: Report) -> None:
    """Each finding is a line, escaped, and the sum is a notice."""
    lines = FORMATS["github"](report, SUBJECT).splitlines()
    assert lines[0].startswith("::error title=reports-each-result-once::result ")
    assert lines[-1].startswith("::notice title=runware-mock check::1 broken duty; ")
    assert len(lines) == 2


@pytest.mark.parametrize("form", FORMATS)
def test_no_report_tells_a_key(leaky: Iterator[Report], form: str) -> None:
    """Even where the finding is that the key was shown."""
    found = report_of(PutsTheKeyIntoTheAddress(), "words") if form != "text" else next(leaky)
    [broken] = found.broken
    assert broken.recording.api_key not in FORMATS[form](found, SUBJECT)


def test_the_command_line_offers_every_format_and_profile() -> None:
    """What is spelt out there, so that help is quick, is what there is."""
    assert tuple(FORMATS) == NAMES
    assert tuple(PROFILES) == PROFILE_NAMES


def test_every_duty_is_listed_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    """`checks` names all, and each says whether it is stated, observed or assumed."""
    assert main(["checks"]) == 0
    told = capsys.readouterr().out
    for check in CHECKS.values():
        assert f"{check.name} ({check.severity})\n    {check.about}\n    Source: {check.source}\n" in told
        assert any(word in check.source for word in ("stated", "observed", "assumed")), check.name
        assert check.about.endswith(".")
        assert check.hint


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["check", "client"], "name one client: MODULE:ATTRIBUTE, or --command COMMAND"),
        (["check", "client", "json:dumps", "--command", "cat"], "name one client: MODULE:ATTRIBUTE, or --command"),
        (["check", "client", "json"], "'json' is no client; name it as module:attribute"),
        (
            ["check", "client", "no_such_module:f"],
            "the module cannot be imported (ModuleNotFoundError: No module named 'no_such_module')",
        ),
        (["check", "client", "json:dmps"], "'json' has no attribute 'dmps'"),
        (["check", "client", "json:__doc__"], "it is no function but a str"),
        (
            ["check", "client", "json:dumps", "--only", "submit-once"],
            "no check 'submit-once'; did you mean submits-once?",
        ),
        (["check", "client", "json:dumps", "--example", "{"], "--example: it is no JSON"),
        (
            ["check", "client", "json:dumps", "--also", "htm=report.html"],
            "--also: 'htm=report.html' is no FORMAT=FILE, such as html=report.html; formats: text, html, ",
        ),
        (
            ["check", "client", "json:dumps", "--also", "html=no/such/folder"],
            "--also: no/such/folder cannot be written (No such file or directory)",
        ),
        (
            ["check", "client", "json:dumps", "--output", "no/such/folder"],
            "--output: no/such/folder cannot be written (No such file or directory)",
        ),
        (["check", "client", "json:dumps", "--output", "."], "--output: . cannot be written (Is a directory)"),
        (["check", "client", "json:dumps", "--also", "html=."], "--also: . cannot be written (Is a directory)"),
        (
            ["check", "client", "json:dumps", "--example", "[]"],
            "--example: an object with the objects task and behaviour is expected",
        ),
        (
            ["check", "client", "json:dumps", "--example", '{"task": 5, "behaviour": {"rules": []}}'],
            "--example: an object with the objects task and behaviour is expected",
        ),
        (
            ["check", "client", "json:dumps", "--example", '{"task": {}, "behaviour": []}'],
            "--example: an object with the objects task and behaviour is expected",
        ),
        (
            [
                "check",
                "client",
                "json:dumps",
                "--example",
                f'{{"tasks": [{{}}], "steps": [{{"wait_ms": 1{"0" * 400}}}]}}',
            ],
            "--example: steps[0]/wait_ms: longer than a day",
        ),
        (["check", "client", "--command", "no-such-program"], "no-such-program: it cannot be started"),
        (["check", "client", "--command", "'"], "cannot be read (No closing quotation)"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 2, and the line says what is wrong."""
    assert main(words) == 2
    told = capsys.readouterr().err
    assert problem in told
    assert told.count("\n") == 1


def test_the_command_checks_a_client_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1 where something is broken, 0 where nothing is."""
    name = "tests.kit.example:in_a_hurry"
    assert (
        main(["check", "client", name, "--profile", "quick", "--only", "survives-refusals-for-now", "--seed", "1"]) == 1
    )
    assert "survives-refusals-for-now (must)" in capsys.readouterr().out
    assert main(["check", "client", name, "--profile", "quick", "--only", "sends-json-lists", "--seed", "1"]) == 0
    assert "nothing broken; 1 duty looked at" in capsys.readouterr().out


def test_one_run_is_reported_in_as_many_forms_as_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output or in a file, and in further files."""
    words = ["check", "client", "tests.kit.sound:client", "--profile", "quick", "--only", "sends-json-lists"]
    also = ["--also", f"json={tmp_path / 'report.json'}", "--also", f"har={tmp_path / 'report.har'}"]
    assert main([*words, *also, "--format", "junit"]) == 0
    assert capsys.readouterr().out.startswith("<?xml ")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["checks"] == ["sends-json-lists"]
    assert json.loads((tmp_path / "report.har").read_text(encoding="utf-8"))["log"]["entries"] == []
    assert main([*words, "--output", str(tmp_path / "report.txt")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "report.txt").read_text(encoding="utf-8").startswith("nothing broken; 1 duty looked at")


def test_a_program_that_never_answers_is_no_client(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever duties are looked at: nothing that it says could break one."""
    words = ["check", "client", "--command", "false", "--profile", "quick", "--only", "shows-its-key"]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "--command false: the program ended with status 1 instead of answering; it has to answer" in err
