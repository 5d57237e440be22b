"""A mock of the Runware video API: offline, quick, and spec-driven.

The names below are loaded when they are first used, so that `import mockserver` loads no web framework.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.adapters.clocks import ManualClock
    from mockserver.app import Mock, create_app, make_mock
    from mockserver.config import MockConfig
    from mockserver.inprocess import MockRunware
    from mockserver.remote import MockControl
    from mockserver.scenario import Rule, Scenario
    from mockserver.threaded import MockServer

_HOMES = {
    "ManualClock": "mockserver.adapters.clocks",
    "Mock": "mockserver.app",
    "MockConfig": "mockserver.config",
    "MockControl": "mockserver.remote",
    "MockRunware": "mockserver.inprocess",
    "MockServer": "mockserver.threaded",
    "Rule": "mockserver.scenario",
    "Scenario": "mockserver.scenario",
    "create_app": "mockserver.app",
    "make_mock": "mockserver.app",
}

__all__ = [
    "ManualClock",
    "Mock",
    "MockConfig",
    "MockControl",
    "MockRunware",
    "MockServer",
    "Rule",
    "Scenario",
    "create_app",
    "make_mock",
]


def __getattr__(name: str) -> Any:
    """Load a public name from where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
