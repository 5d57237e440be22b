"""Tasks as the engine knows them, made in one line."""

from typing import Any

from mockserver.engine.values import Status, Task

NOW_MS = 1_800_000_000_000
SECOND_MS = 1000

P, U, S, E = Status.PROCESSING, Status.UPLOADING, Status.SUCCESS, Status.ERROR

WEBHOOK = "https://example.com/hook?token=1"
UPLOAD = "https://example.com/put?signature=1"


def make_task(
    number: int = 1,
    *,
    fails: bool = False,
    webhook: bool = False,
    upload: bool = False,
    outcomes: tuple[Status, ...] | None = None,
    **members: Any,
) -> Task:
    """Return a task submitted at NOW_MS whose results are ready after one, two, ... seconds.

    Args:
        number: how many results it has.
        fails: whether they fail.
        webhook: whether a webhook is called for each.
        upload: whether each is uploaded.
        outcomes: what became of them so far; nothing unless given.
        members: further members of the task.
    """
    params = {
        "taskType": "videoInference",
        **({"webhookURL": WEBHOOK} if webhook else {}),
        **({"uploadEndpoint": UPLOAD} if upload else {}),
    }
    due = tuple(NOW_MS + SECOND_MS * (1 if fails else index + 1) for index in range(number))
    task = Task(
        owner="owner",
        uuid="24cd5dff-cb81-4db5-8506-b72a9425f9d1",
        task_type="videoInference",
        air="minimax:3@1",
        params=params,
        origin="http://mock.test",
        submitted_at_ms=NOW_MS,
        due_at_ms=due,
        nonce=bytes(16),
        cost_micro_usd=280_000,
        failure="providerError" if fails else None,
        outcomes=outcomes or (P,) * number,
        is_attended=webhook or upload,
    )
    return task._replace(**members)
