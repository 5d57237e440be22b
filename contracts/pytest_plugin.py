"""What the package adds to pytest: the fixture `runware_mock`, a mock of its own for each test.

Nothing of the mock is loaded before a test asks for it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mockserver.threaded import MockServer

MARKER = "runware_mock(**settings): settings of the mock that the fixture runware_mock serves, as in MockConfig"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def runware_mock(request: pytest.FixtureRequest) -> "Iterator[MockServer]":
    """A mock on a port of its own, with a state of its own and a clock that stands still until it is moved.

    Settings come from `@pytest.mark.runware_mock(speed=1, balance=0.5)`; a marker of a test counts before that of its
    class or module. What it has: `http_url`, `ws_url`, `api_key`, `environment`, and `control` with clock, rules and
    journal.
    """
    from mockserver.config import BadSetting
    from mockserver.threaded import MockServer

    settings = {name: value for marker in _markers(request) for name, value in marker.kwargs.items()}
    try:
        server = MockServer(**settings)
    except (BadSetting, TypeError) as problem:
        pytest.fail(f"@pytest.mark.runware_mock: {problem}", pytrace=False)
    with server:
        yield server


def _markers(request: pytest.FixtureRequest) -> list[pytest.Mark]:
    """Return the markers of a test, those of wider scope first."""
    return [*request.node.iter_markers("runware_mock")][::-1]
