"""The official SDKs under the kit: what is found of them is what the page of the adapters says."""

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

import contracts.adapters
from contracts.checks import CHECKS
from contracts.clients.command import CommandClient
from tests.clients.sdks import CLIENTS, ROOT, RUNWARE, RUNWARE_SDK, RUNWARE_SDK_REST, SDK_JS, Sdk
from tests.kit.sdks import broken_duties

ADAPTERS = Path(contracts.adapters.__file__).parent
PAGE = (ADAPTERS / "README.md").read_text(encoding="utf-8")
#: The SDKs for Python, by the heading of their table, with their adapters.
IN_PYTHON = {
    "`runware-sdk==1.8.0` over REST": (RUNWARE_SDK_REST, "contracts.adapters.runware_sdk:rest"),
    "`runware-sdk==1.8.0` over WebSocket": (RUNWARE_SDK, "contracts.adapters.runware_sdk:websocket"),
    "`runware==0.5.24` over WebSocket": (RUNWARE, "contracts.adapters.runware_05:websocket"),
}
IN_NODE = "`@runware/sdk-js@1.3.2` over WebSocket"
#: Examples of each kind of behaviour: so many that chance leaves nothing out.
COUNT = 8


def table(heading: str) -> dict[str, str]:
    """Return for each duty in the table of an SDK where in the source its breach is."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| .+ \| (.+) \| .+ \|$", section, re.MULTILINE)
    assert rows, f"the page has no table for {heading}"
    return dict(rows)


def site_packages(sdk: Sdk) -> Path:
    """Return where an SDK for Python is installed."""
    sdk.require()
    [dist_info] = CLIENTS.glob(sdk.package)
    return dist_info.parent


@pytest.mark.parametrize("heading", IN_PYTHON)
def test_the_kit_finds_of_an_sdk_for_python_what_the_page_says(heading: str) -> None:
    """Neither less nor more, with its own Python and packages, which come before those of the kit."""
    sdk, adapter = IN_PYTHON[heading]
    places = [str(ROOT), str(site_packages(sdk)), sysconfig.get_paths()["purelib"]]
    done = subprocess.run(
        [sdk.require(), "-m", "tests.kit.sdks", adapter, str(COUNT)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() == table(heading).keys(), found


def test_the_kit_finds_of_the_sdk_for_node_what_the_page_says() -> None:
    """As a program, in real time, with few examples; its own time-out is shortened, to what a slow machine keeps too."""
    command = [SDK_JS.require(), str(ADAPTERS / "sdk_js.mjs"), '{"timeoutDuration": 6000}', str(CLIENTS / "node")]
    found = broken_duties(CommandClient(command), 2)
    assert found.keys() == table(IN_NODE).keys(), found


@pytest.mark.parametrize("heading", [*IN_PYTHON, IN_NODE])
def test_the_page_names_places_that_the_sdk_has(heading: str) -> None:
    """Each duty is one of the kit, each version the one that is set up, and each function is there in its file."""
    pin = heading.split("`")[1]
    assert pin in (ROOT / "Makefile").read_text(encoding="utf-8")
    wheres = table(heading)
    assert wheres.keys() <= CHECKS.keys()
    places = [place for where in wheres.values() for place in re.findall(r"`([\w./-]+\.(?:py|ts))`: `(\w+)`", where)]
    assert len(places) >= len(wheres) / 2
    for file, name in places:
        assert re.search(rf"\b{name}\b", source(heading, file)), (file, name)


def source(heading: str, file: str) -> str:
    """Return a source file of an installed SDK."""
    if heading in IN_PYTHON:
        return (site_packages(IN_PYTHON[heading][0]) / "runware" / file).read_text(encoding="utf-8")
    SDK_JS.require()
    written = (CLIENTS / SDK_JS.package).parent / "dist" / "index.js.map"
    held = json.loads(written.read_text(encoding="utf-8"))
    contents = dict(zip(held["sources"], held["sourcesContent"], strict=True))
    return str(contents[f"../Runware/{file}"])
