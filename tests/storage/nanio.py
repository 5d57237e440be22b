"""nanio: S3 on a folder, in Python. It computes every presigned signature of version 4 anew and compares."""

from pathlib import Path

from tests.storage.base import Emulator

KEY_ID, SECRET = "uploads", "a secret of the tests"


def _command(port: int, folder: Path) -> tuple[str, ...]:
    listen = ("--host", "127.0.0.1", "--port", str(port))
    return ("bin/python", "-m", "nanio", "serve", "--data-dir", str(folder / "buckets"), *listen)


NANIO = Emulator(
    name="nanio",
    command=_command,
    ready=r"Uvicorn running on http",
    packages=("lib/python*/site-packages/nanio-*.dist-info", "lib/python*/site-packages/boto3-*.dist-info"),
    sdk="tests.storage.drivers.with_boto3",
    settings=lambda endpoint: {"endpoint": endpoint, "key_id": KEY_ID, "secret": SECRET, "signature": "s3v4"},
    environment={"NANIO_ACCESS_KEY": KEY_ID, "NANIO_SECRET_KEY": SECRET},
    signs_media_type=True,
)
