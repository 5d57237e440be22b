"""How far results are and what they are known by, derived from the task alone: asked again, the answer is the same."""

from functools import lru_cache
from hashlib import blake2b

from mockserver.engine.values import Result, Status, Task

P, U, S, E = Status.PROCESSING, Status.UPLOADING, Status.SUCCESS, Status.ERROR

_SEEDS = 2**31 - 1
#: Coprime to the number of seeds, so that the seeds of one task all differ.
_SEED_STRIDE = 0x9E3779B1


def result_of(task: Task, index: int) -> Result:
    """Return what one result of a task is known by, 0 being the first."""
    return _result(task.nonce, index)


#: A finished result is asked for again and again: by polls, by its webhook, by its download.
@lru_cache(maxsize=2048)
def _result(nonce: bytes, index: int) -> Result:
    digest = blake2b(nonce, digest_size=16, salt=index.to_bytes(4, "big")).digest()
    first = int.from_bytes(nonce[:4], "big")
    return Result(uuid_text(digest), 1 + (first + index * _SEED_STRIDE) % _SEEDS)


def statuses_at(task: Task, now_ms: int) -> tuple[Status, ...]:
    """Return how far each result is: as recorded for an attended task, by time alone for any other."""
    if task.is_attended or now_ms < task.due_at_ms[0]:
        return task.outcomes
    if task.failing:
        due = enumerate(task.due_at_ms)
        return tuple([P if due_ms > now_ms else E if task.fails(index) else S for index, due_ms in due])
    ended = E if task.failure else S
    return tuple([ended if due_ms <= now_ms else P for due_ms in task.due_at_ms])


def good_until_ms(task: Task, index: int, keep_ms: int) -> int:
    """Return until when the address of a result leads to its file.

    Args:
        task: the task.
        index: which result, 0 being the first.
        keep_ms: how long it is good for a task that does not say, in milliseconds.

    Source:
        schema/shared/platform.json#/$defs/ttl (stated; that it counts from when the result was made is assumed)
    """
    ttl_s = task.params.get("ttl")
    return task.due_at_ms[index] + (keep_ms if ttl_s is None else int(ttl_s * 1000))


def overall(statuses: tuple[Status, ...]) -> Status:
    """Return how far a task is: processing until every result ended, an error only if every one failed."""
    if P in statuses or U in statuses:
        return P
    return S if S in statuses else E


def uuid_text(digest: bytes) -> str:
    """Return 16 bytes as a version 4 UUID in its 36-character form."""
    text = digest.hex()
    variant = "89ab"[digest[8] & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
