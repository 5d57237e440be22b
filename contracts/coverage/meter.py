"""Goes through what was said and notes what is seen of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.coverage.base import ALL_MODELS, Coverage
from contracts.coverage.codes import Codes
from contracts.coverage.noting import note_bad, note_good
from contracts.coverage.paths import Conversation, Paths
from contracts.coverage.points import (
    BOUNDARIES,
    ERRORS,
    LIFE_CYCLE,
    PARAMETERS,
    REFUSALS,
    RULES,
    VALUES,
    Points,
)
from contracts.coverage.shape import Node, plant
from contracts.recording import Exchange, Json, Recording, objects_at
from mockserver.spec.load import Model, Spec
from mockserver.spec.rewrites import rewrite

_OF_A_MODEL, _OF_ALL = (PARAMETERS, VALUES, BOUNDARIES, RULES, REFUSALS), (ERRORS, LIFE_CYCLE)
#: What the list of errors is called in answers. Source: schema/dialect.json, socket-errors-key (stated)
_ERRORS = ("errors", "error")


@dataclass(frozen=True, slots=True)
class _Measured:
    """A model, the shape of its tasks, and what was seen of it."""

    model: Model
    node: Node
    points: Points


class Meter:
    """Notes what is exercised. For one thread at a time.

    Args:
        spec: what the schemas say.

    Attributes:
        spec: as given.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._models = {id(model): _measured(model) for model in spec.all_models}
        self._common = Points(ALL_MODELS)
        self._codes = Codes(spec.catalogue, self._common)
        self._paths = Paths(spec, self._codes, self._common)
        self._exchanges = 0

    def heed(self, recording: Recording) -> None:
        """Note what is seen in an example of the kit."""
        self.hear(recording.exchanges)

    def hear(self, exchanges: Iterable[Exchange]) -> None:
        """Note what is seen in exchanges with one service, from its beginning on."""
        conversation = Conversation(self._paths)
        for exchange in exchanges:
            self._exchanges += 1
            self._hear(exchange, conversation)

    def _hear(self, exchange: Exchange, conversation: Conversation) -> None:
        items = [item for reply in exchange.replies for item in objects_at(reply, "data")]
        errors = [error for reply in exchange.replies for name in _ERRORS for error in objects_at(reply, name)]
        for task in exchange.tasks:
            branch = self.spec.branch(task.get("taskType"), task.get("model"))
            if isinstance(branch, Model):
                self._note(self._models[id(branch)], task, items, bool(errors), conversation)
        conversation.hear(exchange, items, errors)
        for error in (*errors, *(item["error"] for item in items if isinstance(item.get("error"), dict))):
            self._codes.note(str(error.get("code")))

    def _note(
        self, measured: _Measured, task: Json, items: Iterable[Json], has_errors: bool, conversation: Conversation
    ) -> None:
        """Note what is seen in a task.

        What the journal cut is no longer as the schema has it, so an acknowledgement tells as well that a task is good.
        """
        model, seen = measured.model, measured.points.seen
        if model.rewrites:
            task = rewrite(task, model.rewrites).task
        is_good = _is_acknowledged(task, items) or _is_accepted(model, task)
        if is_good:
            note_good(measured.node, task, seen)
            conversation.submitted(task)
        elif is_good is False and has_errors:
            note_bad(measured.node, task, seen)

    def coverage(self, gaps: tuple[str, ...] = ()) -> Coverage:
        """Return what was seen so far.

        Args:
            gaps: sentences that say what is not in it.
        """
        of_models = [area for each in self._models.values() for area in each.points.areas(_OF_A_MODEL)]
        return Coverage((*of_models, *self._common.areas(_OF_ALL)), self._exchanges, gaps)


def _measured(model: Model) -> _Measured:
    points = Points(model.air)
    return _Measured(model, plant(model.schema, points), points)


def _is_accepted(model: Model, task: Json) -> bool | None:
    """Say whether a task is as the schema has it; None where it is nested too deeply for anybody to say so."""
    try:
        return model.checker.accepts(task)
    except ValueError:
        return None


def _is_acknowledged(task: Json, items: Iterable[Json]) -> bool:
    """Say whether an answer holds something other than an error about a task."""
    uuid, task_type = task.get("taskUUID"), task.get("taskType")
    return any(item.get("taskUUID") == uuid and item.get("taskType") == task_type for item in items)
