"""What the drivers have in common: a question comes in as a line of JSON, its answer goes out as one.

Runs inside the environment of the storage emulators, so that it may import nothing but the standard library.
"""

import json
import sys
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Protocol

Json = dict[str, Any]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Store(Protocol):
    """A vendor's SDK at work in one bucket at a time."""

    def open(self, bucket: str) -> None:
        """Make a bucket and work in it from now on."""

    def presigned_put(self, name: str, media_type: str | None, expires_s: int) -> str:
        """Return an address for one PUT without credentials; without a media type none is signed."""

    def listing(self) -> list[str]:
        """Return the names of all objects in the bucket."""

    def content(self, name: str) -> bytes:
        """Download an object."""

    def media_type(self, name: str) -> str:
        """Return the media type that an object has."""


def drive(make: Callable[[Json], Store]) -> None:
    """Answer questions from standard input until it ends.

    Args:
        make: returns the store for the settings, which are the first line.
    """
    sys.addaudithook(_stay_on_this_machine)
    store = make(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        question = json.loads(line)
        try:
            told: Json = {"answer": getattr(store, question["ask"])(*question["with"])}
        except Exception as problem:  # noqa: BLE001 - whatever the SDK raises is for the test to see
            told = {"problem": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(told, default=_as_text), flush=True)


def _as_text(content: bytes) -> str:
    return b64encode(content).decode()


def _stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to look up or connect to any host but this one: SDKs ask for credentials and regions on their own."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in LOOPBACK:
        raise PermissionError(f"the SDK reached for {host}")
