"""Contract tests in pytest's manner: one test for each duty of a client, and one run of the kit for all of them.

Which tests there are, which run they share and what they say is decided here. Nothing of the kit is loaded before a
test asks for it.
"""

import asyncio
import random
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pytest

if TYPE_CHECKING:
    from contracts.clients.base import Client
    from contracts.report import Report

T = TypeVar("T")

MARKER = (
    "runware_contract(client, *, command=None, only=(), skip=()): the client whose duties the fixture runware_duty "
    'stands for: a function, its name as "module:attribute", or the command of a program'
)
PROFILES = ("quick", "ci", "deep")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the command line of the kit has."""
    group = parser.getgroup("runware", "contract tests of Runware clients")
    group.addoption(
        "--runware-profile", choices=PROFILES, default="quick", help="how much is tried of a client (default: quick)"
    )
    group.addoption("--runware-seed", type=int, metavar="NUMBER", help="draw the same examples again (default: random)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and draw what examples are drawn from: the same in all processes of pytest-xdist."""
    config.addinivalue_line("markers", MARKER)
    given = config.getoption("runware_seed")
    told = getattr(config, "workerinput", {}).get("runware_seed")
    drawn = random.SystemRandom().randrange(2**32)
    config.stash[_KEY] = _Runs(
        config.getoption("runware_profile"), next(n for n in (told, given, drawn) if n is not None)
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist what to draw from."""
    node.workerinput["runware_seed"] = node.config.stash[_KEY].seed


class ContractTests:
    """A class that is derived from this one has a test for each duty of its client.

    Attributes:
        client: the function that is the client, as `staticmethod(make_video)`, or its name, "my_app.videos:make_video".
        only: names of the duties that are looked at; all unless given.
        skip: names of those that are not.
    """

    client: ClassVar[Any] = None
    only: ClassVar[Sequence[str]] = ()
    skip: ClassVar[Sequence[str]] = ()

    def test_duty(self, runware_duty: "Duty") -> None:
        """The client breaks no duty."""
        runware_duty.holds()


@dataclass(frozen=True)
class _Subject:
    """Whose duties are looked at.

    Attributes:
        client: a function, its name, the command of a program, or what has a task done in any other way.
        is_program: whether it is a command.
        only: names of duties that are looked at; all if empty.
        skip: names of those that are not.
    """

    client: Any
    is_program: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in reports, and on the command line."""
        from contracts.commands.options import named

        if self.is_program:
            return named(self.client)
        if isinstance(self.client, str):
            return self.client
        owner = self.client if isinstance(self.client, FunctionType) else type(self.client)
        home = vars(sys.modules.get(owner.__module__, owner))
        known = next((name for name, value in home.items() if value is self.client), owner.__qualname__)
        return f"{owner.__module__}:{known}"

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from others: functions are, objects that are called may be no keys."""
        client = self.client if isinstance(self.client, str) else id(self.client)
        return (client, self.is_program, self.only, self.skip)

    def load(self) -> "Client":
        """Return the client, ready to be used."""
        from contracts.clients.command import CommandClient
        from contracts.clients.python import PythonClient, load_client

        if self.is_program:
            return CommandClient(self.client)
        if isinstance(self.client, str):
            return load_client(self.client)
        return self.client if hasattr(self.client, "perform") else PythonClient(self.client)


@dataclass(frozen=True)
class Duty:
    """A duty of a client, as a test has it.

    Attributes:
        name: what it is called, as in "submits-once".
    """

    name: str
    _subject: _Subject
    _look: "Callable[[], Report]"

    def holds(self) -> None:
        """Fail the test if the client breaks it, with what the kit says of that and nothing else."""
        from contracts.clients.python import BadClient
        from contracts.reports import FORMATS

        __tracebackhide__ = True
        try:
            report = self._look()
        except BadClient as problem:
            raise _failure(str(problem)) from None
        told = report.alone(self.name)
        if told is not None:
            raise pytest.fail.Exception(FORMATS["text"](told, self._subject.name), pytrace=False)


@dataclass(frozen=True)
class _Ended:
    """A run that ended with an exception.

    Attributes:
        problem: the exception.
        where: its traceback, which grows each time that it is raised.
    """

    problem: Exception
    where: TracebackType | None


class _Runs:
    """The runs of the kit in this process: one for each subject, when its first test wants to know.

    Args:
        profile: how much is tried.
        seed: what examples are drawn from.
    """

    def __init__(self, profile: str, seed: int) -> None:
        self.profile = profile
        self.seed = seed
        #: What was found, by subject.
        self._reports: dict[tuple[Any, ...], Report | _Ended] = {}
        #: Lines of the summary.
        self.told: list[str] = []

    def report(self, subject: _Subject, checks: Collection[str]) -> "Report":
        """Return what the kit finds of a subject.

        Raises:
            Exception: the run ended with it, as BadClient where the client cannot be used. It is not run again.
        """
        if subject.key not in self._reports:
            self._reports[subject.key] = _beside_any_loop(lambda: self._run(subject, checks))
        found = self._reports[subject.key]
        if isinstance(found, _Ended):
            raise found.problem.with_traceback(found.where)
        return found

    def _run(self, subject: _Subject, checks: Collection[str]) -> "Report | _Ended":
        from contracts.reports.story import headline
        from contracts.runner import Runner
        from contracts.stage import Stage

        try:
            with Stage(subject.load()) as stage:
                report = Runner(stage, checks, self.profile, self.seed).run()
        except Exception as problem:  # noqa: BLE001, each test raises it
            return _Ended(problem, problem.__traceback__)
        self.told.append(f"{subject.name}: {headline(report)}")
        return report


_KEY = pytest.StashKey[_Runs]()


def _beside_any_loop(work: Callable[[], T]) -> T:
    """Do something that has an event loop of its own, in a thread where this one has a loop that runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1, "runware-contract") as beside:
        return beside.submit(work).result()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for each duty of every test that has the fixture."""
    if "runware_duty" not in metafunc.fixturenames:
        return
    from contracts.checks import CHECKS
    from contracts.commands.options import chosen

    subject = _subject_of(metafunc.definition)
    try:
        names = chosen(CHECKS, subject.only, subject.skip)
    except ValueError as problem:
        raise _failure(f"{metafunc.definition.nodeid}: {problem}") from None
    # With `--dist loadgroup` the tests of a client go to one process, which runs the kit once.
    marks = (
        [pytest.mark.xdist_group(f"runware-contract {subject.name}")] if hasattr(metafunc.config, "workerinput") else []
    )
    cases = [pytest.param((subject, name), id=name, marks=marks) for name in names]
    metafunc.parametrize("runware_duty", cases, indirect=True)


def _subject_of(item: pytest.Item) -> _Subject:
    """Say whose duties a test looks at: its marker says so, or its class."""
    marker = item.get_closest_marker("runware_contract")
    if marker is not None:
        return _marked(item.nodeid, marker.args, marker.kwargs)
    owner = getattr(item, "cls", None)
    client = getattr(owner, "client", None)
    if owner is None or client is None:
        raise _failure(f"{item.nodeid}: name a client, as in @pytest.mark.runware_contract(make_video)")
    return _Subject(client, False, tuple(owner.only), tuple(owner.skip))


def _marked(place: str, args: Sequence[Any], named: Mapping[str, Any]) -> _Subject:
    strange = named.keys() - {"command", "only", "skip"}
    if strange:
        raise _failure(f"{place}: the marker takes client, command, only and skip, and no {', '.join(sorted(strange))}")
    command = named.get("command")
    if len(args) + (command is not None) != 1:
        raise _failure(f"{place}: name one client, as in @pytest.mark.runware_contract(make_video)")
    only, skip = tuple(named.get("only", ())), tuple(named.get("skip", ()))
    return _Subject(args[0] if args else command, not args, only, skip)


@pytest.fixture
def runware_duty(request: pytest.FixtureRequest) -> Duty:
    """A duty of the client that `@pytest.mark.runware_contract` names: `runware_duty.holds()` fails if it is broken.

    The test is made for each duty and called for it, so `-k submits-once` looks at one. The kit runs once for all.
    """
    subject, name = request.param
    runs = request.config.stash[_KEY]
    return Duty(name, subject, lambda: runs.report(subject, _wanted(request.session, subject)))


def _wanted(session: pytest.Session, subject: _Subject) -> Collection[str]:
    """Return the names of the duties of a subject that tests of this session look at."""
    cases = [item.callspec.params.get("runware_duty") for item in session.items if hasattr(item, "callspec")]
    return [name for other, name in filter(None, cases) if other.key == subject.key]


def _failure(problem: str) -> BaseException:
    """Return what ends a test with one line."""
    return pytest.fail.Exception(f"runware_contract: {problem}", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was found to the process of pytest-xdist that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["runware_contract"] = session.config.stash[_KEY].told


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a process of pytest-xdist found."""
    told = getattr(node, "workeroutput", {}).get("runware_contract", ())
    node.config.stash[_KEY].told += [f"{line} [{node.gateway.id}]" for line in told]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say of each client what was found, and how to draw the same examples again."""
    runs = config.stash[_KEY]
    if not runs.told:
        return
    terminalreporter.section("runware contract")
    for line in runs.told:
        terminalreporter.line(line)
    terminalreporter.line(f"again: --runware-profile {runs.profile} --runware-seed {runs.seed}")
