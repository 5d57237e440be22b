"""The wheel: what is in it, and that it works in an environment of its own, outside the tree."""

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
    assert "contracts/strategies.py" in names
    assert "mockserver/py.typed" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mockserver", "contracts"}


def test_the_wheel_serves_a_task_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed by itself and started from another folder, the command takes a task and finishes it."""
    home = tmp_path / "fresh"
    venv.EnvBuilder(with_pip=False).create(home)
    binaries = home / ("Scripts" if os.name == "nt" else "bin")
    install = [sys.executable, "-m", "pip", "--python", str(home), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*install, "--constraint", str(ROOT / "requirements.lock"), str(wheel)], check=True, capture_output=True
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    process = subprocess.Popen(
        [binaries / "runware-mock", "serve", "--port", "0", "--speed", "instant"],
        cwd=tmp_path,
        env=environment,
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


def ask(address: str, task: dict[str, str]) -> list[dict[str, str]]:
    """Send one task and return the items of the answer."""
    headers = {"Authorization": "Bearer any", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps([task]).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        items: list[dict[str, str]] = json.load(answer)["data"]
    return items
