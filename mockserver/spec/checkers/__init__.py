"""The checkers by the name that the setting `validator` gives them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mockserver.spec.checkers.base import Breach, Checker, CheckerFactory


def _fast() -> CheckerFactory:
    from mockserver.spec.checkers.fast import FastChecker

    return FastChecker


def _reference() -> CheckerFactory:
    from mockserver.spec.checkers.reference import ReferenceChecker

    return ReferenceChecker


#: Each is imported when it is chosen: the reference takes longer to import than the mock to start.
CHECKERS: Mapping[str, Callable[[], CheckerFactory]] = MappingProxyType({"fast": _fast, "reference": _reference})

__all__ = ["CHECKERS", "Breach", "Checker", "CheckerFactory"]
