"""How a simulated mock keeps its state, and how many processes share it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tests.simulation.base import Place
from tests.simulation.durable import InMemory
from tests.simulation.file import InFile


class Setting(NamedTuple):
    """Where state is kept, and by how many.

    Attributes:
        place: makes the place.
        processes: how many mocks share it.
    """

    place: Callable[[], Place]
    processes: int = 1


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {"memory": Setting(InMemory), "file": Setting(InFile), "workers": Setting(InFile, 3)}
)
