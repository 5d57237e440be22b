"""Azurite: the emulator of Azure Storage by its vendor, in Node. It checks shared access signatures."""

from base64 import b64encode
from pathlib import Path

from tests.storage.base import STORAGE, Emulator

ACCOUNT, KEY = "uploads", b64encode(b"a key of the tests").decode()


def _command(port: int, _folder: Path) -> tuple[str, ...]:
    script = str(STORAGE / "node/node_modules/azurite/dist/src/blob/main.js")
    listen = ("--blobHost", "127.0.0.1", "--blobPort", str(port))
    return ("node", script, *listen, "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck")


AZURITE = Emulator(
    name="azurite",
    command=_command,
    ready=r"Blob service successfully listens on",
    packages=(
        "node/node_modules/azurite/package.json",
        "lib/python*/site-packages/azure_storage_blob-*.dist-info",
    ),
    sdk="tests.storage.drivers.with_azure",
    settings=lambda endpoint: {"endpoint": endpoint, "account": ACCOUNT, "key": KEY},
    environment={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
)
