"""A client as people first write it: by name for the command line, and synchronous.

Its `time.sleep` is part of what is tested: under the kit it takes no time, in a thread as well.
"""

import time
from typing import Any
from uuid import uuid4

import httpx

from contracts.clients.base import Endpoint


def in_a_hurry(task: dict[str, Any], endpoint: Endpoint) -> list[dict[str, Any]]:
    """Have a task done, as long as nothing goes wrong."""
    uuid = str(uuid4())
    with httpx.Client(headers={"Authorization": f"Bearer {endpoint.api_key}"}, trust_env=False, verify=False) as client:
        submission = {"taskType": "videoInference", "taskUUID": uuid, "deliveryMethod": "async", **task}
        client.post(endpoint.http_url, json=[submission]).raise_for_status()
        while True:
            time.sleep(1)  # passes at once: the kit plays it in virtual time
            reply = client.post(endpoint.http_url, json=[{"taskType": "getResponse", "taskUUID": uuid}]).json()
            if not any(item["status"] == "processing" for item in reply["data"]):
                return list(reply["data"])
