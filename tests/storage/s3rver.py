"""s3rver: S3 on a folder, in Node. It checks presigned signatures of the old version 2, which still are in use."""

from pathlib import Path

from tests.storage.base import STORAGE, Emulator


def _command(port: int, folder: Path) -> tuple[str, ...]:
    script = str(STORAGE / "node/node_modules/s3rver/bin/s3rver.js")
    return ("node", script, "-d", str(folder / "buckets"), "-a", "127.0.0.1", "-p", str(port))


S3RVER = Emulator(
    name="s3rver",
    command=_command,
    ready=r"S3rver listening on",
    packages=("node/node_modules/s3rver/package.json", "lib/python*/site-packages/boto3-*.dist-info"),
    sdk="tests.storage.drivers.with_boto3",
    # The one key that it knows.
    settings=lambda endpoint: {"endpoint": endpoint, "key_id": "S3RVER", "secret": "S3RVER", "signature": "s3"},
    signs_media_type=True,
    wants_media_type=True,
)
