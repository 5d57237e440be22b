"""How runs of pytest come to the plugin of this package."""

from importlib.metadata import entry_points

#: Nobody needs to name the plugin where the package is installed; a checkout whose metadata is older lacks its name.
NAMED = () if entry_points(group="pytest11", name="runware-mock") else ("-p", "contracts.pytest_plugin")
#: pytest-asyncio, which warns where a setting of its own is missing, is there for the tests that ask for it.
OPTIONS = (*NAMED, "-p", "no:asyncio")
