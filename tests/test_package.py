"""The wheel: what is in it, and that it works in an environment of its own, outside the tree."""

import configparser
import json
import os
import re
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TASK = {
    "taskType": "videoInference",
    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
    "model": "minimax:3@1",
    "positivePrompt": "a lighthouse",
}
#: Without what would lead back to the tree, or measure it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "PYTEST"))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the source distribution, as publishing does."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_code_the_schemas_and_the_clips(wheel: Path) -> None:
    """The data ships inside the package, and nothing of the tests does."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "mockserver/_schema/models/minimax-3@1.json" in names
    assert "mockserver/media/clips/1366x768-6s.mp4" in names
    assert "mockserver/_schema/report.json" in names
    assert {"contracts/strategies.py", "contracts/reports/page.css"} <= {*names}
    assert {"contracts/adapters/runware_sdk.py", "contracts/adapters/sdk_js.mjs"} <= {*names}
    assert "mockserver/py.typed" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mockserver", "contracts"}


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel by itself, and return where its commands are."""
    home = tmp_path_factory.mktemp("fresh")
    venv.EnvBuilder(with_pip=False).create(home)
    binaries = home / ("Scripts" if os.name == "nt" else "bin")
    install = [sys.executable, "-m", "pip", "--python", str(home), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*install, "--constraint", str(ROOT / "requirements.lock"), str(wheel)], check=True, capture_output=True
    )
    return binaries


def test_the_wheel_serves_a_task_in_a_fresh_environment(fresh: Path, tmp_path: Path) -> None:
    """Started from another folder, the command takes a task and finishes it."""
    process = subprocess.Popen(
        [fresh / "runware-mock", "serve", "--port", "0", "--speed", "instant"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        address = next(found[1] for line in process.stdout if (found := re.search(r"POST (http://\S+)", line)))
        assert ask(address, TASK) == [{"taskType": "videoInference", "taskUUID": TASK["taskUUID"]}]
        [item] = ask(address, {"taskType": "getResponse", "taskUUID": TASK["taskUUID"]})
        assert item["status"] == "success"
        with urllib.request.urlopen(item["videoURL"]) as video:
            assert video.read(8)[4:] == b"ftyp"
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


def test_the_wheel_brings_its_fixture_to_pytest_in_a_fresh_environment(
    wheel: Path, fresh: Path, tmp_path: Path
) -> None:
    """Declared as an entry point, it is found by its name; the run takes every warning for an error."""
    [declared] = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("entry_points.txt")]
    points = configparser.ConfigParser()
    points.read_string(zipfile.ZipFile(wheel).read(declared).decode())
    assert dict(points["pytest11"]) == {"runware-mock": "contracts.pytest_plugin"}
    test = tmp_path / "test_video.py"
    test.write_text("def test_video(runware_mock):\n    assert runware_mock.control.advance_until_idle()\n")
    run = [str(fresh / "python"), "-m", "pytest", "-q", "-W", "error", "--strict-markers", "-p", "no:cacheprovider"]
    done = subprocess.run(run, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "warning" not in done.stdout


def ask(address: str, task: dict[str, str]) -> list[dict[str, str]]:
    """Send one task and return the items of the answer."""
    headers = {"Authorization": "Bearer any", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps([task]).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        items: list[dict[str, str]] = json.load(answer)["data"]
    return items
