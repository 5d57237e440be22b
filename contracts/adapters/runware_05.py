"""The distribution runware, version 0.5, which speaks WebSocket only."""

from dataclasses import asdict
from typing import Any

# The SDK is installed in an environment of its own, not where types are checked.
from runware import IVideoInference, Runware  # type: ignore[import-not-found]
from runware.types import IMinimaxProviderSettings  # type: ignore[import-not-found]

from contracts.clients.base import Endpoint


async def websocket(task: dict[str, Any], endpoint: Endpoint) -> list[dict[str, Any]]:
    """Have a task done."""
    sdk = Runware(api_key=endpoint.api_key, url=endpoint.ws_url)
    await sdk.connect()
    try:
        made = await sdk.videoInference(IVideoInference(**_typed(task)))
        # Mostly an acknowledgement; after a lost connection it may have waited for the videos already.
        if not isinstance(made, list):
            made = await sdk.getResponse(taskUUID=made.taskUUID, numberResults=task.get("numberResults", 1))
    finally:
        await sdk.disconnect()
    return [asdict(video) for video in made]


def _typed(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task as the SDK takes it: of a provider's settings there are classes, of the rest dicts will do."""
    settings = task.get("providerSettings")
    if settings is None:
        return task
    return {**task, "providerSettings": IMinimaxProviderSettings(**settings.get("minimax", {}))}
