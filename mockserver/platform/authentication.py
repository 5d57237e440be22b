"""A key is shown, and a session begins or goes on."""

from collections.abc import Mapping
from typing import Any

from mockserver.platform.base import Caller, Desk, Session
from mockserver.ports import Shelf
from mockserver.wire import Answer


def authenticate(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer:
    """Accept or refuse a key. The answer carries no taskUUID, which one official client needs.

    A key that is not accepted ends the authority of a connection, but not that of a key in the header of the same
    HTTP request: of the two either will do (assumed).

    A session of the same key is gone on with: the connection's own, or one that the task names and that broke off
    less than 120 seconds ago. Else a new session begins.

    Source: schema/tasks/authentication.json (stated)
    """
    owner = desk.keyring.owner(task["apiKey"])
    caller.was_refused = owner is None
    if owner is None:
        if caller.transport == "websocket":
            caller.owner = None
        return desk.wire.unaddressed("invalidApiKey")
    caller.owner = owner
    wanted = str(task.get("connectionSessionUUID", caller.session)).lower()
    remembered = desk.store.get(Shelf.SESSIONS, (wanted,)) if wanted else None
    is_own = isinstance(remembered, Session) and remembered.owner == owner
    caller.session = wanted if is_own else desk.new_uuid(owner, "session")
    return Answer(
        data=[{"taskType": "authentication", "connectionSessionUUID": caller.session}],
        outcome="resumed" if caller.session == wanted else "authenticated",
        about=("authentication", ""),
        is_authentication=True,
    )
