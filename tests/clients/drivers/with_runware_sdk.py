"""Drives the distribution runware-sdk, over REST or WebSocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runware import Runware, RunwareError, file_to_base64, file_to_data_uri  # type: ignore[import-not-found]

from tests.clients.drivers.protocol import Json, drive


class Client:
    """The SDK at work."""

    def __init__(self, sdk: Runware) -> None:
        self._sdk = sdk

    async def call(self, call: Json) -> list[Json]:
        """Make a video, read the results of a task submitted before, or say how the SDK files error codes."""
        if call["do"] == "categorise":
            return [{"code": code, "category": RunwareError(code, "").code} for code in call["codes"]]
        if call["do"] == "collect":
            return list(await self._sdk.get_response({"taskUUID": call["taskUUID"]}))
        task = call["task"]
        if call["frames"]:
            task = {**task, "inputs": {"frameImages": [await self._frame(frame) for frame in call["frames"]]}}
        return list(await self._sdk.run(task))

    async def _frame(self, frame: Json) -> str | Json:
        image = await self._image(frame["way"], frame["value"])
        return {"image": image, "frame": frame["position"]} if "position" in frame else image

    async def _image(self, way: str, value: str) -> str:
        """Turn a picture into what is sent, in one of the ways that the SDK offers."""
        match way:
            case "as it is":
                return value
            case "file_to_base64":
                return str(file_to_base64(value))
            case "file_to_data_uri":
                return str(file_to_data_uri(value))
            case "image_upload":
                return str((await self._sdk.image_upload({"image": file_to_base64(value)}))[0]["imageUUID"])
            case "media_storage":
                stored = await self._sdk.media_storage({"operation": "upload", "media": file_to_data_uri(value)})
                return str(stored[0]["mediaUUID"])
        raise AssertionError(f"this SDK has no way {way!r}")


@asynccontextmanager
async def connect(job: Json) -> AsyncIterator[Client]:
    """Open the SDK as its documentation shows, at the mock's addresses."""
    settings = {"transport": job["transport"], "http_base_url": job["http_url"], "ws_base_url": job["ws_url"]}
    async with Runware(api_key=job["api_key"], **settings, **job["options"]) as sdk:
        yield Client(sdk)


def describe_error(problem: Exception) -> Json:
    """Return what a caller can read. The code is the SDK's own category: it keeps the API's code to itself."""
    if not isinstance(problem, RunwareError):
        return {"kind": type(problem).__name__, "message": str(problem)}
    return {
        "kind": "RunwareError",
        "code": problem.code,
        "message": problem.message,
        "parameter": problem.parameter,
        "taskUUID": problem.task_uuid,
        "status": problem.status_code,
    }


if __name__ == "__main__":
    drive(connect, describe_error)
