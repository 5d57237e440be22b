"""Ours, as users start it."""

from mockserver.release import VERSION
from tests.bench.peers.base import Contestant, Places
from tests.bench.servers import mock_words


def prepare(_places: Places) -> Contestant:
    """Return the mock with its defaults but for the log, which is quiet as all others' are."""
    return Contestant(
        VERSION,
        "all ten kinds of tasks, journal and task life cycle as by default; `--log quiet`",
        mock_words("--log", "quiet"),
    )
