"""The command line: what it prints, what it takes, and how it ends."""

import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from contracts.cli import main
from mockserver.app import make_mock
from mockserver.config import BadSetting, MockConfig, read_config
from mockserver.serve import banner, facts
from mockserver.settings import all_settings
from tests.support.server import served

TASK = {
    "taskType": "videoInference",
    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
    "model": "minimax:3@1",
    "positivePrompt": "a lighthouse",
}


def run(
    *words: str, given: str = "", env: dict[str, str] | None = None, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mockserver", *words],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
        cwd=cwd,
    )


def post(address: str, *tasks: Any, key: str = "any") -> Any:
    """Send tasks and return the answer's body, whatever its status."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(tasks).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return json.load(refused)


def test_serve_says_where_it_is_and_logs_a_line_a_request() -> None:
    """One block at the start, with the line for each SDK; then task, outcome and milliseconds for each request."""
    with served() as mock:
        block = [mock.wait_for_line(r"ComfyUI")]
        assert "ready" not in block[0]
        post(mock.http_url, TASK)
        line = mock.wait_for_line("videoInference")
        assert re.fullmatch(r"\d\d:\d\d:\d\d  POST /v1  200  videoInference    accepted +24cd5dff +\d+\.\d ms", line)
        post(mock.http_url, {**TASK, "ttl": 5})
        assert re.search(r"400  videoInference    invalidTtl +24cd5dff", mock.wait_for_line("invalidTtl"))


def test_a_client_that_names_no_host_gets_addresses_that_work() -> None:
    """Where the mock chose its port, addresses in answers have that port, whatever the client left out."""
    with served("--speed", "instant") as mock, socket.create_connection((mock.host, mock.port)) as client:
        body = json.dumps([TASK, {"taskType": "getResponse", "taskUUID": TASK["taskUUID"]}])
        headers = f"Authorization: Bearer any\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        client.sendall(f"POST /v1 HTTP/1.0\r\n{headers}\r\n\r\n{body}".encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert f"http://{mock.host}:{mock.port}/video/".encode() in answer


def test_the_json_log_is_one_object_a_line() -> None:
    """Programs can read it."""
    with served("--log", "json") as mock:
        post(mock.http_url, TASK, {"taskType": "ping"})
        line = json.loads(mock.wait_for_line(r"request"))
        assert [task["outcome"] for task in line["tasks"]] == ["accepted", "pong"]
        assert (line["event"], line["status"]) == ("request", 200)


def test_under_the_json_log_the_block_at_the_start_is_an_object_too() -> None:
    """Every line is JSON, from the first to the last, so that a program finds the address."""
    options = ["--log", "json", "--speed", "1", "--profile", "compat", "--credit-status", "402", "--reasons", "first"]
    done = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    with done:
        assert done.stdout
        ready = json.loads(done.stdout.readline())
        post(ready["http"], {**TASK, "ttl": 1})
        done.terminate()
        request = json.loads(done.stdout.read())
    assert ready["event"] == "ready"
    assert ready["websocket"] == f"ws://127.0.0.1:{ready['port']}/v1"
    assert (ready["profile"], ready["choices"], ready["speed"], ready["keys"]) == (
        "compat",
        {"reasons": "first"},
        1,
        "any",
    )
    assert request["tasks"][0]["codes"] == ["invalidTtl"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_lines_to_copy_name_an_address_that_can_be_reached(host: str) -> None:
    """What listens everywhere is reached on this machine at loopback."""
    mock = make_mock(MockConfig(host=host, speed=1, choices={"sizes": "with-512"}))
    told = facts(mock, host, 8080)
    block = banner(told)
    here = "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    assert told["http"] == f"http://{here}:8080/v1"
    assert f"ws://{here}:8080/v1" in block
    assert block.count(host) == block.count("::1") + 1 if host == "::" else block.count(host) == 1
    assert "as the real service\n" in block
    assert "strict, with sizes=with-512\n" in block


@pytest.mark.parametrize(("keys", "shown"), [((), "any"), (("one", "two"), "<your key>")])
def test_lines_to_copy_have_a_key_that_is_accepted(keys: tuple[str, ...], shown: str) -> None:
    """Where only some keys are good nobody is told to send any; the good ones are not shown."""
    block = banner(facts(make_mock(MockConfig(api_key=keys)), "127.0.0.1", 8080))
    assert block.count(f'api_key="{shown}"') + block.count(f'apiKey: "{shown}"') == 4
    assert "one" not in block.split()


def test_a_choice_that_is_the_usual_one_is_not_told() -> None:
    """The block names what differs from the profile, whoever chose it."""
    for config in (
        MockConfig(choices={"credit-status": "402"}),
        MockConfig(profile="compat", choices={"sizes": "with-512"}),
    ):
        assert facts(make_mock(config), "127.0.0.1", 8080)["choices"] == {}


def test_a_wrong_base_address_is_seen_in_the_log() -> None:
    """Every request leaves a line: also those at addresses where nothing lives, and connections that are refused."""
    with served() as mock:
        root = mock.http_url.removesuffix("/v1")
        for method, path, status in (("POST", "/v2/tasks", 404), ("GET", "/v1", 405), ("HEAD", "/docs", 200)):
            with suppress(urllib.error.HTTPError):
                urllib.request.urlopen(urllib.request.Request(f"{root}{path}", method=method)).close()
            line = mock.wait_for_line(r"^\d\d:")
            assert re.fullmatch(rf"\d\d:\d\d:\d\d  {method} {path} +{status}  \d+\.\d ms", line)
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{mock.ws_url.removesuffix('/v1')}/v2")
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body)["errors"][0]["code"] == "routeNotFound"
        assert re.search(r"socket /v2 +404  \d+\.\d ms$", mock.wait_for_line(r"^\d\d:"))
    rest = [mock.lines.get_nowait() for _ in range(mock.lines.qsize())]
    assert rest == []


def test_the_quiet_log_prints_no_requests() -> None:
    """After the block there is nothing."""
    with served("--log", "quiet") as mock:
        post(mock.http_url, TASK)
        mock.wait_for_line("ComfyUI")
        process = mock.process
    assert process.returncode == 0
    rest = [mock.lines.get_nowait() for _ in range(mock.lines.qsize())]
    assert [line for line in rest if line] == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_even_with_an_open_connection(how: signal.Signals) -> None:
    """Ctrl-C ends at once with status 0 and without a traceback."""
    with served() as mock, socket.create_connection((mock.host, mock.port)) as idle:
        idle.sendall(b"POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        mock.process.send_signal(how)
        assert mock.process.wait(10) == 0
    rest = [mock.lines.get_nowait() for _ in range(mock.lines.qsize())]
    assert not any("Traceback" in line for line in rest)


def test_ctrl_c_while_an_answer_is_held_is_quiet() -> None:
    """Whoever waits for a synchronous answer loses the connection, and nobody is shown an error."""
    task = {**TASK, "deliveryMethod": "sync"}
    with served("--profile", "compat", "--speed", "1") as mock:
        with socket.create_connection((mock.host, mock.port)) as waiting:
            body = json.dumps([task]).encode()
            head = f"POST /v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {len(body)}\r\n"
            waiting.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
            while "videoInference" not in json.dumps(
                post(mock.http_url, {"taskType": "getResponse", "taskUUID": TASK["taskUUID"]}, key="k")
            ):
                pass
            mock.process.send_signal(signal.SIGINT)
            assert waiting.recv(1) == b""
        assert mock.process.wait(10) == 0
    rest = [mock.lines.get_nowait() for _ in range(mock.lines.qsize())]
    assert [line for line in rest if re.search("ERROR|Cancel|Traceback", line)] == []


#: Serves, and gets Ctrl-C as soon as something happens that an audit hook learns of, or a module is imported.
INTERRUPTED = """
import signal, sys
import mockserver.cli

def hook(event, args):
    if events and events[0] in (event, args and args[0]):
        events.pop()
        signal.raise_signal(signal.SIGINT)

events = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.addaudithook(hook)
sys.exit(mockserver.cli.main(["serve", "--port", "0"]))
"""


@pytest.mark.parametrize("moment", ["uvicorn", "socket.bind", "uvloop", "asyncio.sslproto"])
def test_ctrl_c_before_anything_is_served_is_quiet(moment: str) -> None:
    """However early it comes, there is neither a traceback nor a warning."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, moment], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode == (0 if moment == "uvloop" else 130)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("({serve}; echo $? >&2) | head -0", "141\n"),
        ("{serve} >/dev/full", "runware-mock: cannot write to standard output (No space left on device)\n"),
    ],
)
def test_serving_ends_when_nobody_can_be_told_where(line: str, told: str) -> None:
    """A reader that is gone is no mistake; a full disk is one, and told in one line."""
    serve = f"{sys.executable} -m mockserver serve --port 0"
    command = ["sh", "-c", line.format(serve=serve)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("", told)


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    """No traceback: the address, the reason, what to do, and status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 2
    assert re.fullmatch(
        rf"runware-mock: cannot listen on 127\.0\.0\.1 port {port} \(.+\); choose another with --port\n", done.stderr
    )
    for host in ("203.0.113.7", "nope.invalid"):
        done = run("serve", "--host", host)
        assert done.returncode == 2
        assert done.stderr.endswith("); choose another with --host\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serve", "--speed", "fast"], "--speed: 'fast' is neither a number of 0.001 or more nor 'instant'"),
        (["serve", "--port", "99999"], "--port: '99999' is not a whole number from 0 to 65535"),
        (["serve", "--log", "prety"], "--log: 'prety' is not one of pretty, json, quiet; did you mean 'pretty'?"),
        (["serve", "--unknown-task", "maybe"], "--unknown-task: 'maybe' is not one of error, empty"),
        (["serve", "--schema", "/nowhere"], "--schema: there is no folder '/nowhere'"),
        (["serve", "--public-url", "mock"], "--public-url: 'mock' is not an address such as http://mock:8080"),
        (["serve", "--keep-hours", "x"], "--keep-hours: 'x' is not a number of hours from 0.001 to 87600"),
        (["serve", "--balance=-1"], "--balance: '-1' is neither an amount of dollars with at most six decimals nor"),
        (
            ["serve", "--balance=0.0000001"],
            "--balance: '0.0000001' is neither an amount of dollars with at most six decimals nor",
        ),
        (
            ["serve", "--balance=1000000000"],
            "--balance: '1000000000' is neither an amount of dollars with at most six decimals nor",
        ),
        (["serve", "--balance=nan"], "--balance: 'nan' is neither an amount of dollars with at most six decimals nor"),
        (
            ["serve", "--balance=much"],
            "--balance: 'much' is neither an amount of dollars with at most six decimals nor",
        ),
        (["serve", "--keep-hours", "0"], "--keep-hours: '0' is not a number of hours from 0.001 to 87600"),
        (["serve", "--host", " "], "--host: the value is empty"),
        (["serve", "--config", "nowhere.toml"], "nowhere.toml: cannot be read (No such file or directory)"),
        (["serve", "--frob"], "there is no option --frob\nTry 'runware-mock serve --help'."),
        (
            ["serve", "--spede", "1"],
            "there is no option --spede; did you mean --speed?\nTry 'runware-mock serve --help'.",
        ),
        (["serve", "--spede=1"], "there is no option --spede; did you mean --speed?"),
        (["serve", "9000"], "unexpected '9000'"),
        (["validate", "--credit-status", "400", "x.json"], "there is no option --credit-status\n"),
        (["fly"], "invalid choice: 'fly'"),
        ([], "required"),
    ],
)
def test_a_bad_option_is_told_in_one_line(words: list[str], told: str) -> None:
    """What cannot be used is named with its flag and the mend, with status 2."""
    done = run(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert "Traceback" not in done.stderr


def test_a_bad_schema_is_told_in_one_line(tmp_path: Path) -> None:
    """A data file that cannot be used is named with the place in it, with status 2."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models/broken.json").write_text("{}", encoding="utf-8")
    done = run("serve", "--schema", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("runware-mock: models/broken.json#/$schema: ")


def test_help_shows_every_setting_with_default_and_example() -> None:
    """Nothing can be set that the help does not tell."""
    text = " ".join(run("serve", "--help").stdout.split())
    for setting in all_settings().values():
        assert f"--{setting.name} {setting.placeholder}" in text
        assert f"(default: {setting.default}; for example: {setting.example})" in text
    assert "examples: runware-mock serve" in text


def test_the_version_is_told() -> None:
    """--version prints name and version."""
    assert re.fullmatch(r"runware-mock \d+\.\d+\.\d+\n", run("--version").stdout)


def test_every_example_in_the_help_is_a_good_value() -> None:
    """Defaults and examples that people copy are accepted."""
    for setting in all_settings().values():
        if setting.name == "schema":
            continue
        for shown in (setting.example, setting.default):
            if shown not in ("any key", "random", "none", "the client's"):
                setting.read(shown)


def test_flags_count_before_variables_and_variables_before_the_file(tmp_path: Path) -> None:
    """The nearer source wins; what none of them sets has its default."""
    file = tmp_path / "mock.toml"
    file.write_text('port = 1\nspeed = "instant"\nmax-tasks = 5\napi-key = ["a", "b"]\ncredit-status = 400\nseed = 3\n')
    environment = {"RUNWARE_MOCK_PORT": "2", "RUNWARE_MOCK_MAX_TASKS": "6", "PATH": "x", "RUNWARE_MOCK_CONFIG": "y"}
    config = read_config({"port": "3", "log": None, "profile": "compat"}, environment, file)
    assert config == MockConfig(
        port=3,
        speed=float("inf"),
        max_tasks=6,
        api_key=("a", "b"),
        choices={"credit-status": "400"},
        seed=3,
        profile="compat",
    )
    assert read_config({}, {"RUNWARE_MOCK_API_KEY": "a, b"}).api_key == ("a", "b")
    assert read_config({}, {}) == MockConfig()


@pytest.mark.parametrize(
    ("environment", "text", "where"),
    [
        ({"RUNWARE_MOCK_PROT": "1"}, "", "RUNWARE_MOCK_PROT: there is no such setting; did you mean RUNWARE_MOCK_PORT?"),
        ({"RUNWARE_MOCK_PORT": "x"}, "", "RUNWARE_MOCK_PORT: 'x' is not a whole number"),
        ({}, "prot = 1", "mock.toml: prot: there is no such setting; did you mean port?"),
        ({}, "zzzzzz = 1", "mock.toml: zzzzzz: there is no such setting"),
        ({}, "port = [1]", "mock.toml: port: one value is expected, not a list"),
        ({}, "port = true", "mock.toml: port: True is neither a text nor a number"),
        ({}, "api-key = 5", "mock.toml: api-key: 5 is no text; put it in quotes"),
        ({}, "port =", "mock.toml: cannot be read as TOML"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_named_by_its_source(
    tmp_path: Path, environment: dict[str, str], text: str, where: str
) -> None:
    """Variable or line of the file: the message begins with it."""
    file = tmp_path / "mock.toml"
    file.write_text(text)
    with pytest.raises(BadSetting) as caught:
        read_config({}, environment, file)
    assert where in str(caught.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"speed": 0}, "MockConfig.speed: '0' is neither a number of 0.001 or more nor 'instant'"),
        ({"speed": math.nan}, "MockConfig.speed: 'nan' is neither"),
        ({"speed": None}, "MockConfig.speed: None is neither a text nor a number"),
        ({"log": "x"}, "MockConfig.log: 'x' is not one of pretty, json, quiet"),
        ({"validator": "x"}, "MockConfig.validator: 'x' is not one of fast, reference"),
        ({"profile": "Strict"}, "MockConfig.profile: 'Strict' is not one of strict, compat; did you mean 'strict'?"),
        ({"schema": "/nope"}, "MockConfig.schema: there is no folder '/nope'"),
        ({"public_url": "foo"}, "MockConfig.public_url: 'foo' is not an address"),
        ({"keep_hours": -1}, "MockConfig.keep_hours: '-1' is not a number of hours"),
        ({"keep_hours": math.inf}, "MockConfig.keep_hours: 'inf' is not a number of hours"),
        ({"port": 8080.5}, "MockConfig.port: '8080.5' is not a whole number"),
        ({"port": True}, "MockConfig.port: True is neither a text nor a number"),
        ({"host": 5}, "MockConfig.host: 5 is no text; put it in quotes"),
        ({"api_key": ("good", 5)}, "MockConfig.api_key: 5 is no text; put it in quotes"),
        ({"api_key": ("",)}, "MockConfig.api_key: the value is empty"),
        ({"choices": "compat"}, "MockConfig.choices: 'compat' is not a dictionary"),
    ],
)
def test_a_bad_value_given_in_python_is_refused_as_on_the_command_line(values: dict[str, Any], told: str) -> None:
    """At once, naming the attribute, and not in the middle of the first request."""
    with pytest.raises(BadSetting) as caught:
        MockConfig(**values)
    assert str(caught.value).startswith(told)


def test_values_given_in_python_may_be_written_as_on_the_command_line(tmp_path: Path) -> None:
    """One key is a list of one, a path may be a text, and so on."""
    written: dict[str, Any] = {"speed": "instant", "seed": "7", "api_key": "k1", "schema": str(tmp_path)}
    assert MockConfig(**written) == MockConfig(speed=math.inf, seed=7, api_key=("k1",), schema=tmp_path)
    listed: dict[str, Any] = {"api_key": ["k1", "k2"], "public_url": "http://mock:8080/"}
    assert MockConfig(**listed) == MockConfig(api_key=("k1", "k2"), public_url="http://mock:8080")
    assert MockConfig(seed=2**63 - 1).seed == 2**63 - 1


def test_settings_reach_the_mock(tmp_path: Path) -> None:
    """Keys, profile and choices from a file and variables act on requests."""
    (tmp_path / "mock.toml").write_text('api-key = ["good"]\nprofile = "compat"\nreasons = "first"\n')
    with served("--config", str(tmp_path / "mock.toml"), "--public-url", "https://mock.example.com/x") as mock:
        assert post(mock.http_url, TASK, key="bad")["errors"][0]["code"] == "invalidApiKey"
        assert post(mock.http_url, {**TASK, "outputFormat": "mp4"}, key="good")["data"]
        assert len(post(mock.http_url, {**TASK, "ttl": 1, "fps": 1}, key="good")["errors"]) == 1
        with urllib.request.urlopen(mock.http_url.replace("/v1", "/health")) as answer:
            health = json.load(answer)
        assert health["profile"] == "compat"
        assert health["choices"]["reasons"] == "first"


def test_uuids_and_seeds_repeat_under_a_seed() -> None:
    """Two runs under one seed make the same videos for the same key, whatever the taskUUIDs; another seed does not."""

    def first_video(seed: str, uuid: str) -> tuple[str, int]:
        with served("--seed", seed, "--speed", "instant") as mock:
            post(mock.http_url, {**TASK, "taskUUID": uuid})
            [item] = post(mock.http_url, {"taskType": "getResponse", "taskUUID": uuid})["data"]
            return item["videoUUID"], item["seed"]

    here = first_video("7", "24cd5dff-cb81-4db5-8506-b72a9425f9d1")
    assert here == first_video("7", "5f1c3c0e-9f0e-4d7e-8a53-3c3d4f9f2a10")
    assert here != first_video("8", "24cd5dff-cb81-4db5-8506-b72a9425f9d1")


@pytest.mark.parametrize(
    "state", ["127.0.0.1:6379", "redis:127.0.0.1:6379", "postgres://x/y", "localhost:6379/0", "rediss:/127.0.0.1"]
)
def test_an_address_that_is_none_of_redis_is_no_file(state: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Otherwise a mock that was meant to share a Redis would keep all to itself."""
    assert main(["serve", "--port", "0", "--state", state]) == 2
    assert "is no address of a Redis; write redis://HOST:PORT/NUMBER, or ./NAME for a file" in capfd.readouterr().err


def test_a_database_of_redis_is_a_number(capfd: pytest.CaptureFixture[str]) -> None:
    """A name would be taken for the first one."""
    assert main(["serve", "--port", "0", "--state", "redis://127.0.0.1:1/abc"]) == 2
    assert "the database 'abc' is no number; write redis://HOST:PORT/NUMBER" in capfd.readouterr().err


@pytest.mark.parametrize("state", ["mock.db", "./odd:1", "C:\\mock.db", "/data/a:b/mock.db", "memory", "redis://"])
def test_what_is_a_file_or_an_address_is_taken_as_it_is(state: str) -> None:
    """Also a path that holds a colon."""
    assert MockConfig(state=state).state == state


def test_the_block_says_where_the_state_is(tmp_path: Path) -> None:
    """And by how many it is shared."""
    assert "State      in memory, gone when the mock ends\n" in banner(facts(make_mock(), "127.0.0.1", 8080))
    path = tmp_path / "mock.db"
    told = facts(make_mock(MockConfig(state=str(path), workers=2)), "127.0.0.1", 8080)
    assert (told["state"], told["workers"]) == (str(path), 2)
    assert f"State      {path}, 2 workers\n" in banner(told)
