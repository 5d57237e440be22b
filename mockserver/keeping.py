"""How a request is kept with its task: in little room. What is kept of it is left to `runtime`."""

from collections.abc import Mapping
from sys import intern
from typing import Any

from mockserver.journal import shortened

#: Texts up to so many characters are what many tasks have in common.
LONGEST_COMMON = 16


def compact(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a request in half the room: a table of the size that it needs, and short texts kept once for all."""
    return {
        name: intern(value) if type(value) is str and len(value) <= LONGEST_COMMON else value
        for name, value in params.items()
    }


def without_pictures(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a request as it is kept: without the bytes of long pictures."""
    return {name: shortened(value) if name == "inputs" else value for name, value in params.items()}


def size_of(value: Any) -> int:
    """Return how many bytes a value takes as JSON, roughly."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, Mapping):
        return sum(len(name) + 4 + size_of(member) for name, member in value.items()) + 2
    if isinstance(value, list | tuple):
        return sum(size_of(member) + 1 for member in value) + 2
    return 8
