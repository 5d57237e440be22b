"""Storage emulators as programs: what starts them, and what they hold as the vendor's own SDK sees it."""

import json
import os
import shutil
import socket
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.support.programs import Program, running

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
STORAGE = ROOT / ".venv" / "clients" / "storage"
#: How long a start or a call may take, in seconds: the first one compiles what was installed.
LIMIT_S = 120
#: What can be wrong with an address.
ALL_WRONGS = frozenset({"signature", "expiry", "bucket"})


@dataclass(frozen=True)
class Emulator:
    """A storage emulator and the SDK that talks to it, both unmodified, in an environment of their own.

    Attributes:
        name: how tests call it.
        command: returns the words that start it on a port, with a folder for what it keeps; the first is a program
            below `STORAGE` or in the path.
        ready: a pattern of what it prints once it listens.
        packages: what the installed packages are found by, as patterns below `STORAGE`.
        sdk: the module that drives the vendor's SDK.
        settings: returns what the driver is told, for the emulator's address.
        environment: variables that it is started with.
        checks: what it refuses an upload for, of `ALL_WRONGS`.
        signs_media_type: whether a media type in the signature is checked.
        wants_media_type: whether an address whose signature has no media type takes no upload with one.
    """

    name: str
    command: Callable[[int, Path], Sequence[str]]
    ready: str
    packages: Sequence[str]
    sdk: str
    settings: Callable[[str], Json]
    environment: Mapping[str, str] = field(default_factory=dict)
    checks: frozenset[str] = ALL_WRONGS
    signs_media_type: bool = False
    wants_media_type: bool = False

    def require(self) -> None:
        """Fail the test where something is not installed: to skip it would hide a hole."""
        for pattern in self.packages:
            if not any(STORAGE.glob(pattern)):
                self._fail(f"{STORAGE} has no {pattern}")

    def program(self, name: str) -> str:
        """Return a program below `STORAGE` or in the path. Fails the test without one."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        found = shutil.which(STORAGE / name) or shutil.which(name, path=path)
        return found or self._fail(f"there is no program {name}")

    def _fail(self, problem: str) -> NoReturn:
        pytest.fail(f"{self.name} is not set up: {problem}. Run `make test`, which sets it up.", pytrace=False)


class Storage:
    """A running emulator, seen through the vendor's SDK.

    Args:
        emulator: what it is.
        sdk: the driver.

    Attributes:
        emulator: what it is.
        bucket: the bucket that everything is about; see `open`.
    """

    def __init__(self, emulator: Emulator, sdk: Program) -> None:
        self.emulator = emulator
        self.bucket = ""
        self._sdk = sdk

    def open(self, bucket: str) -> None:
        """Make a bucket; everything is about it from now on."""
        self._ask("open", bucket)
        self.bucket = bucket

    def presigned_put(self, name: str, media_type: str | None = None, expires_s: int = 600) -> str:
        """Return an address for one PUT without credentials; without a media type none is signed."""
        return str(self._ask("presigned_put", name, media_type, expires_s))

    def listing(self) -> list[str]:
        """Return the names of all objects in the bucket."""
        return sorted(self._ask("listing"))

    def content(self, name: str) -> bytes:
        """Download an object."""
        return b64decode(self._ask("content", name))

    def media_type(self, name: str) -> str:
        """Return the media type that an object has."""
        return str(self._ask("media_type", name))

    def _ask(self, what: str, *arguments: Any) -> Any:
        self._sdk.say(json.dumps({"ask": what, "with": arguments}))
        told = json.loads(self._sdk.wait_for_line(r'^\{"(answer|problem)"', LIMIT_S))
        assert "answer" in told, f"{self.emulator.name}: {what}: {told['problem']}"
        return told["answer"]


@contextmanager
def started(emulator: Emulator, folder: Path) -> Iterator[Storage]:
    """Start an emulator on a free port of 127.0.0.1, and its SDK; stop both in the end.

    Args:
        emulator: what is started.
        folder: an empty folder for what it keeps; it is removed in the end.
    """
    emulator.require()
    base = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        sdk = stack.enter_context(running([emulator.program("bin/python"), "-m", emulator.sdk], ROOT, base))
        with _reserved_port() as port:
            name, *words = emulator.command(port, folder)
            variables = {**base, **emulator.environment}
            server = stack.enter_context(running([emulator.program(name), *words], folder, variables))
            server.wait_for_line(emulator.ready, LIMIT_S)
        sdk.say(json.dumps(emulator.settings(f"http://127.0.0.1:{port}")))
        yield Storage(emulator, sdk)


@contextmanager
def _reserved_port() -> Iterator[int]:
    """Hold a free port that only somebody who asks for it by number can listen on."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
