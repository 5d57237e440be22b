"""`pytest --runware-coverage`: what of the API a test session exercised at the mocks of its fixtures.

Every mock that a fixture hands out is watched, whatever the fixture is called. With pytest-xdist each worker sends its
part to the controller. Nothing here is loaded or done without the option.
"""

import sys
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contracts.coverage.base import Coverage
    from contracts.coverage.meter import Meter
    from mockserver.app import Mock
    from mockserver.journal import Entry
    from mockserver.spec.load import Spec

OPTION = "--runware-coverage"
ABOUT = "tell what of the Runware API was exercised at the mocks of fixtures such as runware_mock"
#: Where a worker of pytest-xdist puts its part.
SENT = "runware_coverage"


def add_option(parser: pytest.Parser) -> None:
    """Make the option known."""
    parser.getgroup("runware-mock").addoption(OPTION, action="store_true", help=ABOUT)


def configure(config: pytest.Config) -> None:
    """Watch and tell, where that is wanted."""
    if config.getoption(OPTION):
        config.pluginmanager.register(SessionCoverage(config), "runware-coverage")


class SessionCoverage:
    """Watches mocks, and tells what was exercised at the end of a session.

    Args:
        config: of the session.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        #: What mocks that are in use were asked: by the fixture that handed them out, which keeps them alive.
        self._watched: dict[Any, tuple[Mock, list[Entry]]] = {}
        self._meters: list[Meter] = []
        self._silent = 0
        #: What workers sent, and how many ended without sending anything.
        self._sent: list[dict[str, Any]] = []
        self._lost = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Begin to watch a mock that a fixture hands out."""
        value = yield
        mock = _mock_of(value)
        if mock is not None and all(mock.runtime is not known.runtime for known, _ in self._watched.values()):
            if mock.journal is None:
                self._silent += 1
            else:
                entries: list[Entry] = []
                mock.journal.watch(entries.append)
                self._watched[fixturedef] = (mock, entries)
        return value

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        """Go through what was said to the mock of a fixture that ended."""
        if fixturedef in self._watched:
            self._hear(*self._watched.pop(fixturedef))

    def _hear(self, mock: "Mock", entries: "list[Entry]") -> None:
        from contracts.coverage.sources import from_journal
        from mockserver.inquiry import as_json

        self._meter(mock.spec).hear(from_journal([as_json(entry) for entry in entries]).exchanges)

    def _meter(self, spec: "Spec") -> "Meter":
        """Return the meter for what a mock imitates; each has read the same files anew."""
        from contracts.coverage.meter import Meter

        for meter in self._meters:
            if meter.spec.chosen.choices == spec.chosen.choices and meter.spec.documents == spec.documents:
                return meter
        self._meters.append(Meter(spec))
        return self._meters[-1]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Send the part of a worker to its controller."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[SENT] = self._part()

    def _part(self) -> dict[str, Any]:
        from contracts.coverage.base import as_data

        return {"coverages": [as_data(meter.coverage()) for meter in self._meters], "silent": self._silent}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the part of a worker that ended."""
        part = getattr(node, "workeroutput", {}).get(SENT)
        if part is None:
            self._lost += 1
        else:
            self._sent.append(part)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell what was exercised."""
        from contracts.coverage.words import as_text

        measured = self._measured()
        terminalreporter.section("what was exercised of the Runware API")
        if measured is None:
            terminalreporter.write_line("no fixture of the session handed out a mock")
        else:
            terminalreporter.write(as_text(measured.focused()))

    def _measured(self) -> "Coverage | None":
        from contracts.coverage.base import from_data

        parts = [self._part(), *self._sent]
        coverages = [from_data(data) for part in parts for data in part["coverages"]]
        silent = sum(part["silent"] for part in parts)
        if not coverages:
            return None
        whole = coverages[0]
        for other in coverages[1:]:
            whole = whole.merged(other)
        return replace(whole, gaps=tuple(_gaps(silent, self._lost)))


def _gaps(silent: int, lost: int) -> list[str]:
    gaps = []
    if silent:
        gaps.append(f"{_mocks(silent)} no journal (journal=0)")
    if lost:
        gaps.append(f"{lost} worker{'' if lost == 1 else 's'} ended without telling")
    return gaps


def _mocks(number: int) -> str:
    return "1 mock kept" if number == 1 else f"{number} mocks kept"


def _mock_of(value: Any) -> "Mock | None":
    """Return the mock that a fixture hands out, if it does, without loading what a mock is made of."""
    app, mock = sys.modules.get("mockserver.app"), getattr(value, "mock", None)
    return mock if app is not None and isinstance(mock, app.Mock) else None
