"""From words to faults: what can be written, and what is said about what cannot."""

from typing import Any

import pytest

from mockserver.engine.magic import Magic
from mockserver.engine.values import Planned
from mockserver.faults.answer_503 import Answer503
from mockserver.faults.reading import BadFault, make, plan, plan_magic

CODES = {"providerError", "invalidWidth"}


@pytest.mark.parametrize(
    ("name", "settings", "planned"),
    [
        ("answer-503", {}, Planned("answer-503", (), 1, 0, "submit")),
        (
            "answer-503",
            {"retry_after_s": "3", "times": "always", "skip": 2, "on": "poll"},
            Planned("answer-503", (("retry_after_s", 3),), None, 2, "poll"),
        ),
        ("drop-webhook", {"times": 2}, Planned("drop-webhook", (), 2)),
        ("fail-generation", {"code": "invalidWidth"}, Planned("fail-generation", (("code", "invalidWidth"),))),
    ],
)
def test_a_fault_is_planned_from_its_name_and_settings(name: str, settings: Any, planned: Planned) -> None:
    """Numbers may be text, as in a prompt; what is not said is as the fault has it."""
    assert plan(name, settings, CODES) == planned


@pytest.mark.parametrize(
    ("name", "settings", "problem"),
    [
        ("answer-53", {}, "answer-53: there is no such fault; did you mean 'answer-503'?"),
        ("sunshine", {}, "sunshine: there is no such fault"),
        ("answer-503", {"tims": 1}, "answer-503.tims: there is no such setting; did you mean 'times'?"),
        ("answer-503", {"times": 0}, "answer-503.times: 0 is not a whole number from 1 to 2147483648"),
        ("answer-503", {"times": True}, "answer-503.times: True is not a whole number from 1 to 2147483648"),
        ("answer-503", {"skip": "-1"}, "answer-503.skip: '-1' is not a whole number from 0 to 2147483648"),
        ("answer-503", {"on": "ack"}, "answer-503.on: 'ack' is not one of submit, poll, any"),
        ("answer-503", {"form": "xml"}, "answer-503.form: 'xml' is not one of json, html, empty"),
        ("drop-webhook", {"on": "poll"}, "drop-webhook.on: there is no such setting; there are times, skip"),
        (
            "fail-generation",
            {"code": "noError"},
            "fail-generation.code: 'noError' is no error code of the API",
        ),
        ("fail-generation", {"code": 7}, "fail-generation.code: 7 is no error code of the API"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_mend(name: str, settings: Any, problem: str) -> None:
    """The fault, the setting and the value are named, and what was probably meant."""
    with pytest.raises(BadFault) as told:
        plan(name, settings, CODES)
    assert str(told.value) == problem


def test_a_magic_value_is_a_fault_or_an_error_of_the_catalogue() -> None:
    """A bare error code fails the generation; other words are plain text."""
    assert plan_magic(Magic("drop-webhook", {}), CODES) == Planned("drop-webhook")
    failure = plan_magic(Magic("providerError", {}), CODES)
    assert failure == plan("fail-generation", {"code": "providerError"}, CODES)
    assert plan_magic(Magic("sunshine", {"times": "2"}), CODES) is None


def test_a_planned_fault_is_made_with_its_settings() -> None:
    """What is stored with a task is plain data; the fault is made from it."""
    assert make(Planned("answer-503", (("form", "html"),))) == Answer503(form="html")
