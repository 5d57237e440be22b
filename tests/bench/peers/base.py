"""What a contestant is, and where what was installed of it lies."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Unavailable(Exception):
    """A contestant cannot run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that can be started.

    Attributes:
        version: which one it is.
        setup: how it is set up, in a sentence for people.
        words: the command that serves it, but for the port at its end.
    """

    version: str
    setup: str
    words: list[str]


@dataclass(frozen=True, slots=True)
class Places:
    """Folders.

    Attributes:
        installed: what `.ci/install-peers` filled; a folder for each package.
        scratch: takes files that contestants read.
    """

    installed: Path
    scratch: Path

    def package(self, name: str, package: str) -> Path:
        """Return the folder of an npm package.

        Args:
            name: the folder that it was installed into.
            package: its name at npm.

        Raises:
            Unavailable: it is not there; says why where that was noted.
        """
        found = self.installed / name / "node_modules" / package
        if (found / "package.json").is_file():
            return found
        problem = self.installed / f"{name}.problem"
        noted = problem.read_text(encoding="utf-8", errors="replace").strip().rstrip(".") if problem.is_file() else ""
        raise Unavailable(f"{package} is not installed: {noted or 'make bench-peers does that'}")

    def write(self, name: str, document: Any) -> Path:
        """Write a file of JSON for a contestant and return where it lies."""
        file = self.scratch / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document), encoding="utf-8")
        return file


#: Makes a contestant ready, or raises Unavailable.
Prepare = Callable[[Places], Contestant]


def program(name: str, debian: str) -> str:
    """Return the path of a program of this machine.

    Args:
        name: its name.
        debian: the Debian package that holds it.

    Raises:
        Unavailable: it is not there.
    """
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"there is no {name}: apt-get install {debian}")
    return found


def version_of(package: Path) -> str:
    """Return the version of an installed npm package."""
    return str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])
