"""Contract tests in pytest, in runs of their own that take every warning for an error.

The clients in here give up at once, so that the kit is done with them in no time.
"""

import re
import shlex
import sys
import textwrap
from collections.abc import Callable

import pytest

from contracts.checks import CHECKS
from contracts.commands.client import PROFILES as NAMES
from contracts.pytest_contract import PROFILES
from tests.support.plugin import OPTIONS

pytest_plugins = ["pytester"]

STRICT = """
[pytest]
addopts = --strict-markers --strict-config -p no:cacheprovider
filterwarnings = error
"""

CLIENTS = """
from contextlib import nullcontext

async def gives_up(task, endpoint):
    print("a client prints")
    raise ValueError("I give up")

class Called:
    __hash__ = None

    async def __call__(self, task, endpoint):
        return 3

called = Called()

class Breaks:
    is_inside = True
    runs = 0

    def turn(self):
        return nullcontext()

    async def perform(self, task, endpoint):
        raise LookupError("the adapter breaks")

    async def close(self):
        self.runs += 1

breaks = Breaks()
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on the source of a test file, beside a module with clients."""
    pytester.makeini(STRICT)
    pytester.makepyfile(my_clients=CLIENTS)

    def on(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_contract=source)
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return on


def test_a_class_has_a_test_for_each_duty(run: Run) -> None:
    """One that is broken fails with what the kit says, and no traceback; the summary says how to draw the same again."""
    result = run(
        """
        from contracts.pytest_contract import ContractTests
        from my_clients import gives_up

        class TestVideos(ContractTests):
            client = staticmethod(gives_up)
    """,
        "--runware-seed",
        "7",
    )
    result.assert_outcomes(failed=1, passed=len(CHECKS) - 1)
    result.stdout.fnmatch_lines(
        [
            "*TestVideos.test_duty?delivers-what-was-made? *",
            "delivers-what-was-made (must): the caller got an error ('I give up'), and no request came",
            "*again     runware-mock check client my_clients:gives_up --example *",
            "1 broken duty; 1 duty looked at in * (seed 7, profile quick)",
            "*= runware contract =*",
            f"my_clients:gives_up: 1 broken duty; {len(CHECKS)} duties looked at in * examples, * s",
            "again: --runware-profile quick --runware-seed 7",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_contract.py*")


def test_a_marker_names_the_client(run: Run) -> None:
    """As a function, by name, as an object that is called, or as a command; duties can be chosen, by pytest too."""
    result = run(
        """
        import sys
        import pytest
        from my_clients import called, gives_up

        @pytest.mark.runware_contract("my_clients:gives_up", only=["submits-once", "delivers-what-was-made"])
        def test_name(runware_duty):
            runware_duty.holds()

        @pytest.mark.runware_contract(gives_up, skip=["shows-its-key"])
        def test_function(runware_duty):
            assert runware_duty.name in ("submits-once", "gives-up")
            runware_duty.holds()

        @pytest.mark.runware_contract(called)
        def test_object(runware_duty):
            runware_duty.holds()

        @pytest.mark.runware_contract(command=f"{sys.executable} -c 'import sys; [print(\\'{{}}\\') for _ in sys.stdin]'", only=["submits-once"])
        def test_program(runware_duty):
            runware_duty.holds()
    """,
        "-k",
        "submits-once or gives-up",
    )
    result.assert_outcomes(passed=6, deselected=2 * len(CHECKS) - 4)
    result.stdout.fnmatch_lines(["my_clients:called: nothing broken; 2 duties looked at in *"])


@pytest.mark.parametrize("as_words", [False, True], ids=["a line", "words"])
def test_a_program_is_named_as_a_shell_reads_it(run: Run, as_words: bool) -> None:
    """So that what the summary says of it can be handed to the command line, whatever quotes its words have."""
    words = [sys.executable, "-c", "import sys; [print('{}') for _ in sys.stdin]"]
    command = words if as_words else shlex.join(words)
    result = run(f"""
        import pytest

        @pytest.mark.runware_contract(command={command!r}, only=["sends-json-lists"])
        def test_program(runware_duty):
            runware_duty.holds()
    """)
    [line] = [line for line in result.outlines if line.startswith("--command ")]
    option, program = shlex.split(line.partition(": nothing broken")[0])
    assert option == "--command"
    assert shlex.split(program) == words


def test_the_kit_runs_once_for_all_tests_of_a_client(run: Run) -> None:
    """With pytest-xdist once in each process, which all draw from the same; the tests are a group, so that one may do."""
    source = """
        import pytest

        @pytest.fixture(autouse=True)
        def group(request):
            marker = request.node.get_closest_marker("xdist_group")
            is_in_parallel = hasattr(request.config, "workerinput")
            assert (marker is not None and marker.args == ("runware-contract my_clients:gives_up",)) is is_in_parallel

        @pytest.mark.runware_contract("my_clients:gives_up")
        def test_contract(runware_duty):
            runware_duty.holds()
    """
    alone, parallel = run(source, "--runware-seed=3"), run(source, "--runware-seed=3", "-n2")
    summaries = [[line for line in each.outlines if line.startswith("my_clients")] for each in (alone, parallel)]
    assert [len(lines) for lines in summaries] == [1, 2]
    assert len({re.findall(r"(\d+) examples", line)[0] for lines in summaries for line in lines}) == 1
    for each in (alone, parallel):
        each.assert_outcomes(failed=1, passed=len(CHECKS) - 1)
        each.stdout.fnmatch_lines(["again: --runware-profile quick --runware-seed 3"])


def test_processes_that_were_given_no_seed_draw_the_same(run: Run) -> None:
    """What is drawn is told to all, and to whoever wants it again."""
    source = """
        import pytest

        @pytest.mark.runware_contract("my_clients:gives_up", only=["delivers-what-was-made"])
        def test_contract(runware_duty):
            runware_duty.holds()
    """
    told = "\n".join(run(source, "-n2").outlines)
    # A finding is told twice where pytest thinks itself in CI.
    [[seed], [again]] = [set(re.findall(pattern, told)) for pattern in (r"\(seed (\d+),", r"--runware-seed (\d+)")]
    assert seed == again


def test_async_tests_may_look_at_duties(run: Run) -> None:
    """The kit has a loop of its own, in a thread where the test has one; anyio is at home with it."""
    result = run("""
        import pytest
        from my_clients import gives_up

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        @pytest.mark.runware_contract(gives_up, only=["submits-once"])
        async def test_contract(runware_duty):
            runware_duty.holds()
    """)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("test", ["def", "@pytest.mark.anyio\nasync def"])
def test_what_breaks_the_kit_is_told_by_each_test_and_the_kit_runs_once(run: Run, test: str) -> None:
    """With its own exception and traceback, also where the kit runs in a thread of its own."""
    source = """
        import pytest
        from my_clients import breaks

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.runware_contract(breaks, only=["submits-once", "gives-up"])
        {test} test_contract(runware_duty):
            runware_duty.holds()

        def test_runs():
            assert breaks.runs == 1
    """
    result = run(textwrap.dedent(source).format(test=test))
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["*my_clients.py:*: LookupError"] * 2)
    assert result.outlines.count("E       LookupError: the adapter breaks") == 2
    assert sum("in _run" in line or "pytest_contract.py:" in line for line in result.outlines) <= 2 * 4


def test_async_tests_of_pytest_asyncio_may_look_at_duties(run: Run) -> None:
    """Its loops and those of the kit do not meet; tests beside it are its own."""
    result = run(
        """
        import asyncio
        import pytest
        from contracts.pytest_contract import ContractTests

        class TestVideos(ContractTests):
            client = "my_clients:gives_up"
            only = ("submits-once",)

        @pytest.mark.asyncio
        @pytest.mark.runware_contract("my_clients:gives_up", only=["gives-up"])
        async def test_contract(runware_duty):
            runware_duty.holds()
            await asyncio.sleep(0)  # the loop goes on; no time passes
    """,
        "-p",
        "pytest_asyncio.plugin",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    )
    result.assert_outcomes(passed=2)


def test_what_cannot_be_used_is_told_in_a_line(run: Run) -> None:
    """Where no client is named the file is not collected; a client that cannot be loaded fails each of its tests."""
    result = run("""
        import pytest

        @pytest.mark.runware_contract("my_clients:give_up", only=["submits-once", "gives-up"])
        def test_attribute(runware_duty):
            runware_duty.holds()
    """)
    result.assert_outcomes(failed=2)
    assert result.outlines.count("runware_contract: my_clients:give_up: 'my_clients' has no attribute 'give_up'") == 2


@pytest.mark.parametrize(
    ("marker", "problem"),
    [
        ("pytest.mark.anyio", "name a client, as in @pytest.mark.runware_contract(make_video)"),
        ("pytest.mark.runware_contract()", "name one client, as in @pytest.mark.runware_contract(make_video)"),
        ("pytest.mark.runware_contract('a:b', command='c')", "name one client, as in"),
        (
            "pytest.mark.runware_contract('a:b', onyl=['submits-once'])",
            "the marker takes client, command, only and skip, and no onyl",
        ),
        (
            "pytest.mark.runware_contract('a:b', only=['submit-once'])",
            "there is no check 'submit-once'; did you mean submits-once?",
        ),
    ],
)
def test_a_test_without_a_client_is_not_collected(run: Run, marker: str, problem: str) -> None:
    """The line names the test and what helps."""
    result = run(f"""
        import pytest

        @{marker}
        def test_contract(runware_duty):
            runware_duty.holds()
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"runware_contract: test_contract.py::test_contract: {problem}*"])


def test_options_marker_and_fixture_are_explained_by_pytest(run: Run) -> None:
    """The profiles are those of the kit."""
    run("", "--help").stdout.fnmatch_lines(["*--runware-profile={quick,ci,deep}", "*--runware-seed=NUMBER*"])
    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.runware_contract(client, *"])
    run("", "--fixtures").stdout.fnmatch_lines(["runware_duty -- *", "*A duty of the client that *"])
    assert PROFILES == NAMES


def test_a_mock_inside_the_process_answers_httpx_at_the_real_addresses(run: Run) -> None:
    """Each test has its own, with the settings of its marker; time stands still until it is moved."""
    result = run("""
        import httpx
        import pytest
        from mockserver import MockRunware

        TASK = {
            "taskType": "videoInference",
            "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
            "model": "minimax:3@1",
            "positivePrompt": "a lighthouse",
        }

        def post(task, key):
            headers = {"Authorization": f"Bearer {key}"}
            return httpx.post("https://api.runware.ai/v1", json=[task], headers=headers).json()

        @pytest.mark.parametrize("number", range(2))
        @pytest.mark.runware_mock(speed=1, api_key="k1")
        def test_video(runware_respx: MockRunware, number):
            assert "errors" in post(TASK, "k2")
            assert "errors" not in post(TASK, "k1")
            poll = {"taskType": "getResponse", "taskUUID": TASK["taskUUID"]}
            assert post(poll, "k1")["data"][0]["status"] == "processing"
            runware_respx.control.advance(10 * 60_000)
            assert post(poll, "k1")["data"][0]["status"] == "success"
            runware_respx.control.verify(2, params={"positivePrompt": "a lighthouse"})

        @pytest.mark.runware_mock(clock="real", speed="instant")
        def test_real_time(runware_respx):
            assert "errors" not in post(TASK, "any")

        @pytest.mark.runware_mock(spee=1)
        def test_slip(runware_respx): ...
    """)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["runware_respx: MockConfig.spee: there is no such setting; did you mean speed?"])
