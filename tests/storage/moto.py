"""moto: S3 in Python. It checks no presigned address: with its checks on it wants an Authorization header."""

from tests.storage.base import Emulator

MOTO = Emulator(
    name="moto",
    command=lambda port, _: ("bin/python", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)),
    ready=r"Running on http",
    packages=("lib/python*/site-packages/moto-*.dist-info", "lib/python*/site-packages/boto3-*.dist-info"),
    sdk="tests.storage.drivers.with_boto3",
    settings=lambda endpoint: {"endpoint": endpoint, "key_id": "any", "secret": "any", "signature": "s3v4"},
    checks=frozenset({"bucket"}),
)
