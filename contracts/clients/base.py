"""What can be checked: something that takes a task and an endpoint and comes to an end."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.recording import Outcome


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client finds the service.

    Attributes:
        http_url: where tasks are handed in over HTTP.
        ws_url: where tasks are handed in over WebSocket.
        api_key: the key to use; a fresh one for each example.
    """

    http_url: str
    ws_url: str
    api_key: str


class Client(Protocol):
    """A client under test."""

    @property
    def is_inside(self) -> bool:
        """Say whether it runs in this process, where time can jump."""

    def turn(self) -> AbstractAsyncContextManager[object]:
        """Return what is entered while a task is done: where few can be done at a time, its turn is waited for."""

    async def perform(self, task: Mapping[str, Any], endpoint: Endpoint) -> Outcome:
        """Have a task done and say what came of it. Whatever the client raises is part of the outcome."""

    async def close(self) -> None:
        """End whatever was started."""
