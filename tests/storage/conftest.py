"""The emulators and the mocks that upload to them."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.storage.azurite import AZURITE
from tests.storage.base import Emulator, Storage, started
from tests.storage.gcp import GCP
from tests.storage.moto import MOTO
from tests.storage.nanio import NANIO
from tests.storage.s3rver import S3RVER
from tests.support.server import Served, served

EMULATORS = (MOTO, NANIO, S3RVER, AZURITE, GCP)
QUICK = ("--speed", "instant", "--log", "quiet")


@pytest.fixture(scope="session", params=EMULATORS, ids=lambda emulator: emulator.name)
def _emulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    emulator: Emulator = request.param
    with started(emulator, tmp_path_factory.mktemp(emulator.name)) as storage:
        yield storage


@pytest.fixture
def storage(_emulator: Storage) -> Storage:
    """Each emulator, with an empty bucket."""
    _emulator.open(f"videos-{uuid4()}")
    return _emulator


@pytest.fixture(scope="session")
def mock() -> Iterator[Served]:
    """A mock that uploads as it does unless told otherwise."""
    with served(*QUICK, "--media", "prerendered") as running:
        yield running


@pytest.fixture(scope="session")
def strict_mock() -> Iterator[Served]:
    """A mock for which a result that cannot be uploaded is none."""
    with served(*QUICK, "--media", "prerendered", "--upload-failure", "fail") as running:
        yield running


@pytest.fixture(scope="session")
def _rendering_mock() -> Iterator[Served]:
    with served(*QUICK, "--seed", "1") as running:
        yield running


@pytest.fixture
def rendering_mock(_rendering_mock: Served) -> Served:
    """A mock whose videos all differ. Begun anew, it makes the same ones, and need not render them again."""
    httpx.post(f"{_rendering_mock.http_url.removesuffix('/v1')}/_mock/reset", trust_env=False).raise_for_status()
    return _rendering_mock
