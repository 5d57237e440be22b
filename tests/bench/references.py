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

Body = tuple[int, bytes]

CONSTANT = b'{"data":[{"taskType":"videoInference","taskUUID":"24cd5dff-cb81-4db5-8506-b72a9425f9d1"}]}'


def base(_body: bytes) -> Body:
    """Answer the same to everything."""
    return 200, CONSTANT


def make_floor() -> Callable[[bytes], Body]:
    """Return what parses a task, checks it and lists the broken rules, or repeats which task it was."""
    from mockserver.spec.load import load_spec

    spec = load_spec()

    def floor(body: bytes) -> Body:
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

    return floor


def application(answer: Callable[[bytes], Body]) -> App:
    """Return a raw ASGI application that answers every POST request and every WebSocket message.

    Args:
        answer: returns status and body for the body of a request.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _serve_socket(answer, receive, send)
            return
        status, body = answer((await receive())["body"])
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return serve


async def _serve_socket(answer: Callable[[bytes], Body], receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        _, body = answer(message["text"].encode())
        await send({"type": "websocket.send", "text": body.decode()})


def main(name: str, port: int) -> None:
    """Serve a reference on a port of 127.0.0.1 until told to stop."""
    uvicorn.run(
        application(base if name == "base" else make_floor()),
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
