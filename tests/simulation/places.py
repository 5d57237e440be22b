"""Where the state of a simulated mock can be."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.simulation.base import Place
from tests.simulation.durable import InMemory
from tests.simulation.file import InFile

PLACES: Mapping[str, Callable[[], Place]] = MappingProxyType({"memory": InMemory, "file": InFile})
