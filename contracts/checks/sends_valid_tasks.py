"""The schema."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Json, Recording
from mockserver.spec.documents import look_up
from mockserver.spec.load import Spec, load_spec
from mockserver.spec.violations import check_task


def sends_valid_tasks(recording: Recording) -> Iterator[Finding]:
    """Every task is one that the parameter page allows, polls and authentications too."""
    for exchange in recording.exchanges:
        for task in exchange.tasks:
            for violation in check_task(_spec(), task).violations:
                place, rule = exchange.pointer(task) + violation.pointer, {violation.keyword: violation.limit}
                yield Finding(violation.message, exchange.number, _at(task, violation.pointer), rule, place)


def _at(task: Json, pointer: str) -> Any:
    """Return what stands at a place, or None."""
    try:
        return look_up(task, pointer)
    except LookupError:
        return None


@lru_cache(maxsize=1)
def _spec() -> Spec:
    return load_spec()


CHECK = Check(
    "sends-valid-tasks",
    MUST,
    sends_valid_tasks,
    "the parameter page and the documentation of each task type (stated)",
    "check tasks with runware-mock validate, or in the client against the published schema",
)
