"""`runware-mock validate`: every kind of file, every report, every exit status."""

import json
import re
from pathlib import Path

import pytest

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
        (f"{json.dumps(TASK)}\n\n{json.dumps(TASK)}\n", 0, "2 tasks checked, all good."),
        (f'{json.dumps(TASK)}\n{{"taskType": 5}}\n', 1, "standard input:2:14: unsupportedTaskType"),
        (f'{json.dumps(TASK)}\n{{"taskType"\n', 1, "standard input:2:12: invalidJSON"),
        ('{"taskType": "ping",}', 1, "standard input:1:21: invalidJSON"),
        ("[]", 1, "standard input:1:1: invalidBody"),
        ("5", 1, "standard input:1:1: invalidBody"),
        ("", 1, "standard input:1:1: invalidJSON"),
        ("\ufeff" + json.dumps(TASK), 0, "all good"),
    ],
)
def test_one_task_a_list_or_json_lines(text: str, status: int, told: str) -> None:
    """The form is found out; the exit status says whether every task is good."""
    done = run("validate", "-", given=text)
    assert told in done.stdout
    assert done.returncode == status


def test_a_file_that_cannot_be_read_ends_with_status_2(tmp_path: Path) -> None:
    """One line, and nothing else is reported."""
    (tmp_path / "latin.json").write_bytes(b'{"a":"\xe9"}')
    for name, told in (("nowhere.json", "No such file"), ("latin.json", "not UTF-8 (at byte 6)"), (".", "directory")):
        done = run("validate", name, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"runware-mock: {name}: ")
        assert told in done.stderr
    assert run("validate").returncode == 2


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
        (6, 42, "unsupportedDuration", "/0/duration"),
        (7, 2, "unsupportedParameter", "/0/outputFromat"),
        (8, 32, "missingImage", "/0/inputs/frameImages/0/image"),
        (2, 3, "missingDimensionParameters", "/0/height"),
        (11, 16, "unsupportedTaskType", "/1/taskType"),
        (12, 3, "invalidBody", "/2"),
    ]


def test_github_shows_violations_beside_the_line(tmp_path: Path) -> None:
    """Workflow commands, with what has a meaning in them escaped."""
    name = "a,b:c.json"
    (tmp_path / name).write_text(BAD, encoding="utf-8")
    lines = run("validate", "--format", "github", name, cwd=tmp_path).stdout.splitlines()
    assert len(lines) == 6
    assert lines[0].startswith(
        "::error file=a%2Cb%3Ac.json,line=6,col=42,endColumn=43,title=unsupportedDuration::Invalid"
    )


def test_code_scanners_get_sarif(tmp_path: Path) -> None:
    """A SARIF 2.1.0 log with a rule for each code and a region for each violation."""
    (tmp_path / "tasks.json").write_text(BAD, encoding="utf-8")
    log = json.loads(run("validate", "--format", "sarif", "tasks.json", cwd=tmp_path).stdout)
    assert log["version"] == "2.1.0"
    [tool_run] = log["runs"]
    rules = {rule["id"] for rule in tool_run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in tool_run["results"]} == rules
    region = tool_run["results"][0]["locations"][0]["physicalLocation"]["region"]
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
    samples = dict(re.findall(r"^## (\w+)\n.*?```text\n(.*?)```", guide, re.DOTALL | re.MULTILINE))
    checked = [check_text(SPEC, "task.json", task)]
    assert samples == {name: "".join(f"{line}\n" for line in report(checked)) for name, report in REPORTS.items()}
