"""Prism: answers from an OpenAPI document, and checks requests against it."""

from tests.bench.peers.base import Contestant, Places, program, version_of
from tests.bench.peers.description import cut_openapi


def prepare(places: Places) -> Contestant:
    """Return Prism with the cut description, silent: its log takes more than half of its speed."""
    package = places.package("prism", "@stoplight/prism-cli")
    document = places.write("openapi.json", cut_openapi())
    return Contestant(
        version_of(package),
        "the cut OpenAPI document as it is (3.1); `-v silent`",
        [
            program("node", "nodejs"),
            str(package / "dist" / "index.js"),
            "mock",
            str(document),
            "-v",
            "silent",
            "-h",
            "127.0.0.1",
            "--port",
        ],
    )
