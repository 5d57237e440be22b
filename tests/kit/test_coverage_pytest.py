"""`pytest --runware-coverage`, in runs of pytest of their own that take every warning for an error."""

from collections.abc import Callable

import pytest

from tests.support.plugin import OPTIONS

pytest_plugins = ["pytester"]

SHARED = """
import httpx
import pytest

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"

def ask(mock, **parameters):
    task = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    return httpx.post(mock.http_url, json=[{**task, **parameters}], headers=headers).json()

@pytest.fixture
def submit(runware_mock):
    return lambda **parameters: ask(runware_mock, **parameters)
"""
TESTS = """
import pytest

@pytest.mark.parametrize("duration", [6, 10])
@pytest.mark.parametrize("form", ["MP4", "MOV"])
def test_video(runware_mock, submit, duration, form):
    assert "errors" not in submit(duration=duration, outputFormat=form)
    runware_mock.control.reset()  # what was exercised was exercised
"""
HEADING = "*what was exercised of the Runware API*"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on the source of a test file."""
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\n")
    pytester.makeconftest(SHARED)

    def on(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return on


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_a_session_ends_with_what_all_its_tests_exercised(run: Run, workers: tuple[str, ...]) -> None:
    """In one process, or in several whose parts are put together."""
    result = run(TESTS, "--runware-coverage", *workers)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            HEADING,
            "What was exercised of minimax:3@1, in 4 exchanges",
            "  parameters *",
            "    outputFormat: WEBM",
            "    submission: after an error, refused: conflictTaskUUID, *",
        ]
    )
    result.stdout.no_fnmatch_line("    duration: *")
    result.stdout.no_fnmatch_line("A lower bound*")


def test_without_the_option_nothing_is_told(run: Run) -> None:
    """Nor watched."""
    result = run(TESTS)
    result.assert_outcomes(passed=4)
    result.stdout.no_fnmatch_line(HEADING)


def test_mocks_of_other_fixtures_are_watched_once_each(run: Run) -> None:
    """Of any scope and name, in other choices, in this process, and handed on by another fixture."""
    result = run(
        """
        import httpx
        import pytest
        from conftest import ask
        from mockserver import MockRunware, MockServer

        @pytest.fixture(scope="module")
        def shared():
            with MockServer(profile="compat") as mock:
                yield mock

        @pytest.fixture
        def handed_on(shared):
            return shared

        @pytest.fixture
        def inside():
            with MockRunware() as mock:
                yield mock

        def test_first(shared):
            ask(shared, width=512, height=512, inputs={"frameImages": ["https://example.com/a.png"]})

        def test_second(handed_on):
            ask(handed_on, outputFormat="webm")

        def test_third(inside):
            with httpx.Client(headers={"Authorization": "Bearer any"}) as client:
                client.post("https://api.runware.ai/v1", json=[{"taskType": "ping", "ping": True}])
        """,
        "--runware-coverage",
    )
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["What was exercised of minimax:3@1, in 3 exchanges", "    outputFormat: MP4, MOV", "    width: 1366, 1920"]
    )


def test_what_nobody_could_look_at_is_told(run: Run) -> None:
    """A mock without a journal, and a session without a mock."""
    silent = run(
        """
        import pytest

        def test_good(runware_mock, submit):
            submit()

        @pytest.mark.runware_mock(journal=0)
        def test_silent(runware_mock): ...
        """,
        "--runware-coverage",
    )
    silent.assert_outcomes(passed=2)
    silent.stdout.fnmatch_lines(["A lower bound: 1 mock kept no journal (journal=0)."])


def test_a_session_without_a_mock_says_so(run: Run) -> None:
    """And loads nothing of it."""
    result = run(
        """
        import sys

        def test_light():
            assert not {"mockserver.app", "contracts.coverage.meter"} & sys.modules.keys()
        """,
        "--runware-coverage",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([HEADING, "no fixture of the session handed out a mock"])


def test_a_worker_that_ended_without_telling_is_told_of(run: Run) -> None:
    """What the others saw is a lower bound."""
    result = run(
        """
        import os
        import time

        def test_good(runware_mock, submit):
            submit()

        def test_crash():
            os._exit(3)
        """,
        "--runware-coverage",
        "-n2",
        "--max-worker-restart=0",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["A lower bound: 1 worker ended without telling."])
