"""What the documents say is what the code does: code blocks run, and every name of a registry is found."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest
import yaml

from contracts.cli import main
from contracts.reports import FORMATS
from mockserver.engine.magic import find_magic
from mockserver.engine.safety import UNSAFE
from mockserver.faults.reading import plan_magic
from mockserver.log import LOGS
from mockserver.reports import REPORTS
from mockserver.serve import CLIENT_LINES
from mockserver.settings import all_settings
from mockserver.spec.checkers import CHECKERS
from mockserver.spec.documents import read_documents, shipped_root
from mockserver.spec.load import load_spec
from mockserver.spec.publish import control_document
from tests.clients.sdks import CLIENTS, LIMIT_S
from tests.support.plugin import OPTIONS
from tests.support.server import served

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCHEMAS = (ROOT / "schema/README.md").read_text(encoding="utf-8")
DOCUMENTS = read_documents(shipped_root())


def blocks(language: str) -> list[str]:
    """Return the code blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


#: Blocks that are tests; the others are programs.
TESTS = [block for block in blocks("python") if "def test_" in block or "(ContractTests)" in block]


@pytest.mark.parametrize("block", [block for block in blocks("python") if block not in TESTS])
def test_python_in_the_readme_runs(block: str) -> None:
    """The examples are programs that do what they claim."""
    exec(compile(block, "README.md", "exec"), {})


def test_the_tests_in_the_readme_pass(tmp_path: Path) -> None:
    """Copied into a file, they are found and pass, and pytest warns of nothing."""
    (tmp_path / "test_readme.py").write_text("\n".join(TESTS), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "--strict-markers",
        "-p",
        "no:cacheprovider",
        *OPTIONS,
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [passed] = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= len(TESTS)


def test_the_curl_lines_of_the_readme_walk_from_submit_to_download_and_refusal(tmp_path: Path) -> None:
    """Typed in order, they are acknowledged, finished, downloaded and refused as the README shows."""
    assert shutil.which("curl"), "curl is missing: install it, or run make test, which does"
    submit, poll, download, refusal = blocks("sh")
    with served("--speed", "instant") as mock:

        def run(line: str) -> str:
            command = line.replace("localhost:8080", f"localhost:{mock.port}")
            return subprocess.run(
                ["sh", "-c", command], capture_output=True, text=True, check=True, cwd=tmp_path
            ).stdout

        assert json.loads(run(submit)) == json.loads(re.findall(r"^# (\{.*)$", submit, re.MULTILINE)[0])
        [item] = json.loads(run(poll))["data"]
        assert (item["status"], item["cost"]) == ("success", 0.28)
        run(download)
        [file] = tmp_path.iterdir()
        assert file.name == f"{item['videoUUID']}.mp4"
        assert file.read_bytes()[4:8] == b"ftyp"
        refused = json.loads(run(refusal))
        assert [error["code"] for error in refused["errors"]] == ["unsupportedDuration", "unsupportedParameter"]
        shown = " ".join(refusal.replace("#", " ").split())
        for error in refused["errors"]:
            assert error["message"] in shown


def test_the_node_example_of_the_readme_runs_with_the_official_sdk(tmp_path: Path) -> None:
    """It plays a scenario, moves the clock of the mock, gets its video and verifies the journal, unchanged but the port."""
    node = shutil.which("node")
    assert node, "node is missing: run make test, which sets it up"
    modules = CLIENTS / "node" / "node_modules"
    assert modules.is_dir(), f"{modules} is missing: run make test, which sets it up"
    (tmp_path / "node_modules").symlink_to(modules)
    [example] = blocks("js")
    with served("--clock", "manual") as mock:
        (tmp_path / "example.mjs").write_text(example.replace("127.0.0.1:8080", f"127.0.0.1:{mock.port}"))
        done = subprocess.run(
            [node, "example.mjs"], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=LIMIT_S
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"http://127.0.0.1:{mock.port}/video/\S+\.mp4\n", done.stdout)


def test_the_workflow_of_the_readme_checks_a_client_with_the_known_findings_of_the_readme(tmp_path: Path) -> None:
    """Its line, for a client that is here, writes the page; the findings that it accepts are read."""
    known, workflow = [block for block in blocks("yaml") if block.startswith(("known:", "on:"))]
    (tmp_path / "known.yaml").write_text(known, encoding="utf-8")
    steps = yaml.safe_load(workflow)["jobs"]["contract"]["steps"]
    [line] = [step["run"] for step in steps if "check client" in step.get("run", "")]
    words = [word.replace("my_app.videos:make_video", "tests.kit.sound:client") for word in shlex.split(line)]
    assert words[0] == "runware-mock"
    with chdir(tmp_path):
        assert main([*words[1:], "--profile", "quick", "--only", "sends-json-lists"]) == 0
    [page] = [step["with"]["path"] for step in steps if "upload" in step.get("uses", "")]
    assert (tmp_path / page).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_readme_names_every_form_of_a_report_on_a_client() -> None:
    """What --format takes is told, each with what it is for."""
    told = README.partition("## Find out what in your client")[2].partition("## ")[0]
    for name in FORMATS:
        assert f"`{name}`" in told, name


def test_every_call_of_the_control_api_stands_in_the_readme() -> None:
    """The table is complete."""
    table = README.partition("## Time, rules and journal")[2].partition("## ")[0]
    for path, methods in control_document()["paths"].items():
        rows = [row for row in table.splitlines() if re.match(rf"\| `[^|]*{re.escape(path)}`", row)]
        assert len(rows) == 1, path
        for method in methods:
            assert method.upper() in rows[0], (method, path)


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    """The table of settings is complete and true."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", README.partition("## Settings")[2], re.MULTILINE))
    plain = {setting.name: setting.default for setting in all_settings().values() if not setting.is_choice}
    assert rows == plain


def test_every_choice_stands_in_the_schema_guide_with_its_values() -> None:
    """The table of choices is complete, and the default comes first."""
    for name, choice in DOCUMENTS["dialect.json"]["choices"].items():
        assert f"| `{name}` | `{choice['default']}`: " in SCHEMAS
        for value in choice["values"]:
            assert f"`{value}`: " in SCHEMAS
    for name, value in DOCUMENTS["dialect.json"]["profiles"]["compat"]["choices"].items():
        assert f"`{name}={value}`" in SCHEMAS


def test_every_error_and_source_stands_in_the_schema_guide() -> None:
    """The tables of errors and sources are complete."""
    for name, error in load_spec().catalogue.named.items():
        assert f"| `{name}` | {error.http} | {error.category} | {error.confidence} |" in SCHEMAS
    codes = re.findall(r"^\| `([\w{}]+)` \| \d{3} \|", SCHEMAS, re.MULTILINE)
    assert len(codes) == len(set(codes))
    for key in DOCUMENTS["sources.json"]["sources"]:
        assert f"| {key} | " in SCHEMAS


def test_the_readme_names_every_client_line_log_checker_and_report() -> None:
    """What can be chosen by name is told to users."""
    facts = {"http": "http://127.0.0.1:8080", "ws": "ws://127.0.0.1:8080", "key": "any"}
    for line in CLIENT_LINES.values():
        assert line.format(**facts).partition("   ")[0] in README
    for name in (*LOGS, *CHECKERS, *REPORTS):
        assert re.search(rf"`(--format )?{name}`", README) or name == "text", name


def test_the_readme_promises_only_magic_values_that_exist() -> None:
    """Every one that is shown is one, and the one that is no error or fault is shown."""
    shown = find_magic(README)
    assert len(shown) > 5
    for magic in shown:
        assert magic.word == UNSAFE or plan_magic(magic, load_spec().failures), magic
    assert UNSAFE in {magic.word for magic in shown}


def test_links_between_documents_lead_somewhere() -> None:
    """A link names a file that is there, and a heading in it."""
    for document in (README, (ROOT / "ARCHITECTURE.md").read_text(), (ROOT / "CHANGELOG.md").read_text()):
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", document.replace("\n", " ")):
            path, _, anchor = target.partition("#")
            text = (ROOT / path).read_text(encoding="utf-8") if path else README
            headings = [
                re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
                for line in text.splitlines()
                if line.startswith("#")
            ]
            assert not anchor or anchor.replace(" ", "") in headings, target


SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_promise_of_security_names_a_test_that_there_is() -> None:
    """Each paragraph of promises names at least one, and each name leads to a test."""
    promises = SECURITY.partition("## Promises")[2].partition("\n## ")[0].split("\n\n")[1:]
    assert len(promises) > 8
    for promise in promises:
        names = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", promise)
        assert names, promise
        for file, name in names:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
    assert len(re.findall(r"::test_", SECURITY)) == len(re.findall(r"`tests/[\w/]+\.py::test_\w+`", SECURITY))
