"""What the package adds to pytest: the fixtures `runware_mock` and `runware_respx`, a mock of its own for each test.

Contract tests are added by `contracts.pytest_contract`. Nothing of the mock is loaded before a test asks for it.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from contracts import pytest_coverage

if TYPE_CHECKING:
    from mockserver.inprocess import MockRunware
    from mockserver.threaded import MockServer

pytest_plugins = ("contracts.pytest_contract",)

MARKER = (
    "runware_mock(**settings): settings of the mock of the fixtures runware_mock and runware_respx, as in MockConfig"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the options known."""
    pytest_coverage.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and watch what is exercised where that is wanted."""
    config.addinivalue_line("markers", MARKER)
    pytest_coverage.configure(config)


@pytest.fixture
def runware_mock(request: pytest.FixtureRequest) -> "Iterator[MockServer]":
    """A mock on a port of its own, with a state of its own and a clock that stands still until it is moved.

    Settings come from `@pytest.mark.runware_mock(speed=1, balance=0.5)`; a marker of a test counts before that of its
    class, that before one of the module. What it has: `base_url`, `http_url`, `ws_url`, `api_key`, `environment`, and
    `control` with clock, rules and journal.
    """
    with ExitStack() as stack:
        yield _entered(stack, _settings(request))


@pytest.fixture
def runware_respx(request: pytest.FixtureRequest) -> "Iterator[MockRunware]":
    """A mock inside this process: clients of httpx and httpx2 reach it at the real addresses, and nobody else.

    It has a state of its own and a clock that stands still until `control` moves it; settings come from
    `@pytest.mark.runware_mock(speed=1)`, as for the fixture `runware_mock`. What it has: `control`, `outbox` with what
    would have been sent to webhooks, and `router` for further routes of respx.
    """
    from mockserver.adapters.clocks import ManualClock
    from mockserver.config import MockConfig, changed
    from mockserver.inprocess import MockRunware
    from mockserver.threaded import UNUSABLE

    with ExitStack() as stack:
        try:
            config = changed(MockConfig(log="quiet", clock=0.0), _settings(request))
            mock = stack.enter_context(MockRunware(config, None if config.clock else ManualClock()))
        except UNUSABLE as problem:
            raise _failure(str(problem), "runware_respx") from None
        yield mock


def _entered(stack: ExitStack, settings: Mapping[str, Any]) -> "MockServer":
    from mockserver.threaded import UNUSABLE, MockServer

    try:
        return stack.enter_context(MockServer(**settings))
    except UNUSABLE as problem:
        raise _failure(str(problem)) from None


def _settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what the markers of a test set, those of wider scope first."""
    markers = [*request.node.iter_markers("runware_mock")][::-1]
    if any(marker.args for marker in markers):
        raise _failure("settings of the marker are given by name, as in speed=1")
    return {name: value for marker in markers for name, value in marker.kwargs.items()}


def _failure(problem: str, fixture: str = "runware_mock") -> BaseException:
    """Return what ends a test with one line."""
    return pytest.fail.Exception(f"{fixture}: {problem}", pytrace=False)
