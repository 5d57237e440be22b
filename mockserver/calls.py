"""A call of the control API and its answer: what a transport hands over and gets back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the control API.

    Attributes:
        method: HTTP method.
        path: path below the place at which the mock is mounted.
        query: query string.
        body: the bytes as they came.
        key: the API key whose things are meant, or None for everybody's.
        base_url: scheme and authority under which the caller reached the mock.
    """

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    key: str | None = None
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the control API.

    Attributes:
        status: HTTP status.
        body: JSON, or None for no body.
        allowed: methods that there are at an address, where another one was used.
    """

    status: int
    body: Any = None
    allowed: Sequence[str] = ()


#: Carries out a call; what is wrong with it is told in the answer.
CarryOut = Callable[[Call], Awaitable[Told]]
