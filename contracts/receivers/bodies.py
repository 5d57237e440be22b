"""The bodies of webhooks: worded by the mock for tasks that are drawn from the schemas, and changed in one way each."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from contracts.strategies import Strategy, drawn, valid_tasks
from mockserver.engine.plan import figures_of
from mockserver.engine.results import result_of
from mockserver.engine.values import Status, Task
from mockserver.spec.load import Model, Spec
from mockserver.wire import Item, Wire

#: Kinds of failures that a generation can end with.
FAILING = frozenset({"provider", "timeout", "safety", "serverError"})


class Bodies:
    """Words bodies of webhooks.

    Args:
        spec: the API, with the envelope that is wanted.
        chance: what shapes are drawn from; the same for the same number.
        origin: begin of the addresses of videos.
        known: taskUUIDs that the receiver knows, used in turn; each task has one of its own unless given.
        fresh: returns 16 bytes that it never returned before.
    """

    def __init__(self, spec: Spec, chance: int, origin: str, known: Sequence[str], fresh: Callable[[], bytes]) -> None:
        self._spec = spec
        self._chance = chance
        self._origin = origin
        self._known = known
        self._fresh = fresh
        self._wire = Wire(spec)
        self._tasks = count()

    @property
    def is_flat(self) -> bool:
        """Say whether a body is the bare item, without an envelope."""
        return self._spec.dialect.webhook_envelope == "flat"

    @property
    def model(self) -> Model:
        """The model whose results are delivered."""
        return self._spec.all_models[0]

    @cached_property
    def failures(self) -> Sequence[str]:
        """Names of failures: the common ones, and one of the others."""
        common = ["providerError", "timeoutProvider", "invalidProviderContent"]
        names = [name for name, error in self._spec.failures.items() if error.category in FAILING]
        others = [name for name in names if name not in common]
        return [*common, others[self._chance % len(others)]]

    def draw(self, strategy: Strategy) -> Any:
        """Return one value of a strategy."""
        return drawn(strategy, self._chance)

    def drawn_task(self, number: int) -> Task:
        """Return a task as the schemas allow it, another one for each number."""
        return self.task(**drawn(valid_tasks(self.model), self._chance + number))

    def task(self, *, is_flagged: bool = False, failure: str | None = None, **params: Any) -> Task:
        """Return a task that nobody had before, with its results finished.

        Args:
            is_flagged: whether its check finds something.
            failure: what it ended with, or None.
            params: its parameters.
        """
        nonce, place = self._fresh(), next(self._tasks)
        uuid = self._known[place % len(self._known)] if self._known else str(UUID(bytes=nonce, version=4))
        return Task(
            owner="",
            uuid=uuid,
            task_type=self.model.task_type,
            air=self.model.air,
            params=params,
            origin=self._origin,
            submitted_at_ms=0,
            due_at_ms=(0,),
            nonce=nonce,
            cost_micro_usd=figures_of(self.model, params).cost_micro_usd,
            failure=failure,
            outcomes=(Status.SUCCESS,),
            is_flagged=is_flagged,
        )

    def plain(self) -> Task:
        """Return a task like most: one that asked for its cost."""
        return self.task(includeCost=True)

    def result(self, task: Task, index: int = 0) -> bytes:
        """Return the body about a finished result, 0 being the first."""
        return self._wire.webhook(task, result_of(task, index))

    def failure(self, name: str, task: Task | None = None) -> bytes:
        """Return the body about a failure, of a task of its own unless one is given."""
        failed = self.plain() if task is None else task
        return self._wire.webhook(failed._replace(failure=name), None)

    def with_members(self, body: bytes, members: Mapping[str, Any], *, is_ascii: bool = False) -> bytes:
        """Return a body whose item or error has further members, or other values of those it has."""
        document = orjson.loads(body)
        place: Item = document if self.is_flat else next(iter(document.values()))[0]
        place.update(members)
        return json.dumps(document).encode() if is_ascii else orjson.dumps(document)

    def in_envelope(self, body: bytes, members: Mapping[str, Any]) -> bytes:
        """Return a body that has further members beside the item, or beside the list that holds it."""
        return orjson.dumps({**orjson.loads(body), **members})
