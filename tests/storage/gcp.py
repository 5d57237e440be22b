"""gcp-storage-emulator: Google Cloud Storage in Python. It checks no signature."""

from tests.storage.base import Emulator

GCP = Emulator(
    name="gcp-storage-emulator",
    command=lambda port, _: (
        *("bin/python", "-m", "gcp_storage_emulator", "start"),
        *("--host", "127.0.0.1", "--port", str(port), "--in-memory"),
    ),
    ready=r"All services started",
    packages=(
        "lib/python*/site-packages/gcp_storage_emulator-*.dist-info",
        "lib/python*/site-packages/google_cloud_storage-*.dist-info",
    ),
    sdk="tests.storage.drivers.with_google",
    settings=lambda endpoint: {"endpoint": endpoint},
    checks=frozenset({"bucket"}),
)
