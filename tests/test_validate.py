"""`runware-mock validate`: every kind of file, every report, every exit status."""

import json
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from mockserver.release import VERSION
from mockserver.reports import REPORTS
from mockserver.spec.load import load_spec
from mockserver.validate import check_text
from tests.test_cli import TASK, run

SPEC = load_spec()
BAD = """[
  {
    "taskType": "videoInference",
    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
    "model": "minimax:3@1",
    "positivePrompt": "a 🌊", "duration": 7,
\t"outputFromat": "MP4",
    "inputs": {"frameImages": [{"frame": "first"}]},
    "width": 1366
  },
  {"taskType": "pin"},
  5
]
"""

REPORT = """\
tasks.json:2:3: missingDimensionParameters
  Missing dimension parameters. Width and height go together. Add 'height', or leave out 'width'.
    2 |   {
      |   ^

tasks.json:6:42: unsupportedDuration
  Invalid value for 'duration' parameter. The model does not support this duration. Expected 6 or 10, got 7. Did you mean 6?
    6 |     "positivePrompt": "a 🌊", "duration": 7,
      |                                           ^

tasks.json:7:2: unsupportedParameter
  Unsupported parameter 'outputFromat'. Did you mean 'outputFormat'?
    7 |  "outputFromat": "MP4",
      |  ^^^^^^^^^^^^^^^^^^^^^

tasks.json:8:32: missingImage
"""


def test_people_see_the_line_and_a_caret_under_the_place(tmp_path: Path) -> None:
    """Place, code, sentence, source line, caret; then how many tasks and violations there were."""
    (tmp_path / "tasks.json").write_text(BAD, encoding="utf-8")
    done = run("validate", "tasks.json", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith(REPORT)
    assert done.stdout.endswith("3 tasks checked, 6 violations.\n")


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        (json.dumps(TASK), 0, "1 task checked, all good."),
        (json.dumps([TASK, {"taskType": "ping"}], indent=2), 0, "2 tasks checked, all good."),
        (f"{json.dumps(TASK)}\n\n{json.dumps({**TASK, 'taskUUID': str(uuid4())})}\n", 0, "2 tasks checked, all good."),
        (f'{json.dumps(TASK)}\n{{"taskType": 5}}\n', 1, "standard input:2:14: unsupportedTaskType"),
        (f'{json.dumps(TASK)}\n{{"taskType"\n', 1, "standard input:2:12: invalidJSON"),
        ('{"taskType": "ping",}', 1, "standard input:1:21: invalidJSON"),
        ("[]", 1, "standard input:1:1: invalidBody"),
        ("[" * 41 + "]" * 41, 1, "valueTooLarge\n  More than the API takes: more than 40 lists and objects"),
        ("5", 1, "standard input:1:1: invalidBody"),
        ("", 1, "standard input:1:1: invalidBody"),
        (" \n", 1, "0 tasks checked, 1 violation."),
        ("\ufeff" + json.dumps(TASK), 1, "standard input:1:1: invalidJSON\n  The file begins with a byte order mark,"),
        ("\ufeff" + json.dumps({**TASK, "fps": 1}), 1, "1 task checked, 2 violations."),
        (json.dumps(TASK, indent=1) + "\n" + json.dumps(TASK, indent=1), 1, "standard input:7:1: invalidJSON"),
    ],
)
def test_one_task_a_list_or_json_lines(text: str, status: int, told: str) -> None:
    """The form is found out; the exit status says whether every task is good."""
    done = run("validate", "-", given=text)
    assert told in done.stdout
    assert done.returncode == status


@pytest.mark.parametrize("indents", [(None, 1), (1, None), (1, 1), (None, 1, None)])
def test_json_texts_after_each_other_are_one_mistake(indents: tuple[int | None, ...]) -> None:
    """Tasks over several lines are neither a list nor JSON lines: that is told once, where it begins."""
    texts = [json.dumps({**TASK, "taskUUID": str(uuid4())}, indent=indent) for indent in indents]
    [found] = check_text(SPEC, "t", "\n".join(texts)).found
    assert found.message.startswith("Another JSON text begins here. Put all tasks into one list [ ], ")
    assert found.line == 1 + texts[0].count("\n") + 1


def test_a_uuid_that_was_taken_earlier_in_the_file_is_a_conflict() -> None:
    """As on the server: only tasks that would be accepted take a UUID, and platform tasks take none."""
    other = {**TASK, "taskUUID": TASK["taskUUID"].upper()}
    poll = {"taskType": "getResponse", "taskUUID": TASK["taskUUID"]}
    [found] = check_text(SPEC, "t", json.dumps([TASK, poll, other], indent=1)).found
    assert (found.code, found.pointer, found.line) == ("conflictTaskUUID", "/2/taskUUID", 14)
    assert found.message.endswith("It stands on line 4 as well.")
    [found] = check_text(SPEC, "t", f"{json.dumps(TASK)}\n{json.dumps(other)}").found
    assert (found.code, found.line) == ("conflictTaskUUID", 2)
    [found] = check_text(SPEC, "t", json.dumps([{**TASK, "fps": 1}, TASK])).found
    assert found.code == "invalidFps"


def test_violations_stand_in_the_order_of_the_file() -> None:
    """What is missing is told where its object begins, before what is wrong inside."""
    task = {**TASK, "fps": 1, "width": 1366, "inputs": {"frameImages": [{"frame": 5}]}}
    found = check_text(SPEC, "t", json.dumps([task], indent=1)).found
    assert [each.code for each in found] == [
        "missingDimensionParameters",
        "invalidFps",
        "missingImage",
        "invalidFrame",
    ]
    assert [(each.line, each.column) for each in found] == sorted((each.line, each.column) for each in found)


def test_a_file_that_cannot_be_read_ends_with_status_2(tmp_path: Path) -> None:
    """One line for each, and the others are reported all the same."""
    (tmp_path / "latin.json").write_bytes(b'{"a":"\xe9"}')
    for name, told in (("nowhere.json", "No such file"), ("latin.json", "not UTF-8 (at byte 6)"), (".", "directory")):
        done = run("validate", name, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"runware-mock: {name}: ")
        assert told in done.stderr
    (tmp_path / "good.json").write_text(json.dumps(TASK), encoding="utf-8")
    done = run("validate", "good.json", "nowhere.json", "good.json", "latin.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "2 tasks checked, all good.\n")
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["nowhere.json", "latin.json"]
    assert run("validate").returncode == 2


@pytest.mark.parametrize(
    ("name", "uri"),
    [("my tasks/50%.json", "my%20tasks/50%25.json"), ("a:b.json", "a%3Ab.json"), ("-", "stdin")],
)
def test_code_scanners_get_uris(tmp_path: Path, name: str, uri: str) -> None:
    """Whatever a file is called, it is named by a URI: a relative one, or one with the scheme of files."""
    if name != "-":
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[]", encoding="utf-8")
    names = [name] if name == "-" else [name, str(tmp_path / name)]
    done = run("validate", "--format", "sarif", *names, given="[]", cwd=tmp_path)
    results = json.loads(done.stdout)["runs"][0]["results"]
    told = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert told == [uri, f"{tmp_path.as_uri()}/{uri}"][: len(told)]


def test_code_scanners_learn_what_the_rules_are(tmp_path: Path) -> None:
    """The log says which version found what, and what each code means."""
    (tmp_path / "tasks.json").write_text(BAD, encoding="utf-8")
    driver = json.loads(run("validate", "--format", "sarif", "tasks.json", cwd=tmp_path).stdout)["runs"][0]["tool"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", driver["driver"]["version"])
    described = {rule["id"]: rule["shortDescription"]["text"] for rule in driver["driver"]["rules"]}
    assert described["invalidBody"] == "A file holds one or more tasks, each an object."
    assert described["missingImage"] == "Missing value for 'inputs.frameImages[0].image' parameter."
    assert described["unsupportedParameter"] == "Unsupported parameter 'outputFromat'."


def test_only_choices_that_decide_what_is_good_are_offered() -> None:
    """Help does not fill the screen with what has no effect, and every choice that patches a rule is there."""
    text = run("validate", "--help").stdout
    assert "--sizes" in text
    for name in ("--credit-status", "--timeout-code", "--webhook-envelope", "--reasons", "--running-status", "--speed"):
        assert name not in text
    for name in ("profile", "validator", "schema", "task-uuid", "unknown-parameters", "legacy-names", "routing"):
        assert f"--{name} " in text


def test_nobody_reads_the_report(tmp_path: Path) -> None:
    """A reader that goes away ends it as a signal would; a full disk is told in one line."""
    (tmp_path / "tasks.json").write_text(json.dumps([5] * 2000), encoding="utf-8")
    command = f"{sys.executable} -m mockserver validate tasks.json"
    for line, status, told in (
        (f"({command}; echo $? >&2) | head -1", 0, "141\n"),
        (f"{command} >/dev/full", 2, "runware-mock: cannot write to standard output (No space left on device)\n"),
        (
            f"{command} --help >/dev/full",
            2,
            "runware-mock: cannot write to standard output (No space left on device)\n",
        ),
    ):
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (status, told)


def test_profile_and_choices_count() -> None:
    """What older clients send is good under compat."""
    old = json.dumps({**TASK, "outputFormat": "mp4"})
    assert run("validate", "-", given=old).returncode == 1
    assert run("validate", "--profile", "compat", "-", given=old).returncode == 0
    assert run("validate", "--legacy-names", "accept", "-", given=old).returncode == 0
    assert run("validate", "-", given=old, env={"RUNWARE_MOCK_PROFILE": "compat"}).returncode == 0


def test_programs_get_json(tmp_path: Path) -> None:
    """Every violation with line, column, code, parameter, pointer and sentence."""
    (tmp_path / "tasks.json").write_text(BAD, encoding="utf-8")
    [report] = json.loads(run("validate", "--format", "json", "tasks.json", cwd=tmp_path).stdout)
    assert (report["file"], report["tasks"]) == ("tasks.json", 3)
    places = [(v["line"], v["column"], v["code"], v["pointer"]) for v in report["violations"]]
    assert places == [
        (2, 3, "missingDimensionParameters", "/0/height"),
        (6, 42, "unsupportedDuration", "/0/duration"),
        (7, 2, "unsupportedParameter", "/0/outputFromat"),
        (8, 32, "missingImage", "/0/inputs/frameImages/0/image"),
        (11, 16, "unsupportedTaskType", "/1/taskType"),
        (12, 3, "invalidBody", "/2"),
    ]


def test_github_shows_violations_beside_the_line(tmp_path: Path) -> None:
    """Workflow commands, with what has a meaning in them escaped."""
    name = "a,b:c.json"
    (tmp_path / name).write_text(BAD, encoding="utf-8")
    lines = run("validate", "--format", "github", name, cwd=tmp_path).stdout.splitlines()
    assert len(lines) == 6
    assert lines[1].startswith(
        "::error file=a%2Cb%3Ac.json,line=6,col=42,endColumn=43,title=unsupportedDuration::Invalid"
    )


def test_github_is_told_no_file_where_there_is_none() -> None:
    """What came over standard input has a line, and no file beside which it could be shown."""
    done = run("validate", "--format", "github", "-", given=BAD)
    assert done.stdout.splitlines()[1].startswith("::error line=6,col=42,endColumn=43,title=unsupportedDuration::")


def test_code_scanners_get_sarif(tmp_path: Path) -> None:
    """A SARIF 2.1.0 log with a rule for each code and a region for each violation."""
    (tmp_path / "tasks.json").write_text(BAD, encoding="utf-8")
    log = json.loads(run("validate", "--format", "sarif", "tasks.json", cwd=tmp_path).stdout)
    assert log["version"] == "2.1.0"
    [tool_run] = log["runs"]
    rules = {rule["id"] for rule in tool_run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in tool_run["results"]} == rules
    region = tool_run["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 6, "startColumn": 42, "endColumn": 43}


def test_a_long_line_is_shown_around_the_place() -> None:
    """A task on one line with a long prompt still shows where it is wrong."""
    text = json.dumps(
        {**TASK, "positivePrompt": "x" * 900, "fps": 24, "webhookURL": f"https://example.com/{'y' * 300}"}
    )
    checked = check_text(SPEC, "t", text)
    [found] = checked.found
    lines = run("validate", "-", given=text).stdout.splitlines()
    assert len(lines[2]) < 120
    caret = lines[3].index("^")
    assert lines[2][caret : caret + 2] == "24"
    assert found.column == text.index("24,") + 1


def test_the_guide_shows_what_each_report_prints() -> None:
    """The samples beside the reports are their own words about the task on the same page, one for each."""
    guide = (Path(__file__).parent.parent / "mockserver/reports/README.md").read_text(encoding="utf-8")
    [task] = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    guide = guide.replace('"version": "0.1.0"', f'"version": "{VERSION}"')
    samples = dict(re.findall(r"^## (\w+)\n.*?```text\n(.*?)```", guide, re.DOTALL | re.MULTILINE))
    checked = [check_text(SPEC, "task.json", task)]
    assert samples == {name: "".join(f"{line}\n" for line in report(checked)) for name, report in REPORTS.items()}
