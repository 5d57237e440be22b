"""What can be made to go wrong: one fault a file, listed by name. README.md beside this file describes each.

The file of a fault is imported when the fault is first asked for: most mocks never need one.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from mockserver.faults.base import Fault, Faults


class _Registry(Mapping[str, type[Fault]]):
    """Faults by name, from the names of their classes."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes

    def __getitem__(self, name: str) -> type[Fault]:
        class_name = self._classes[name]
        kind: type[Fault] = getattr(import_module(f"{__name__}.{name.replace('-', '_')}"), class_name)
        return kind

    def __contains__(self, name: object) -> bool:
        return name in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


#: Every fault by name, in the order in which a task meets them.
FAULTS: Faults = _Registry(
    {
        "refuse-submit": "RefuseSubmit",
        "run-out-of-credits": "RunOutOfCredits",
        "limit-rate": "LimitRate",
        "fill-queue": "FillQueue",
        "answer-500": "Answer500",
        "answer-502": "Answer502",
        "answer-503": "Answer503",
        "answer-504": "Answer504",
        "fail-generation": "FailGeneration",
        "fail-one-result": "FailOneResult",
        "moderate-content": "ModerateContent",
        "time-out-provider": "TimeOutProvider",
        "slow-rendering": "SlowRendering",
        "stall-rendering": "StallRendering",
        "empty-body": "EmptyBody",
        "truncate-body": "TruncateBody",
        "garble-body": "GarbleBody",
        "mislabel-body": "MislabelBody",
        "add-unknown-fields": "AddUnknownFields",
        "shuffle-results": "ShuffleResults",
        "lag-polls": "LagPolls",
        "delay-request": "DelayRequest",
        "throttle-request": "ThrottleRequest",
        "delay-answer": "DelayAnswer",
        "throttle-answer": "ThrottleAnswer",
        "withhold-answer": "WithholdAnswer",
        "reset-before-answer": "ResetBeforeAnswer",
        "reset-while-answering": "ResetWhileAnswering",
        "reset-after-answer": "ResetAfterAnswer",
        "drop-socket-before-ack": "DropSocketBeforeAck",
        "drop-socket-after-ack": "DropSocketAfterAck",
        "lose-frame": "LoseFrame",
        "duplicate-frame": "DuplicateFrame",
        "reorder-frames": "ReorderFrames",
        "split-frame": "SplitFrame",
        "split-results": "SplitResults",
        "expire-media": "ExpireMedia",
        "break-download": "BreakDownload",
        "corrupt-download": "CorruptDownload",
        "slow-download": "SlowDownload",
        "drop-webhook": "DropWebhook",
        "duplicate-webhook": "DuplicateWebhook",
        "delay-webhook": "DelayWebhook",
        "reorder-webhooks": "ReorderWebhooks",
        "hurry-webhook": "HurryWebhook",
        "refuse-webhook": "RefuseWebhook",
        "refuse-upload": "RefuseUpload",
        "slow-upload": "SlowUpload",
    }
)

__all__ = ["FAULTS", "Fault", "Faults"]
