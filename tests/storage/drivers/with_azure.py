"""Drives azure-storage-blob, the SDK for Azure Blob Storage."""

from datetime import UTC, datetime, timedelta
from itertools import cycle

from azure.storage.blob import (  # type: ignore[import-not-found]
    AccountSasPermissions,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerSasPermissions,
    ResourceTypes,
    Services,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.storage.drivers.protocol import Json, drive


class Containers:
    """Azure Blob Storage at an address of ours. Addresses are signed for a blob, a container and the account in turn.

    Args:
        settings: `endpoint`, without the account; `account` and `key`.
    """

    def __init__(self, settings: Json) -> None:
        self._account, self._key = settings["account"], settings["key"]
        self._client = BlobServiceClient(f"{settings['endpoint']}/{self._account}", credential=self._key)
        self._container = self._client.get_container_client("none-yet")
        self._signers = cycle((self._sign_for_blob, self._sign_for_container, self._sign_for_account))

    def open(self, bucket: str) -> None:
        """Make a container and work in it from now on."""
        self._container = self._client.create_container(bucket)

    def presigned_put(self, name: str, _media_type: str | None, expires_s: int) -> str:
        """Return an address for one PUT without credentials. Its signature has no place for a media type."""
        signature = next(self._signers)(name, datetime.now(UTC) + timedelta(seconds=expires_s))
        return f"{self._container.get_blob_client(name).url}?{signature}"

    def listing(self) -> list[str]:
        """Return the names of all blobs in the container."""
        return list(self._container.list_blob_names())

    def content(self, name: str) -> bytes:
        """Download a blob."""
        return bytes(self._container.download_blob(name).readall())

    def media_type(self, name: str) -> str:
        """Return the media type that a blob has."""
        return str(self._container.get_blob_client(name).get_blob_properties().content_settings.content_type)

    def _sign_for_blob(self, name: str, expiry: datetime) -> str:
        where, may = (self._account, self._container.container_name, name), BlobSasPermissions(create=True, write=True)
        return str(generate_blob_sas(*where, account_key=self._key, permission=may, expiry=expiry))

    def _sign_for_container(self, _name: str, expiry: datetime) -> str:
        where, may = (self._account, self._container.container_name), ContainerSasPermissions(create=True, write=True)
        return str(generate_container_sas(*where, account_key=self._key, permission=may, expiry=expiry))

    def _sign_for_account(self, _name: str, expiry: datetime) -> str:
        may = AccountSasPermissions(create=True, write=True)
        blobs, objects = Services(blob=True), ResourceTypes(object=True)
        return str(generate_account_sas(self._account, self._key, objects, may, expiry, services=blobs))


if __name__ == "__main__":
    drive(Containers)
