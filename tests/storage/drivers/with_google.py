"""Drives google-cloud-storage, the SDK for Google Cloud Storage."""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa  # type: ignore[import-not-found]
from cryptography.hazmat.primitives.serialization import (  # type: ignore[import-not-found]
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from google.auth.credentials import AnonymousCredentials  # type: ignore[import-not-found]
from google.auth.crypt import RSASigner  # type: ignore[import-not-found]
from google.cloud.storage import Client  # type: ignore[import-not-found]
from google.oauth2.service_account import Credentials  # type: ignore[import-not-found]

from tests.storage.drivers.protocol import Json, drive


class Buckets:
    """Google Cloud Storage at an address of ours, with a service account that exists here alone.

    Args:
        settings: `endpoint`.
    """

    def __init__(self, settings: Json) -> None:
        self._endpoint = settings["endpoint"]
        options = {"api_endpoint": self._endpoint}
        self._client = Client("project", credentials=AnonymousCredentials(), client_options=options)
        self._signer = _service_account()
        self._bucket = self._client.bucket("none-yet")

    def open(self, bucket: str) -> None:
        """Make a bucket and work in it from now on."""
        self._bucket = self._client.create_bucket(bucket)

    def presigned_put(self, name: str, media_type: str | None, expires_s: int) -> str:
        """Return an address for one PUT without credentials; without a media type none is signed."""
        return str(
            self._bucket.blob(name).generate_signed_url(
                version="v4",
                method="PUT",
                expiration=timedelta(seconds=expires_s),
                content_type=media_type,
                credentials=self._signer,
                api_access_endpoint=self._endpoint,
            )
        )

    def listing(self) -> list[str]:
        """Return the names of all objects in the bucket."""
        return [blob.name for blob in self._bucket.list_blobs()]

    def content(self, name: str) -> bytes:
        """Download an object."""
        return bytes(self._bucket.blob(name).download_as_bytes())

    def media_type(self, name: str) -> str:
        """Return the media type that an object has."""
        return str(self._bucket.get_blob(name).content_type)


def _service_account() -> Credentials:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Credentials(RSASigner.from_string(pem), "uploads@project.iam.gserviceaccount.com", "http://127.0.0.1:1")


if __name__ == "__main__":
    drive(Buckets)
