"""What the mock is compared with: `python -m tests.bench.references base 8100`.

`base` gives a constant answer: what uvicorn and the system take. `floor` does the least that a mock of the API must
do (parse, check, list what is wrong, word an answer): how much of the mock's distance from the base is the price of
the work itself. Both run with the server settings of the mock.
"""

import sys
from collections.abc import Callable
from typing import Any

import orjson
import uvicorn

from mockserver.transports.asgi import App, Receive, Scope, Send

CONSTANT = b'{"data":[{"taskType":"videoInference","taskUUID":"24cd5dff-cb81-4db5-8506-b72a9425f9d1"}]}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(CONSTANT)).encode())],
}
BODY = {"type": "http.response.body", "body": CONSTANT}


async def base(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the same to every request, without even reading it, and to every WebSocket message."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": CONSTANT.decode()})
        return
    await send(START)
    await send(BODY)


def make_check() -> Callable[[bytes], tuple[int, bytes]]:
    """Return what parses a task, checks it and lists the broken rules, or repeats which task it was.

    It returns status and body of the answer.
    """
    from mockserver.spec.load import load_spec

    spec = load_spec()

    def check(body: bytes) -> tuple[int, bytes]:
        task: Any = orjson.loads(body)[0]
        branch = spec.branch(task["taskType"], task.get("model"))
        if branch is None:
            raise AssertionError(f"the benchmark sends no task such as {task}")
        named = {"taskType": task["taskType"], "taskUUID": task["taskUUID"]}
        if branch.checker.accepts(task):
            return 200, orjson.dumps({"data": [named]})
        breaches = branch.checker.breaches(task)
        errors = [{"parameter": breach.instance, "rule": breach.rule, **named} for breach in breaches]
        return 400, orjson.dumps({"errors": errors})

    return check


def make_floor() -> App:
    """Return an application that checks what it is sent and does nothing else."""
    check = make_check()

    async def floor(_scope: Scope, receive: Receive, send: Send) -> None:
        status, body = check((await receive())["body"])
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return floor


def main(name: str, port: int) -> None:
    """Serve a reference on a port of 127.0.0.1 until told to stop."""
    uvicorn.run(
        base if name == "base" else make_floor(),
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_level="warning",
        lifespan="off",
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
