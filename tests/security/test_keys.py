"""Keys that clients show, and secrets in the addresses that they hand in, are read by nobody who looks at the mock."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import websockets

from mockserver.hidden import HIDDEN, without_secrets
from tests.support.server import served

#: Each begins with the same mark, which nothing else has.
MARK = "zq7marked"
HEADER, SOCKET, BODY, TOKEN = (f"{MARK}-{name}" for name in ("header", "socket", "body", "control-token"))
#: Keys that the mock does not accept, shown in both ways.
WRONG, WRONG_BODY = f"{MARK}-wrong", f"{MARK}-wrong-body"
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
#: Nobody listens there, so both attempts fail and are told of.
HOOK = f"http://127.0.0.1:9/hook?token={MARK}-token&api_key={HEADER}&run=7"
UPLOAD = f"http://127.0.0.1:9/put.mp4?X-Amz-Credential={MARK}-id&X-Amz-Signature={MARK}-signature"


def authentication(key: str) -> dict[str, str]:
    """Return the task that shows a key in a body."""
    return {"taskType": "authentication", "apiKey": key}


def said_over_http(client: httpx.Client) -> Iterator[str]:
    """Yield every answer to a story with good keys and bad ones, in good requests and bad ones."""
    good, bad = ({"Authorization": f"Bearer {key}"} for key in (HEADER, WRONG))
    owed = {**VIDEO, "taskUUID": UUID.replace("d1", "d2"), "webhookURL": HOOK, "uploadEndpoint": UPLOAD}
    poll = {"taskType": "getResponse", "taskUUID": UUID}
    for tasks, headers in (
        ([VIDEO], good),
        ([owed], good),
        ([poll], good),
        ([{**VIDEO, "taskUUID": UUID.replace("d1", "d3"), "width": 1, "webhookURL": f"ftp://x/?token={MARK}"}], good),
        ([authentication(BODY), poll], {}),
        ([authentication(WRONG_BODY), poll], {}),
        ([{**authentication(WRONG_BODY), "colour": "red"}], {}),
        ([poll], bad),
    ):
        yield client.post("/v1", json=tasks, headers=headers).text
    yield client.post("/v1", content=json.dumps([authentication(BODY)])[:-1], headers=good).text
    yield client.get("/nowhere", headers=good).text


async def said_over_websocket(url: str) -> list[str]:
    """Return the frames that answer a good key, and those that answer a bad one."""
    frames = []
    for key in (SOCKET, WRONG):
        async with websockets.connect(url, proxy=None) as socket:
            await socket.send(json.dumps([authentication(key)]))
            frames.append(str(await socket.recv()))
    return frames


@pytest.mark.parametrize("log", ["json", "pretty"])
def test_no_key_is_read_anywhere(log: str) -> None:
    """Neither in answers, errors, the log, the journal, the archive, the health or the metrics; nor a token of an address."""
    keys = [word for key in (HEADER, SOCKET, BODY) for word in ("--api-key", key)]
    with served("--log", log, "--speed", "instant", "--media", "prerendered", *keys, "--webhook-attempts", "1") as mock:
        base = mock.http_url.removesuffix("/v1")
        with httpx.Client(base_url=base, trust_env=False) as client:
            answers = [*said_over_http(client), *asyncio.run(said_over_websocket(mock.ws_url))]
            shown = {"where": {"kind": "webhook", "taskUUID": UUID.replace("d1", "d2")}}
            assert client.post("/_mock/wait", json=shown).status_code == 200
            looked = {
                path: client.get(path).text
                for path in ("/_mock", "/_mock/journal", "/_mock/journal.har", "/_mock/tasks", "/_mock/scenario")
            }
            looked |= {path: client.get(path).text for path in ("/health", "/metrics", "/openapi.json")}
            wrong = client.get("/_mock/journal", headers={"X-Mock-Key": WRONG}).text
    lines = [mock.lines.get_nowait() for _ in range(mock.lines.qsize())]
    assert len(answers) == 12
    assert f"token={HIDDEN}&api_key={HIDDEN}&run=7" in looked["/_mock/journal"]
    assert "POST http://127.0.0.1:9/hook failed" in "\n".join(lines)
    for told in (*answers, *looked.values(), wrong, *lines):
        assert MARK not in told


def test_a_control_token_is_not_told() -> None:
    """Whoever shows a wrong one is not told the right one, nor is anybody else."""
    with served("--log", "json", "--control-token", TOKEN) as mock:
        url = f"http://{mock.host}:{mock.port}"
        wrong = httpx.get(f"{url}/_mock", headers={"Authorization": "Bearer wrong"}, trust_env=False)
        right = httpx.get(f"{url}/_mock", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    assert (wrong.status_code, right.status_code) == (401, 200)
    lines = [mock.lines.get_nowait() for _ in range(mock.lines.qsize())]
    for told in (wrong.text, right.text, *lines):
        assert MARK not in told


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_key_is_in_a_report_on_a_server(form: str) -> None:
    """Whether the server takes the key or refuses it: what the kit was told to show, it does not tell."""
    with served("--speed", "instant", "--media", "prerendered", "--log", "json", "--api-key", HEADER) as mock:
        for key, is_good in ((HEADER, True), (WRONG, False)):
            words = [sys.executable, "-m", "contracts", "check", "server", mock.http_url, "--key", key]
            done = subprocess.run([*words, "--format", form], capture_output=True, text=True, check=False)
            assert (done.returncode == 0) is is_good, done
            assert MARK not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://x/?token=a%2Fb", f"https://x/?token={HIDDEN}"),
        ("https://x/?a=1&X-Amz-Signature=ab#c", f"https://x/?a=1&X-Amz-Signature={HIDDEN}#c"),
        ("https://x/?APIKEY=a&apiKey=b", f"https://x/?APIKEY={HIDDEN}&apiKey={HIDDEN}"),
        ('[{"webhookURL":"https://x/?sig=a"}]', f'[{{"webhookURL":"https://x/?sig={HIDDEN}"}}]'),
        ("https://x/?design=a&keyboard=b", "https://x/?design=a&keyboard=b"),
        ("a prompt with key=value", "a prompt with key=value"),
    ],
)
def test_secrets_of_query_strings_are_hidden(text: str, shown: str) -> None:
    """The values of parameters whose names say that they open something, and nothing else."""
    assert without_secrets({"url": [text, 7]}) == {"url": [shown, 7]}
