"""Mistakes in requests."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from uuid import uuid1, uuid4

import httpx

from contracts.clients.base import Endpoint
from tests.kit.sound import Item, SoundClient, Task


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
