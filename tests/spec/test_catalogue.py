"""The error catalogue: every sentence is whole, whatever is known of the mistake."""

import re

import pytest

from mockserver.spec.catalogue import UNSAID, ApiError
from mockserver.spec.load import load_spec
from mockserver.wire import Wire
from tests.engine.tasks import make_task

SPEC = load_spec()
TEMPLATES = {**SPEC.catalogue.named, **SPEC.catalogue.families}


@pytest.mark.parametrize("name", SPEC.failures)
def test_every_failure_that_can_be_asked_for_is_a_whole_sentence(name: str) -> None:
    """A generation that was made to fail tells no more than is known, and leaves no hole where a fact would stand."""
    message = Wire(SPEC).failure(make_task(fails=True, failure=name))["message"]
    assert re.fullmatch(r"[A-Z][^{}?]*[^.{}?]\.", message), message
    assert "'(" not in message, "words that stand for a name are no name"


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_can_do_without_its_facts(name: str) -> None:
    """Each fact has words for when it is missing, and stands in the sentence where it is there."""
    error = TEMPLATES[name]
    facts = re.findall(r"{(\w+)}", error.template)
    for given in ([], facts):
        sentence = error.say(**{fact: f"the {fact}." for fact in given})
        assert not set("{}?") & set(sentence)
        for fact in facts:
            assert (f"the {fact}." if given else UNSAID[fact]) in sentence


def test_a_brace_in_a_fact_is_kept() -> None:
    """What a client sent is put into a sentence as it is, and once."""
    error = ApiError("invalidX", 400, "validation", "No '{name}': {reason}")
    assert error.say(name="{reason}", reason="{0}") == "No '{reason}': {0}"
    assert error.say(name="{reason}") == "No '{reason}': No reason is given."
