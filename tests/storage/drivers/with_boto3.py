"""Drives boto3, the SDK for Amazon S3."""

from typing import Any

import boto3  # type: ignore[import-not-found]
from botocore.config import Config  # type: ignore[import-not-found]

from tests.storage.drivers.protocol import Json, drive


class Buckets:
    """S3 at an address of ours, in path style.

    Args:
        settings: `endpoint`; `key_id` and `secret`; `signature` of presigned addresses, as botocore names its versions.
    """

    def __init__(self, settings: Json) -> None:
        self._s3 = _client(settings, "s3v4")
        self._signer = _client(settings, settings["signature"])
        self._bucket = ""

    def open(self, bucket: str) -> None:
        """Make a bucket and work in it from now on."""
        self._s3.create_bucket(Bucket=bucket)
        self._bucket = bucket

    def presigned_put(self, name: str, media_type: str | None, expires_s: int) -> str:
        """Return an address for one PUT without credentials; without a media type none is signed."""
        signed = {"ContentType": media_type} if media_type else {}
        about = {"Bucket": self._bucket, "Key": name, **signed}
        return str(self._signer.generate_presigned_url("put_object", Params=about, ExpiresIn=expires_s))

    def listing(self) -> list[str]:
        """Return the names of all objects in the bucket."""
        return [item["Key"] for item in self._s3.list_objects_v2(Bucket=self._bucket).get("Contents", [])]

    def content(self, name: str) -> bytes:
        """Download an object."""
        return bytes(self._s3.get_object(Bucket=self._bucket, Key=name)["Body"].read())

    def media_type(self, name: str) -> str:
        """Return the media type that an object has."""
        return str(self._s3.head_object(Bucket=self._bucket, Key=name)["ContentType"])


def _client(settings: Json, signature: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=settings["key_id"],
        aws_secret_access_key=settings["secret"],
        config=Config(signature_version=signature, s3={"addressing_style": "path"}),
    )


if __name__ == "__main__":
    drive(Buckets)
