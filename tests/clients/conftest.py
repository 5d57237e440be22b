"""The SDKs and the mocks that their tests use."""

from collections.abc import Iterator

import pytest

from tests.clients.sdks import SDKS, Sdk
from tests.clients.watched import Watched
from tests.support.server import Served, served


@pytest.fixture(params=SDKS, ids=lambda sdk: sdk.name)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    """Each SDK over each of its transports."""
    chosen: Sdk = request.param
    return chosen


@pytest.fixture(scope="session")
def _strict_mock() -> Iterator[Served]:
    with served("--speed", "instant", "--log", "json") as mock:
        yield mock


@pytest.fixture
def mock(_strict_mock: Served) -> Watched:
    """A mock of the strict profile whose videos are ready at once."""
    return Watched(_strict_mock)
