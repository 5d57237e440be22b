"""A sound client, in small steps, so that each step can be got wrong by itself.

It sleeps as clients do: the kit runs it in a virtual loop, where that takes no time. The same holds for the mutants.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx

from contracts.clients.base import Endpoint

Task = dict[str, Any]
Item = dict[str, Any]


#: For connections that are not secured, as on loopback. Made once, as it takes longer than a request.
NO_TLS = httpx.create_ssl_context(verify=False)


class ApiError(Exception):
    """The service refused a task, or could not do it.

    Attributes:
        code: the API's error code.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unfinished(Exception):
    """A task did not end in time."""


class SoundClient:
    """Hands a task in, polls until it is done, and returns its results."""

    #: How often a request is tried.
    tries = 5
    #: How long a task is waited for, in seconds.
    patience_s: float = 20 * 60
    #: Pauses between polls: the first, the factor by which they grow, the longest.
    first_pause_s, growth, longest_pause_s = 1.0, 1.5, 10.0
    #: Statuses after which another try may go well.
    again = frozenset({408, 429, 500, 502, 503, 504})

    async def __call__(self, task: Task, endpoint: Endpoint) -> Sequence[Item]:
        """Have a task done."""
        async with self.connect(endpoint) as http:
            uuid = self.new_uuid()
            submission = self.submission(task, uuid, endpoint)
            await self.hand_in(http, endpoint, submission)
            return await self.wait(http, endpoint, uuid, task)

    def connect(self, endpoint: Endpoint) -> httpx.AsyncClient:
        """Return what requests are sent with."""
        return httpx.AsyncClient(headers=self.headers(endpoint), verify=NO_TLS, trust_env=False, timeout=60)

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        """Return the headers of every request."""
        return {"Authorization": f"Bearer {endpoint.api_key}", "Content-Type": "application/json"}

    def new_uuid(self) -> str:
        """Return a name for a task."""
        return str(uuid4())

    def submission(self, task: Task, uuid: str, endpoint: Endpoint) -> Task:  # noqa: ARG002
        """Return a task as it is handed in."""
        return {"taskType": "videoInference", "taskUUID": uuid, "deliveryMethod": "async", **task}

    def body(self, tasks: Sequence[Task]) -> bytes:
        """Return the body of a request."""
        return json.dumps(tasks).encode()

    def address(self, endpoint: Endpoint) -> str:
        """Return where requests go."""
        return endpoint.http_url

    async def hand_in(self, http: httpx.AsyncClient, endpoint: Endpoint, submission: Task) -> None:
        """Hand a task in, again where that may help."""
        reply = await self.ask(http, endpoint, submission)
        errors = reply.get("errors", [])
        if errors and not (self.tried > 1 and self.is_known(errors)):
            raise self.error(errors)

    def is_known(self, errors: Sequence[Mapping[str, Any]]) -> bool:
        """Say whether another try was answered that the task had been taken on before."""
        return errors[0].get("code") == "conflictTaskUUID"

    #: How often the last request was tried.
    tried = 0

    async def ask(self, http: httpx.AsyncClient, endpoint: Endpoint, task: Task) -> dict[str, Any]:
        """Send one task and return the answer, trying again where that may help."""
        last = ""
        for number in range(1, self.tries + 1):
            self.tried = number
            pause_s = self.pause_before_try_s(number)
            try:
                answer = await http.post(self.address(endpoint), content=self.body([task]))
                reply = self.read(answer)
            except (httpx.TransportError, ValueError) as problem:
                last = f"no answer ({problem})"
            else:
                if answer.status_code not in self.again or self.is_final(reply):
                    return reply
                last = f"answered {answer.status_code}"
                pause_s = max(pause_s, self.told_to_wait_s(answer))
            await asyncio.sleep(pause_s)
        raise self.given_up(last)

    def is_final(self, reply: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Say whether an answer is final although its status invites to try again."""
        return False

    def given_up(self, last: str) -> Exception:
        """Return what is raised when no try went well."""
        return Unfinished(last)

    def pause_before_try_s(self, number: int) -> float:
        """Return how long to wait after a try that failed."""
        return min(8.0, 2.0 ** (number - 1))

    def told_to_wait_s(self, answer: httpx.Response) -> float:
        """Return how long the service asks to wait."""
        return float(answer.headers.get("retry-after", 0))

    def read(self, answer: httpx.Response) -> dict[str, Any]:
        """Return an answer as JSON."""
        reply = answer.json()
        if not isinstance(reply, dict):
            raise ValueError("the answer is no object")
        return reply

    def error(self, errors: Sequence[Mapping[str, Any]]) -> Exception:
        """Return the exception for errors of the API."""
        return ApiError(errors[0]["code"], errors[0]["message"])

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        """Poll until every result has ended, and return those that were made."""
        clock, pause_s = asyncio.get_running_loop(), self.first_pause_s
        until_s = clock.time() + self.patience_s
        while clock.time() < until_s:
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * self.growth, self.longest_pause_s)
            reply = await self.ask(http, endpoint, self.poll(uuid))
            if not self.is_under_way(reply, task):
                return self.results(reply, uuid)
        raise Unfinished(f"not done after {self.patience_s:g} s")

    def poll(self, uuid: str) -> Task:
        """Return a poll."""
        return {"taskType": "getResponse", "taskUUID": uuid}

    def is_under_way(self, reply: Mapping[str, Any], task: Task) -> bool:  # noqa: ARG002
        """Say whether something is still being made."""
        return any(item.get("status") == "processing" for item in reply.get("data", []))

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        """Return the finished results of an answer, or raise where there are none."""
        found = [item for item in reply.get("data", []) if item.get("taskUUID") == uuid and item.get("videoURL")]
        if not found and reply.get("errors"):
            raise self.error(reply["errors"])
        return found


#: As it is named for the kit.
client = SoundClient()
