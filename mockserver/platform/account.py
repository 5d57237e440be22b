"""What the account page would show."""

from collections.abc import Mapping
from typing import Any

from mockserver.platform.base import Caller, Desk, good
from mockserver.wire import Answer

BALANCE_USD = 100.0


def manage_account(_desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer:
    """Answer the details of a made-up organisation that belongs to the key. Usage is empty: nothing is counted.

    Source: schema/tasks/accountManagement.json (stated)
    """
    owner = caller.owner or ""
    if task["operation"] == "getDetails":
        details = {
            "organizationName": "Mock organisation",
            "organizationUUID": f"{owner[:8]}-{owner[8:12]}-4{owner[13:16]}-8{owner[17:20]}-{owner[20:32]}",
            "balance": {"amount": BALANCE_USD, "freeBalance": 0.0, "currency": "USD"},
            "team": [],
            "apiKeys": [{"name": "Mock key", "enabled": True}],
        }
        return good(task, "details", operation="getDetails", **details)
    span = {name: task[name] for name in ("startDate", "endDate") if name in task}
    return good(task, "usage", operation=task["operation"], **span, usage={})
