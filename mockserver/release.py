"""Which version this is."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


def version() -> str:
    """Return the version of the installed distribution, or "0" in a checkout that is not installed."""
    try:
        return installed_version("runware-mock")
    except PackageNotFoundError:
        return "0"
