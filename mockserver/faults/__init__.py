"""What can be made to go wrong: one fault a file, listed by name. README.md beside this file describes each."""

from types import MappingProxyType

from mockserver.faults.answer_503 import Answer503
from mockserver.faults.base import Fault, Faults
from mockserver.faults.drop_webhook import DropWebhook
from mockserver.faults.fail_generation import FailGeneration

FAULTS: Faults = MappingProxyType(
    {
        "answer-503": Answer503,
        "drop-webhook": DropWebhook,
        "fail-generation": FailGeneration,
    }
)

__all__ = ["FAULTS", "Fault", "Faults"]
