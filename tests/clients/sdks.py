"""The official SDKs as programs: what starts them, what they are told, what their callers get."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn, Protocol
from uuid import uuid4

import pytest

from mockserver.spec.load import load_spec

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".venv" / "clients"
#: Longest that an SDK may take. The longest it should take is 31 seconds, of which it waits for 30.
LIMIT_S = 90


class Reachable(Protocol):
    """A mock, or a proxy before one."""

    @property
    def http_url(self) -> str:
        """Address for tasks over HTTP."""

    @property
    def ws_url(self) -> str:
        """Address for tasks over WebSocket."""


class Told(NamedTuple):
    """What the caller of an SDK learns from an error; None for what the SDK keeps to itself."""

    code: str | None
    message: str
    parameter: str | None
    task_uuid: str | None


@dataclass(frozen=True)
class Outcome:
    """What one call ended with.

    Attributes:
        results: what the SDK returned.
        error: what could be read from its exception, or None.
    """

    results: Sequence[Json]
    error: Json | None

    @property
    def videos(self) -> Sequence[Json]:
        """The results of a call that went well."""
        assert self.error is None, self.error
        return self.results

    @property
    def told(self) -> Told:
        """The error of a call that failed."""
        assert self.error is not None, self.results
        error = self.error
        return Told(error.get("code"), error["message"], error.get("parameter"), error.get("taskUUID"))


@dataclass(frozen=True)
class Sdk:
    """An SDK over one transport, unmodified, in an environment of its own.

    Attributes:
        name: how tests call it.
        program: the words that start its driver; the first is a program below `CLIENTS` or in the path.
        package: what the installed package is found by, as a pattern below `CLIENTS`.
        transport: "rest" or "websocket".
        file_ways: the ways in which it turns a file into a frame image.
        hides_codes: whether it shows a category of its own in place of the API's code.
        haste: options and variables that shorten its waits for answers that do not come, where it has such.
    """

    name: str
    program: tuple[str, ...]
    package: str
    transport: Literal["rest", "websocket"]
    file_ways: tuple[str, ...]
    hides_codes: bool = False
    haste: Mapping[Literal["options", "environment"], Json] = field(default_factory=dict)

    def require(self) -> str:
        """Return the program that starts the driver. Fails the test without one: to skip it would hide a hole."""
        if not any(CLIENTS.glob(self.package)):
            self._fail(f"{CLIENTS} has no {self.package}")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        program = shutil.which(CLIENTS / self.program[0]) or shutil.which(self.program[0], path=path)
        return program or self._fail(f"there is no program {self.program[0]}")

    def _fail(self, problem: str) -> NoReturn:
        pytest.fail(f"{self.name} is not set up: {problem}. Run `make test`, which sets it up.", pytrace=False)

    def call(self, mock: Reachable, *calls: Json, key: str = "any", in_haste: bool = False) -> list[Outcome]:
        """Let the SDK do some calls at once, over one connection, and return their outcomes in order.

        Args:
            mock: what it talks to.
            calls: what it is to do; see `video` and `collect`.
            key: the API key.
            in_haste: whether its waits for lost answers are shortened.
        """
        return self.call_in_turn(mock, calls, key=key, in_haste=in_haste)[0]

    def call_in_turn(
        self, mock: Reachable, *rounds: Sequence[Json], key: str = "any", in_haste: bool = False
    ) -> list[list[Outcome]]:
        """Let one instance of the SDK do several rounds of calls, one after the other."""
        haste = self.haste if in_haste else {}
        job = {
            "http_url": mock.http_url,
            "ws_url": mock.ws_url,
            "transport": self.transport,
            "api_key": key,
            "options": haste.get("options", {}),
            "rounds": rounds,
        }
        done = self._run(job, {"PATH": os.environ["PATH"], **haste.get("environment", {})})
        assert done["strayed"] == [], "the SDK reached for addresses outside of this machine"
        if "error" in done:
            return [[Outcome((), done["error"]) for _ in calls] for calls in rounds]
        return [[Outcome(each.get("results", ()), each.get("error")) for each in calls] for calls in done["rounds"]]

    def _run(self, job: Json, environment: Json) -> Json:
        try:
            process = subprocess.run(
                [self.require(), *self.program[1:]],
                input=json.dumps(job),
                capture_output=True,
                text=True,
                cwd=ROOT,
                env=environment,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.name} came to no end within {LIMIT_S} seconds", pytrace=False)
        assert process.returncode == 0, process.stderr
        done: Json = json.loads(process.stdout)
        return done

    def expected(self, error: Json) -> Told:
        """Return what a caller should learn of an error that the API answers.

        Args:
            error: the error as it stands on the wire.
        """
        code = _categories()[error["code"]] if self.hides_codes else error["code"]
        return Told(code, error["message"], error.get("parameter"), error.get("taskUUID"))


@lru_cache(maxsize=1)
def _categories() -> Mapping[str, str]:
    spec = load_spec()
    return {error.code: error.category for error in (*spec.catalogue.named.values(), *spec.failures.values())}


def video(*frames: Json, **parameters: Any) -> Json:
    """Return a call that makes a video and waits for it.

    Args:
        frames: its pictures; see `picture`.
        parameters: parameters that differ from a plain task's, by wire name.
    """
    task = {"taskType": "videoInference", "taskUUID": str(uuid4()), "model": "minimax:3@1", "positivePrompt": "a reef"}
    return {"do": "video", "task": {**task, **parameters}, "frames": frames}


def picture(way: str, value: str | Path, position: str | int | None = None) -> Json:
    """Return a frame image of a call.

    Args:
        way: "as it is", or one of the SDK's ways.
        value: an address, a data URI or the path of a file.
        position: the frame that it is pinned to, or None to leave that out.
    """
    frame = {"way": way, "value": str(value)}
    return frame if position is None else {**frame, "position": position}


def collect(call: Json) -> Json:
    """Return a call that reads the results of another call's task."""
    return {"do": "collect", "taskUUID": call["task"]["taskUUID"], "numberResults": 1}


def _runware_sdk(name: str, transport: Literal["rest", "websocket"]) -> Sdk:
    return Sdk(
        name,
        ("runware-sdk/bin/python", "-m", "tests.clients.drivers.with_runware_sdk"),
        "runware-sdk/lib/python*/site-packages/runware_sdk-*.dist-info",
        transport,
        ("file_to_base64", "file_to_data_uri", "image_upload", "media_storage"),
        hides_codes=True,
    )


RUNWARE_SDK_REST = _runware_sdk("runware-sdk over REST", "rest")
RUNWARE_SDK = _runware_sdk("runware-sdk over WebSocket", "websocket")
RUNWARE = Sdk(
    "runware over WebSocket",
    ("runware/bin/python", "-m", "tests.clients.drivers.with_runware"),
    "runware/lib/python*/site-packages/runware-*.dist-info",
    "websocket",
    # A path as it is: the SDK reads the file by itself.
    ("as it is", "uploadImage", "uploadMedia"),
    # A poll of an unfinished task is a wait of 30 seconds: the SDK looks only at items that have a UUID.
    haste={"environment": {"RUNWARE_VIDEO_INITIAL_TIMEOUT": "1000", "RUNWARE_VIDEO_POLLING_DELAY": "100"}},
)
SDK_JS = Sdk(
    "@runware/sdk-js over WebSocket",
    ("node", "tests/clients/drivers/with_sdk_js.mjs", str(CLIENTS / "node")),
    "node/node_modules/@runware/sdk-js/package.json",
    "websocket",
    ("own data URI", "imageUpload", "mediaStorage"),
    haste={"options": {"timeoutDuration": 3000}},
)
SDKS = (RUNWARE_SDK_REST, RUNWARE_SDK, RUNWARE, SDK_JS)
