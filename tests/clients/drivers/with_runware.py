"""Drives the distribution runware, which speaks WebSocket only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from runware import IFrameImage, IVideoInference, Runware  # type: ignore[import-not-found]
from runware.types import IInputFrame  # type: ignore[import-not-found]
from runware.utils import RunwareAPIError  # type: ignore[import-not-found]

from tests.clients.drivers.protocol import Json, drive


class Client:
    """The SDK at work."""

    def __init__(self, sdk: Runware) -> None:
        self._sdk = sdk

    async def call(self, call: Json) -> list[Json]:
        """Make a video, or read the results of a task that was submitted before."""
        if call["do"] == "collect":
            return await self._results(call["taskUUID"], call["numberResults"])
        task = {name: value for name, value in call["task"].items() if name != "taskType"}
        if call["frames"]:
            frames = [await self._frame(frame) for frame in call["frames"]]
            if isinstance(frames[0], IFrameImage):
                task["frameImages"] = frames
            else:
                task["inputs"] = {"frameImages": frames}
        accepted = await self._sdk.videoInference(IVideoInference(**task))
        return await self._results(accepted.taskUUID, task.get("numberResults", 1))

    async def _results(self, task_uuid: str, number: int) -> list[Json]:
        return [asdict(video) for video in await self._sdk.getResponse(taskUUID=task_uuid, numberResults=number)]

    async def _frame(self, frame: Json) -> object:
        """Turn a picture into what the SDK takes. A path is sent as it is: the SDK reads the file itself."""
        match frame["way"]:
            case "as it is" if "position" not in frame:
                return frame["value"]
            case "as it is":
                return IInputFrame(image=frame["value"], frame=frame["position"])
            case "legacy":
                return IFrameImage(inputImage=frame["value"], frame="first")
            case "uploadImage":
                return (await self._sdk.uploadImage(frame["value"])).imageUUID
            case "uploadMedia":
                return (await self._sdk.uploadMedia(frame["value"])).mediaUUID
        raise AssertionError(f"this SDK has no way {frame['way']!r}")


@asynccontextmanager
async def connect(job: Json) -> AsyncIterator[Client]:
    """Open the SDK as its documentation shows, at the mock's address."""
    sdk = Runware(api_key=job["api_key"], url=job["ws_url"], **job["options"])
    try:
        await sdk.connect()
        yield Client(sdk)
    finally:
        await sdk.disconnect()


def describe_error(problem: Exception) -> Json:
    """Return what a caller can read: the API's whole error, where the SDK passes it on."""
    if not isinstance(problem, RunwareAPIError):
        return {"kind": type(problem).__name__, "message": str(problem)}
    error = problem.error_data
    names = ("code", "message", "parameter", "taskUUID")
    return {"kind": "RunwareAPIError", **{name: error.get(name) for name in names}}


if __name__ == "__main__":
    drive(connect, describe_error)
