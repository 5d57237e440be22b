"""Where the state of a simulated mock can be."""

from collections.abc import Callable, Mapping

from tests.simulation.durable import InMemory
from tests.simulation.world import Place

PLACES: Mapping[str, Callable[[], Place]] = {"memory": InMemory}
