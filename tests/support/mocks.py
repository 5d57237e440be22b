"""Mocks whose time stands still until a test moves it, and that send nothing."""

from collections.abc import Mapping
from typing import Any

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.couriers import Outbox
from mockserver.app import Mock, make_mock
from mockserver.config import MockConfig, read_config
from mockserver.log import Log
from mockserver.ports import Clock, Courier

#: Settings of every mock that a test puts together unless it says otherwise, in the words of the command line.
SETTINGS = {"seed": "7", "speed": "1", "log": "quiet"}


def still_config(settings: Mapping[str, Any] | None = None) -> MockConfig:
    """Return the configuration of a mock for tests.

    Args:
        settings: settings that differ from `SETTINGS`, in the words of the command line.
    """
    return read_config({**SETTINGS, **(settings or {})}, {})


def still_mock(
    settings: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    courier: Courier | None = None,
    log: Log | None = None,
) -> Mock:
    """Return a mock with a manual clock and an outbox unless others are given."""
    return make_mock(still_config(settings), clock or ManualClock(), courier or Outbox(), log)
