"""Which version this is."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


def version(distribution: str = "runware-mock") -> str:
    """Return the version of an installed distribution, or "0" of one that is not installed, as in a bare checkout."""
    try:
        return installed_version(distribution)
    except PackageNotFoundError:
        return "0"
