"""Mistakes in polling, and with errors."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx

from contracts.clients.base import Endpoint
from tests.kit.sound import ApiError, Item, SoundClient, Task, Unfinished


class PollsWithANewUUID(SoundClient):
    """Gives each poll a taskUUID of its own, as other tasks have."""

    def poll(self, uuid: str) -> Task:
        return {"taskType": "getResponse", "taskUUID": str(uuid4()) if uuid else uuid}


class PollsTooFast(SoundClient):
    """Polls ten times a second."""

    first_pause_s, growth, longest_pause_s = 0.1, 1.0, 0.1
    patience_s = 15 * 60


class NeverBacksOff(SoundClient):
    """Polls every second, for however long it takes."""

    growth, longest_pause_s = 1.0, 1.0


class PollsOnceMore(SoundClient):
    """Makes sure with one more poll."""

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        found = await super().wait(http, endpoint, uuid, task)
        await asyncio.sleep(1)
        await self.ask(http, endpoint, self.poll(uuid))
        return found


class NeverGivesUp(SoundClient):
    """Polls for ever."""

    patience_s = float("inf")


class GivesUpAfterAMinute(SoundClient):
    """Waits a minute, as for a picture."""

    patience_s = 60


class GivesUpAtTooManyRequests(SoundClient):
    """Takes 429 for a final answer."""

    again = frozenset({408, 500, 502, 503, 504})


class GivesUpAtServerErrors(SoundClient):
    """Takes 5xx for a final answer."""

    again = frozenset({408, 429})

    def read(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code >= 500:
            raise Unfinished(f"answered {answer.status_code}")
        return super().read(answer)


class GivesUpAtLostConnections(SoundClient):
    """Lets the error of a lost connection through."""

    def connect(self, endpoint: Endpoint) -> httpx.AsyncClient:
        return _Fragile(headers=self.headers(endpoint), verify=False, trust_env=False, timeout=60)


class _Fragile(httpx.AsyncClient):
    """Turns lost connections into an error that nobody expects."""

    async def post(self, *args: Any, **kwargs: Any) -> httpx.Response:
        try:
            return await super().post(*args, **kwargs)
        except httpx.TransportError as problem:
            raise Unfinished("the connection was lost") from problem


class GivesUpAtBrokenJSON(SoundClient):
    """Lets the error of a broken answer through."""

    def read(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            return super().read(answer)
        except ValueError as problem:
            raise Unfinished("the answer is broken") from problem


class SubmitsAnewAfterFailure(SoundClient):
    """Gives each try a new taskUUID."""

    def body(self, tasks: Sequence[Task]) -> bytes:
        if self.tried > 1 and tasks[0]["taskType"] == "videoInference":
            return super().body([{**tasks[0], "taskUUID": str(uuid4())}])
        return super().body(tasks)


class TakesAConflictForAFailure(SoundClient):
    """Raises when its own second try meets its first."""

    def is_known(self, errors: Sequence[Mapping[str, Any]]) -> bool:
        return errors == []


class TriesWhatIsHopeless(SoundClient):
    """Tries again whatever the answer was."""

    again = frozenset(range(400, 600))

    def given_up(self, last: str) -> Exception:
        return ApiError("givenUp", last)


class IgnoresRetryAfter(SoundClient):
    """Tries again when it likes to."""

    def told_to_wait_s(self, answer: httpx.Response) -> float:
        return 0 * answer.status_code

    def pause_before_try_s(self, number: int) -> float:
        return 0.2 * number


class SwallowsErrors(SoundClient):
    """Returns nothing where a task failed."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        return [item for item in reply.get("data", []) if item.get("taskUUID") == uuid]


class LosesTheCode(SoundClient):
    """Raises an exception with a message alone."""

    def error(self, errors: Sequence[Mapping[str, Any]]) -> Exception:
        return Unfinished(errors[0]["message"])


class InventsCodes(SoundClient):
    """Has one code for all errors."""

    def error(self, errors: Sequence[Mapping[str, Any]]) -> Exception:
        return ApiError("RUNWARE_ERROR", errors[0]["message"])


class LosesTheMessage(SoundClient):
    """Says that something went wrong, and not what."""

    def error(self, errors: Sequence[Mapping[str, Any]]) -> Exception:
        return ApiError(errors[0]["code"], "the request failed")


class ShowsTheKeyInErrors(SoundClient):
    """Shows the whole request in the text of the error."""

    def connect(self, endpoint: Endpoint) -> httpx.AsyncClient:
        self.shown = f"Authorization: Bearer {endpoint.api_key}"
        return super().connect(endpoint)

    def error(self, errors: Sequence[Mapping[str, Any]]) -> Exception:
        return ApiError(errors[0]["code"], f"{errors[0]['message']} [{self.shown}]")
