"""How deliveries are made, as data: what the file may say, and which addresses need headers of their own."""

from typing import Any

import pytest

from mockserver.spec.deliveries import read_manners
from mockserver.spec.documents import merge, read_documents, shipped_root
from mockserver.spec.problem import SchemaProblem

DOCUMENT = read_documents(shipped_root())["deliveries.json"]
UPLOAD = read_manners(DOCUMENT)["upload"]
BLOCK = {"x-ms-blob-type": "BlockBlob"}


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://acme.blob.core.windows.net/videos/clip.mp4?sv=2026-02-06&sr=b&sp=cw&se=2026-12-01&sig=ab%2Bc%3D", BLOCK),
        ("https://acme.blob.core.windows.net/videos/clip.mp4?sv=2026-02-06&ss=b&srt=o&sp=cw&se=2026-12-01&sig=ab%3D", BLOCK),
        ("http://127.0.0.1:10000/devstoreaccount1/videos/clip.mp4?sig=a&se=b&sr=c&sv=d", BLOCK),
        ("http://127.0.0.1:10000/devstoreaccount1/videos/clip.mp4?sig=a&se=b&sr=c&sv=d#part", BLOCK),
        ("https://bucket.s3.amazonaws.com/clip.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=ab", {}),
        ("https://storage.googleapis.com/bucket/clip.mp4?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Signature=ab", {}),
        ("https://example.com/put?sig=a&sv=b", {}),
        ("https://example.com/put?sig=a&sv=b&ss=c", {}),
        ("https://example.com/put#?sig=a&sv=b&sr=c", {}),
        ("https://example.com/sv/sr/sig", {}),
    ],
)  # fmt: skip
def test_a_signature_of_azure_is_known_by_its_query(url: str, headers: dict[str, str]) -> None:
    """A blob needs its kind said; nobody else gets a header that they did not sign."""
    assert UPLOAD.headers_for(url) == headers


def test_a_webhook_has_no_headers_of_its_own() -> None:
    """Whatever its query looks like."""
    assert read_manners(DOCUMENT)["webhook"].headers_for("https://example.com/?sv=1&sr=2&sig=3") == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"webhook": None}, "deliveries.json#/webhook: missing"),
        ({"parcel": {}}, "deliveries.json#/parcel: nothing reads this"),
        ({"webhook": {"retries": 3}}, "deliveries.json#/webhook/retries: nothing reads this"),
        ({"webhook": {"factor": None}}, "deliveries.json#/webhook/factor: missing; write a number from 1 to 100"),
        ({"webhook": {"factor": 0.5}}, "found 0.5; write a number from 1 to 100"),
        ({"upload": {"jitter": "some"}}, "write a number from 0 to 1"),
        ({"upload": {"deadlineSeconds": True}}, "deliveries.json#/upload/deadlineSeconds"),
        ({"upload": {"headers": {}}}, "write a list of headers that some addresses need"),
        ({"upload": {"headers": [{"send": {}}]}}, "headers/0/whenQueryHas: missing"),
        ({"upload": {"headers": [{"whenQueryHas": [], "send": {}}]}}, "headers/0/whenQueryHas"),
        ({"upload": {"headers": [{"whenQueryHas": ["a"], "send": {"x": 1}}]}}, "headers/0/send/x"),
        ({"upload": {"headers": [{"whenQueryHas": ["a"], "send": {}, "unless": 1}]}}, "headers/0/unless"),
        ({"upload": {"headers": ["x-ms-blob-type"]}}, "deliveries.json#/upload/headers/0"),
    ],
)
def test_data_that_nobody_acts_on_is_refused(change: dict[str, Any], told: str) -> None:
    """A member that is missing, misspelt or out of range is named, with a mend."""
    with pytest.raises(SchemaProblem) as caught:
        read_manners(merge(DOCUMENT, change))
    assert told in str(caught.value)


def test_a_file_that_is_no_object_is_refused() -> None:
    """Nor is one that is missing."""
    documents: list[Any] = [None, []]
    for document in documents:
        with pytest.raises(SchemaProblem):
            read_manners(document)
