"""Clients with one realistic mistake each, and the duty that each of them breaks."""

import asyncio
import base64
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from uuid import uuid1, uuid4

import httpx

from contracts.clients.base import Endpoint
from tests.kit.sound import ApiError, Item, SoundClient, Task, Unfinished

REQUEST, POLLING, RESULTS = "request", "polling and errors", "results and concurrency"


@dataclass(frozen=True)
class Mutant:
    """A client with a mistake.

    Attributes:
        client: the client.
        check: name of the duty that it breaks.
        kind: what the mistake is about.
        needs: parameters that the smallest example cannot do without.
    """

    client: SoundClient
    check: str
    kind: str
    needs: frozenset[str]

    @property
    def name(self) -> str:
        """What the mistake is called."""
        return type(self.client).__name__

    @property
    def about(self) -> str:
        """The mistake in words."""
        return (type(self.client).__doc__ or "").partition("\n")[0]


# Mistakes in requests


class SendsASingleObject(SoundClient):
    """Sends a task without a list around it."""

    def body(self, tasks: Sequence[Task]) -> bytes:
        return json.dumps(tasks[0]).encode()


class SendsPlainText(SoundClient):
    """Leaves the media type to a library that does not know better."""

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        return {**super().headers(endpoint), "Content-Type": "text/plain"}


class ForgetsBearer(SoundClient):
    """Puts the bare key into the header."""

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        return {**super().headers(endpoint), "Authorization": endpoint.api_key}


class PutsTheKeyIntoTheAddress(SoundClient):
    """Shows the key in the query as well."""

    def address(self, endpoint: Endpoint) -> str:
        return f"{endpoint.http_url}?apiKey={endpoint.api_key}"


class PutsTheKeyIntoAnotherHeader(SoundClient):
    """Sends the key under a name of its own as well."""

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        return {**super().headers(endpoint), "X-API-Key": endpoint.api_key}


class PutsTheKeyIntoTheTask(SoundClient):
    """Sends the key as a parameter of the task."""

    def submission(self, task: Task, uuid: str, endpoint: Endpoint) -> Task:
        return {**super().submission(task, uuid, endpoint), "apiKey": endpoint.api_key}


class _Changes(SoundClient):
    """Changes a task on its way."""

    def change(self, task: Task) -> Task:
        """Return the task as it is sent."""
        raise NotImplementedError

    def submission(self, task: Task, uuid: str, endpoint: Endpoint) -> Task:
        return super().submission(self.change(task), uuid, endpoint)


class StripsThePrompt(_Changes):
    """Strips blanks from the prompt."""

    def change(self, task: Task) -> Task:
        return {**task, "positivePrompt": task["positivePrompt"].strip()}


class NormalisesThePrompt(_Changes):
    """Writes accents in another way."""

    def change(self, task: Task) -> Task:
        return {**task, "positivePrompt": unicodedata.normalize("NFD", task["positivePrompt"])}


class DropsWhatIsNotASCII(_Changes):
    """Loses every character beyond ASCII."""

    def change(self, task: Task) -> Task:
        return {**task, "positivePrompt": task["positivePrompt"].encode("ascii", "replace").decode()}


class CutsThePrompt(_Changes):
    """Cuts prompts after 1,000 characters."""

    def change(self, task: Task) -> Task:
        return {**task, "positivePrompt": task["positivePrompt"][:1000]}


class DropsWhatIsFalse(_Changes):
    """Leaves out parameters that are false, 0 or empty."""

    def change(self, task: Task) -> Task:
        return {name: value for name, value in task.items() if value}


class DropsSafety(_Changes):
    """Does not know the parameter safety."""

    def change(self, task: Task) -> Task:
        return {name: value for name, value in task.items() if name != "safety"}


class DropsTheQueryOfAddresses(_Changes):
    """Loses the query of the webhook's address, and the secret in it."""

    def change(self, task: Task) -> Task:
        return {name: value.partition("?")[0] if name == "webhookURL" else value for name, value in task.items()}


class EncodesAddressesAnew(_Changes):
    """Decodes and encodes the address of uploads, which breaks signatures."""

    def change(self, task: Task) -> Task:
        return {name: self.anew(value) if name == "uploadEndpoint" else value for name, value in task.items()}

    def anew(self, address: str) -> str:
        """Return an address as it looks after its parts were read."""
        parts = urlsplit(address)
        return urlunsplit(
            (parts.scheme, parts.netloc, quote(unquote(parts.path)), urlencode(parse_qsl(parts.query)), "")
        )


class SendsNumbersAsText(_Changes):
    """Takes the duration from a form and sends it as text."""

    def change(self, task: Task) -> Task:
        return {name: str(value) if name == "duration" else value for name, value in task.items()}


class SendsFloats(_Changes):
    """Reads whole numbers as floats."""

    def change(self, task: Task) -> Task:
        return {name: float(value) if name == "ttl" else value for name, value in task.items()}


class RoundsUpTheQuality(_Changes):
    """Rounds the quality to tens."""

    def change(self, task: Task) -> Task:
        return {name: min(90, round(value, -1)) if name == "outputQuality" else value for name, value in task.items()}


class SendsFormatsInLowerCase(_Changes):
    """Writes the format as file names do."""

    def change(self, task: Task) -> Task:
        return {name: value.lower() if name == "outputFormat" else value for name, value in task.items()}


class SendsPicturesAtTheTop(_Changes):
    """Moves frameImages out of inputs, where older versions had them."""

    def change(self, task: Task) -> Task:
        if "frameImages" not in task.get("inputs", {}):
            return task
        others = {name: value for name, value in task.items() if name != "inputs"}
        return {**others, "frameImages": task["inputs"]["frameImages"]}


class SortsPictures(_Changes):
    """Puts pictures into another order."""

    def change(self, task: Task) -> Task:
        frames = task.get("inputs", {}).get("frameImages")
        return task if not frames else {**task, "inputs": {**task["inputs"], "frameImages": frames[::-1]}}


class AlwaysAsksForTheCost(_Changes):
    """Asks for the cost although nobody wanted to know."""

    def change(self, task: Task) -> Task:
        return {"includeCost": True, **task}


class AddsADefaultDuration(_Changes):
    """Sends a default of its own."""

    def change(self, task: Task) -> Task:
        return {"duration": 10, **task}


class SendsNulls(_Changes):
    """Sends null for everything that was not given."""

    def change(self, task: Task) -> Task:
        return {"outputFormat": None, **task}


class SendsTagsOfItsOwn(_Changes):
    """Adds a parameter that the service does not know."""

    def change(self, task: Task) -> Task:
        return {**task, "clientVersion": "1.0"}


class NamesTasksByTime(SoundClient):
    """Makes UUIDs of version 1, which show time and machine."""

    def new_uuid(self) -> str:
        return str(uuid1(node=0x123456789ABC))


class NamesTasksAlike(SoundClient):
    """Makes the UUID once for each process."""

    _uuid = str(uuid4())

    def new_uuid(self) -> str:
        return self._uuid


class AsksForSyncDelivery(SoundClient):
    """Holds the connection until the video is made."""

    def submission(self, task: Task, uuid: str, endpoint: Endpoint) -> Task:
        return {**super().submission(task, uuid, endpoint), "deliveryMethod": "sync"}

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        return self.held or super().results(reply, uuid)

    held: Sequence[Item] = ()

    async def hand_in(self, http: httpx.AsyncClient, endpoint: Endpoint, submission: Task) -> None:
        reply = await self.ask(http, endpoint, submission)
        self.held = reply.get("data", [])
        if reply.get("errors") and not self.held:
            raise self.error(reply["errors"])

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        return self.held or await super().wait(http, endpoint, uuid, task)


# Mistakes in polling and with errors


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


# Mistakes with results


class FailsAfterTheLastPoll(SoundClient):
    """Looks for a member that results do not have."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        return [{**item, "url": item["imageURL"]} for item in super().results(reply, uuid)]


class NeverPolls(SoundClient):
    """Hands tasks in, and then does not know what to do."""

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        raise NotImplementedError("waiting")


class StopsAtTheFirstSuccess(SoundClient):
    """Returns as soon as one result is there."""

    def is_under_way(self, reply: Mapping[str, Any], task: Task) -> bool:
        is_there = any(item.get("status") == "success" for item in reply.get("data", []))
        return super().is_under_way(reply, task) and not is_there


class ReturnsTheFirstAlone(SoundClient):
    """Returns one result, however many there are."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        return super().results(reply, uuid)[:1]


class CollectsFromEveryPoll(SoundClient):
    """Gathers what each poll tells, although polls repeat themselves."""

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        self.gathered: list[Item] = []
        await super().wait(http, endpoint, uuid, task)
        return self.gathered

    def is_under_way(self, reply: Mapping[str, Any], task: Task) -> bool:
        self.gathered.extend(item for item in reply.get("data", []) if item.get("videoURL"))
        return super().is_under_way(reply, task)


class ReturnsWhatIsInProcessing(SoundClient):
    """Returns the first poll that has as many items as results were asked for."""

    def is_under_way(self, reply: Mapping[str, Any], task: Task) -> bool:
        return len(reply.get("data", [])) < task.get("numberResults", 1) and not reply.get("errors")

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        return [*reply.get("data", [])] or super().results(reply, uuid)


class ReturnsTheAcknowledgement(SoundClient):
    """Takes the acknowledgement for the result."""

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        await super().wait(http, endpoint, uuid, task)
        return [{"taskType": "videoInference", "taskUUID": uuid}]


class ReturnsTheWholeReply(SoundClient):
    """Returns the answer as it came, where a list was promised."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Any:
        super().results(reply, uuid)
        return dict(reply)


class LosesTheSeed(SoundClient):
    """Hands on what it knows of a result: UUID, address and cost."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        known = ("taskType", "taskUUID", "videoUUID", "videoURL", "cost", "NSFWContent")
        return [{name: item[name] for name in known if name in item} for item in super().results(reply, uuid)]


class RoundsTheSeed(SoundClient):
    """Reads numbers as floats of 32 bits."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        return [{**item, "seed": item["seed"] // 1000 * 1000} for item in super().results(reply, uuid)]


class RoundsTheCost(SoundClient):
    """Rounds the cost to tenths of a dollar."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        found = super().results(reply, uuid)
        return [{**item, "cost": round(item["cost"], 1)} if "cost" in item else item for item in found]


class DropsNSFW(SoundClient):
    """Loses the outcome of the safety check."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        found = super().results(reply, uuid)
        return [{name: value for name, value in item.items() if name != "NSFWContent"} for item in found]


class ChangesTheAddress(SoundClient):
    """Makes addresses of results secure, as it believes."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        found = super().results(reply, uuid)
        return [{**item, "videoURL": item["videoURL"].replace("http:", "https:")} for item in found]


class RaisesAtPartialFailure(SoundClient):
    """Raises when one result of several failed, and loses the others."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        if reply.get("errors"):
            raise self.error(reply["errors"])
        return super().results(reply, uuid)


class KeepsResultsOfOthers(SoundClient):
    """Mixes the results of its tasks up, as it keeps them in one place."""

    kept: list[Item] = []  # noqa: RUF012, that is the mistake

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        self.kept.extend(super().results(reply, uuid))
        return self.kept[-2:]


class WaitsForExactlySoMany(SoundClient):
    """Waits for as many successes as it asked for, so it never ends when one fails."""

    def is_under_way(self, reply: Mapping[str, Any], task: Task) -> bool:
        made = [item for item in reply.get("data", []) if item.get("status") == "success"]
        return len(made) != task.get("numberResults", 1) and bool(reply.get("data"))


class ReturnsBase64(SoundClient):
    """Hands on the address in another form."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        found = super().results(reply, uuid)
        return [{**item, "videoURL": base64.b64encode(item["videoURL"].encode()).decode()} for item in found]


def _mutant(client: type[SoundClient], check: str, kind: str, *needs: str) -> Mutant:
    return Mutant(client(), check, kind, frozenset(needs))


MUTANTS: Sequence[Mutant] = (
    _mutant(SendsASingleObject, "sends-json-lists", REQUEST),
    _mutant(SendsPlainText, "sends-json-lists", REQUEST),
    _mutant(ForgetsBearer, "shows-its-key", REQUEST),
    _mutant(PutsTheKeyIntoTheAddress, "keeps-its-key-to-itself", REQUEST),
    _mutant(PutsTheKeyIntoAnotherHeader, "keeps-its-key-to-itself", REQUEST),
    _mutant(PutsTheKeyIntoTheTask, "keeps-its-key-to-itself", REQUEST),
    _mutant(StripsThePrompt, "sends-values-untouched", REQUEST),
    _mutant(NormalisesThePrompt, "sends-values-untouched", REQUEST),
    _mutant(DropsWhatIsNotASCII, "sends-values-untouched", REQUEST),
    _mutant(CutsThePrompt, "sends-values-untouched", REQUEST),
    _mutant(DropsWhatIsFalse, "sends-what-was-asked", REQUEST, "*"),
    _mutant(DropsSafety, "sends-what-was-asked", REQUEST, "safety"),
    _mutant(DropsTheQueryOfAddresses, "sends-values-untouched", REQUEST, "webhookURL"),
    _mutant(EncodesAddressesAnew, "sends-values-untouched", REQUEST, "uploadEndpoint"),
    _mutant(SendsNumbersAsText, "sends-values-untouched", REQUEST, "duration"),
    _mutant(SendsFloats, "sends-values-untouched", REQUEST, "ttl"),
    _mutant(RoundsUpTheQuality, "sends-values-untouched", REQUEST, "outputQuality"),
    _mutant(SendsFormatsInLowerCase, "sends-values-untouched", REQUEST, "outputFormat"),
    _mutant(SendsPicturesAtTheTop, "sends-what-was-asked", REQUEST, "inputs"),
    _mutant(SortsPictures, "sends-values-untouched", REQUEST, "inputs"),
    _mutant(AlwaysAsksForTheCost, "adds-nothing", REQUEST),
    _mutant(AddsADefaultDuration, "adds-nothing", REQUEST),
    _mutant(SendsNulls, "sends-valid-tasks", REQUEST),
    _mutant(SendsTagsOfItsOwn, "sends-valid-tasks", REQUEST),
    _mutant(NamesTasksByTime, "names-tasks-afresh", REQUEST),
    _mutant(NamesTasksAlike, "names-tasks-afresh", REQUEST),
    _mutant(AsksForSyncDelivery, "asks-for-async-delivery", REQUEST),
    _mutant(PollsWithANewUUID, "polls-its-own-task", POLLING),
    _mutant(PollsTooFast, "leaves-time-between-polls", POLLING),
    _mutant(NeverBacksOff, "backs-off", POLLING),
    _mutant(PollsOnceMore, "stops-when-done", POLLING),
    _mutant(NeverGivesUp, "gives-up", POLLING),
    _mutant(GivesUpAfterAMinute, "waits-long-enough", POLLING),
    _mutant(GivesUpAtTooManyRequests, "survives-refusals-for-now", POLLING),
    _mutant(GivesUpAtServerErrors, "survives-refusals-for-now", POLLING),
    _mutant(GivesUpAtLostConnections, "survives-broken-answers", POLLING),
    _mutant(GivesUpAtBrokenJSON, "survives-broken-answers", POLLING),
    _mutant(SubmitsAnewAfterFailure, "submits-once", POLLING),
    _mutant(TakesAConflictForAFailure, "takes-a-conflict-for-a-yes", POLLING),
    _mutant(TriesWhatIsHopeless, "tries-nothing-hopeless", POLLING),
    _mutant(IgnoresRetryAfter, "waits-as-told", POLLING),
    _mutant(SwallowsErrors, "reports-failure", POLLING),
    _mutant(LosesTheCode, "reports-the-code", POLLING),
    _mutant(InventsCodes, "reports-the-code", POLLING),
    _mutant(LosesTheMessage, "reports-the-message", POLLING),
    _mutant(ShowsTheKeyInErrors, "keeps-its-key-to-itself", POLLING),
    _mutant(FailsAfterTheLastPoll, "delivers-what-was-made", RESULTS),
    _mutant(NeverPolls, "delivers-what-was-made", RESULTS),
    _mutant(StopsAtTheFirstSuccess, "waits-long-enough", RESULTS, "numberResults"),
    _mutant(ReturnsTheFirstAlone, "reports-every-result", RESULTS, "numberResults"),
    _mutant(CollectsFromEveryPoll, "reports-each-result-once", RESULTS, "numberResults"),
    _mutant(ReturnsWhatIsInProcessing, "reports-only-its-results", RESULTS),
    _mutant(ReturnsTheAcknowledgement, "reports-only-its-results", RESULTS),
    _mutant(ReturnsTheWholeReply, "reports-only-its-results", RESULTS),
    _mutant(LosesTheSeed, "reports-values-untouched", RESULTS),
    _mutant(RoundsTheSeed, "reports-values-untouched", RESULTS),
    _mutant(RoundsTheCost, "reports-values-untouched", RESULTS, "includeCost"),
    _mutant(DropsNSFW, "reports-values-untouched", RESULTS, "safety"),
    _mutant(ChangesTheAddress, "reports-values-untouched", RESULTS),
    _mutant(RaisesAtPartialFailure, "keeps-results-beside-errors", RESULTS, "numberResults"),
    _mutant(KeepsResultsOfOthers, "reports-only-its-results", RESULTS),
    _mutant(WaitsForExactlySoMany, "gives-up", RESULTS, "numberResults"),
    _mutant(ReturnsBase64, "reports-values-untouched", RESULTS),
)
