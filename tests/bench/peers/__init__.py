"""The mock beside other servers that answer from a description of an API, on one load: `make bench-peers`."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.bench.peers import mock, mockoon, prism, wiremock
from tests.bench.peers.base import Prepare

#: Who is measured, by name, in the order of the table; the first is ours.
CONTESTANTS: Mapping[str, Prepare] = MappingProxyType(
    {
        "runware-mock": mock.prepare,
        "Prism": prism.prepare,
        "WireMock": wiremock.prepare,
        "Mockoon, rule": mockoon.prepare_rule,
        "Mockoon, import": mockoon.prepare_import,
    }
)
