"""Mistakes with results, and with several tasks."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from contracts.clients.base import Endpoint
from tests.kit.sound import Item, SoundClient, Task


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
    """Waits for as many successes as it asked for, so it goes on polling when one has failed."""

    def is_under_way(self, reply: Mapping[str, Any], task: Task) -> bool:
        made = [item for item in reply.get("data", []) if item.get("status") == "success"]
        return len(made) != task.get("numberResults", 1) and bool(reply.get("data"))


class ReturnsBase64(SoundClient):
    """Hands on the address in another form."""

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        found = super().results(reply, uuid)
        return [{**item, "videoURL": base64.b64encode(item["videoURL"].encode()).decode()} for item in found]
