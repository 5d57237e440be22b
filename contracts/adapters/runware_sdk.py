"""The distribution runware-sdk, over REST (`rest`) or WebSocket (`websocket`)."""

from typing import Any

# The SDK is installed in an environment of its own, not where types are checked.
from runware import Runware  # type: ignore[import-not-found]

from contracts.clients.base import Endpoint


async def rest(task: dict[str, Any], endpoint: Endpoint) -> list[dict[str, Any]]:
    """Have a task done over REST."""
    return await _run(task, endpoint, "rest")


async def websocket(task: dict[str, Any], endpoint: Endpoint) -> list[dict[str, Any]]:
    """Have a task done over WebSocket."""
    return await _run(task, endpoint, "websocket")


async def _run(task: dict[str, Any], endpoint: Endpoint, transport: str) -> list[dict[str, Any]]:
    # The task type is given, as the SDK asks a public registry for it otherwise.
    sdk = Runware(
        api_key=endpoint.api_key, transport=transport, http_base_url=endpoint.http_url, ws_base_url=endpoint.ws_url
    )
    async with sdk:
        return list(await sdk.run({"taskType": "videoInference", **task}))
