"""The fixture `runware_mock`, in runs of pytest of their own that take every warning for an error."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.support.plugin import OPTIONS

pytest_plugins = ["pytester"]

STRICT = """
[pytest]
addopts = --strict-markers --strict-config -p no:cacheprovider
filterwarnings = error
"""

#: A conftest that fails the run where a thread is left behind, and what the tests below share.
SHARED = """
import threading
import httpx
import pytest

@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind():
    before = threading.enumerate()
    yield
    for thread in set(threading.enumerate()) - set(before):
        thread.join(30)  # it may be on its way out
    assert threading.enumerate() == before

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"

@pytest.fixture
def submit(runware_mock):
    task = {
        "taskType": "videoInference",
        "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
        "model": "minimax:3@1",
        "positivePrompt": "a lighthouse",
    }
    headers = {"Authorization": f"Bearer {runware_mock.api_key}"}
    return lambda: httpx.post(runware_mock.http_url, json=[task], headers=headers).json()
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on the source of a test file."""
    pytester.makeini(STRICT)
    pytester.makeconftest(SHARED)

    def on(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return on


def reasons(result: pytest.RunResult) -> list[list[str]]:
    """Return the lines below each heading of a test that was not good."""
    sections: list[list[str]] = []
    for line in result.outlines:
        if line.startswith("___"):
            sections.append([])
        elif line.startswith("==="):
            if sections:
                break
        elif sections:
            sections[-1].append(line)
    return sections


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_each_test_has_a_mock_of_its_own_whose_clock_stands_still(run: Run) -> None:
    """The same task is new in every test, and under way until the clock is moved. Nothing is left behind."""
    result = run("""
        import pytest
        from mockserver import MockServer

        seen = set()

        @pytest.mark.parametrize("number", range(3))
        def test_video(runware_mock: MockServer, submit, number):
            assert "errors" not in submit()
            control = runware_mock.control
            assert [task["status"] for task in control.tasks()] == ["processing"]
            control.advance_until_idle()
            assert [task["status"] for task in control.tasks()] == ["success"]
            control.verify(1)
            seen.add(id(runware_mock.control))

        def test_nothing(runware_mock):
            assert runware_mock.control.tasks() == []
    """)
    result.assert_outcomes(passed=4)


def test_settings_come_from_the_nearest_marker(run: Run) -> None:
    """A marker of a test counts before that of its class, that before one of the module; others add to it."""
    result = run("""
        import pytest
        from mockserver.remote import ControlProblem

        pytestmark = pytest.mark.runware_mock(api_key="of the module", journal=0)

        @pytest.fixture(autouse=True)
        def has_no_journal(runware_mock):
            with pytest.raises(ControlProblem, match="switched off"):
                runware_mock.control.journal()

        def test_of_the_module(runware_mock):
            assert runware_mock.api_key == "of the module"

        @pytest.mark.runware_mock(api_key="of the class")
        class TestClass:
            def test_of_the_class(self, runware_mock):
                assert runware_mock.api_key == "of the class"

            @pytest.mark.runware_mock(api_key="of the test")
            def test_of_the_test(self, runware_mock):
                assert runware_mock.api_key == "of the test"

        @pytest.mark.parametrize(
            "key", [pytest.param(key, marks=pytest.mark.runware_mock(api_key=key)) for key in ("one", "two")]
        )
        def test_of_a_parameter(runware_mock, key):
            assert runware_mock.api_key == key
    """)
    result.assert_outcomes(passed=5)


def test_a_mock_that_cannot_be_served_fails_the_test_with_one_line(run: Run, taken: int) -> None:
    """The line says what is wrong and what helps; tests beside it are run."""
    result = run(f"""
        import pytest
        from pathlib import Path

        @pytest.mark.runware_mock(speed="quick")
        def test_value(runware_mock): ...

        @pytest.mark.runware_mock(spee=1)
        def test_name(runware_mock): ...

        @pytest.mark.runware_mock(upload_failure="fail")
        def test_choice(runware_mock): ...

        @pytest.mark.runware_mock(choices={{"upload-failure": "perhaps"}})
        def test_value_of_choice(runware_mock): ...

        @pytest.mark.runware_mock(scenario=Path("nowhere.yaml"))
        def test_scenario(runware_mock): ...

        @pytest.mark.runware_mock(port={taken})
        def test_port(runware_mock): ...

        @pytest.mark.runware_mock("instant")
        def test_no_name(runware_mock): ...

        def test_good(runware_mock): ...
    """)
    result.assert_outcomes(passed=1, errors=7)
    told = reasons(result)
    assert [len(lines) for lines in told] == [1] * 7
    for [line], word in zip(
        told,
        [
            "MockConfig.speed: 'quick' is neither",
            "MockConfig.spee: there is no such setting; did you mean speed?",
            "MockConfig.upload_failure: it is a choice: choices={'upload-failure': …}",
            "upload-failure",
            "nowhere.yaml: cannot be read",
            f"cannot listen on 127.0.0.1 port {taken}",
            "settings of the marker are given by name, as in speed=1",
        ],
        strict=True,
    ):
        assert line.startswith("runware_mock: ")
        assert word in line


def test_a_test_that_fails_is_reported_as_any_other(run: Run) -> None:
    """What it says stands in the report, and its mock ends like the others."""
    result = run("""
        def test_verified(runware_mock, submit):
            submit()
            runware_mock.control.verify(1, params={"duration": 10})

        def test_broken(runware_mock):
            raise ValueError("broken")

        def test_good(runware_mock, submit):
            assert "errors" not in submit()
    """)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *NotVerified: expected exactly 1 request with duration 10, found none; *duration was not there",
            "E *ValueError: broken",
        ]
    )
    result.stdout.no_fnmatch_line("*another exception occurred*")


def test_tests_may_run_in_parallel(run: Run) -> None:
    """With pytest-xdist every process has ports and states of its own."""
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_video(runware_mock, submit, number):
            assert "errors" not in submit()
            runware_mock.control.verify(1)
        """,
        "-n2",
    )
    result.assert_outcomes(passed=8)


def test_the_fixture_serves_async_tests(run: Run) -> None:
    """It needs no event loop, and is no trouble to the one of a test."""
    result = run("""
        import asyncio
        import httpx
        import pytest

        pytestmark = pytest.mark.anyio

        @pytest.fixture
        async def client(runware_mock):
            async with httpx.AsyncClient(base_url=runware_mock.base_url, headers={"Authorization": "Bearer any"}) as client:
                yield client

        async def test_video(runware_mock, client):
            task = {"taskType": "ping", "ping": True}
            answers = await asyncio.gather(*[client.post("/v1", json=[task]) for _ in range(5)])
            assert {answer.status_code for answer in answers} == {200}
            await asyncio.to_thread(runware_mock.control.verify, 5, taskType="ping")
    """)
    result.assert_outcomes(passed=1)


def test_settings_that_let_time_pass_and_render_videos_are_good_in_tests(run: Run) -> None:
    """Processes that render end with the test, without a warning."""
    result = run("""
        import httpx
        import pytest

        @pytest.mark.runware_mock(clock="real", speed="instant", media="rendered")
        def test_rendered(runware_mock, submit):
            submit()
            headers = {"Authorization": f"Bearer {runware_mock.api_key}"}
            poll = {"taskType": "getResponse", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"}
            [item] = httpx.post(runware_mock.http_url, json=[poll], headers=headers).json()["data"]
            assert httpx.get(item["videoURL"], timeout=60).content[4:8] == b"ftyp"
    """)
    result.assert_outcomes(passed=1)


def test_the_fixture_can_be_overridden(run: Run) -> None:
    """A project may add to it, or serve one mock to many tests."""
    result = run("""
        import pytest
        from mockserver import MockServer

        class TestAdded:
            @pytest.fixture
            def runware_mock(self, runware_mock):
                runware_mock.control.play({"rules": [{"faults": ["answer-503"]}]})
                return runware_mock

            @pytest.mark.runware_mock(api_key="one")
            def test_rule(self, runware_mock, submit):
                assert runware_mock.api_key == "one"
                assert "errors" in submit()

        class TestShared:
            @pytest.fixture(scope="class")
            @staticmethod
            def runware_mock():
                with MockServer(speed="instant") as mock:
                    yield mock

            def test_first(self, runware_mock, submit):
                submit()

            def test_second(self, runware_mock):
                runware_mock.control.verify(1)
                runware_mock.control.reset()
    """)
    result.assert_outcomes(passed=3)


def test_the_plugin_loads_nothing_before_a_test_asks_for_it(run: Run) -> None:
    """Every run of pytest in an environment that has the package loads the plugin: it must cost nothing."""
    result = run("""
        import sys

        HEAVY = {"aiohttp", "fastapi", "jsonschema_rs", "mockserver", "starlette", "uvicorn", "uvloop", "websockets"}

        def test_light(request):
            assert "contracts.pytest_plugin" in sys.modules
            assert HEAVY & sys.modules.keys() == set()
    """)
    result.assert_outcomes(passed=1)


def test_marker_and_fixture_are_explained_by_pytest(run: Run) -> None:
    """`--markers` and `--fixtures` show them; a slip in the marker's name is refused."""
    source = """
        import pytest

        @pytest.mark.runware_mok(speed=1)
        def test_slip(runware_mock): ...
    """
    run(source, "--markers").stdout.fnmatch_lines(["@pytest.mark.runware_mock(*settings): settings of the mock *"])
    slip = run(source, "--fixtures")
    slip.stdout.fnmatch_lines(
        ["runware_mock -- *", "*clock that stands still until it is moved*", "*'runware_mok' not*"]
    )
