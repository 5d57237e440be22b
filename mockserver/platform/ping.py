"""A sign of life."""

from collections.abc import Mapping
from typing import Any

from mockserver.platform.base import Caller, Desk
from mockserver.wire import Answer


def ping(_desk: Desk, _caller: Caller, _task: Mapping[str, Any]) -> Answer:
    """Answer a ping.

    Source: schema/tasks/ping.json (stated)
    """
    return Answer(data=[{"taskType": "ping", "pong": True}], outcome="pong", about=("ping", ""))
