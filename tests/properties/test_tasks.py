"""What holds for every task that the schemas allow, and for every one that is wrong in one way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.mistakes import Mistake, mistakes
from contracts.strategies import valid_tasks, values
from mockserver.spec.load import Branch, load_spec
from mockserver.spec.violations import check_task

FAST = load_spec()
REFERENCE = load_spec(validator="reference")
BRANCHES: list[Branch] = [*FAST.all_models, *FAST.tasks.values()]
MISTAKES = [(branch, mistake) for branch in BRANCHES for mistake in mistakes(branch)]
DEEP = 10_000


@pytest.mark.parametrize("branch", BRANCHES, ids=[branch.name for branch in BRANCHES])
@given(data=st.data())
def test_every_generated_task_is_accepted(branch: Branch, data: st.DataObject) -> None:
    """What the generator draws without a filter is valid, for both validators."""
    task = data.draw(values(branch.schema))
    assert check_task(FAST, task).violations == ()
    assert check_task(REFERENCE, task).violations == ()


@pytest.mark.parametrize(
    ("branch", "mistake"), MISTAKES, ids=[f"{branch.name}: {mistake.name}" for branch, mistake in MISTAKES]
)
@settings(max_examples=6)
@given(data=st.data())
def test_one_mistake_is_refused_for_that_reason_alone(branch: Branch, mistake: Mistake, data: st.DataObject) -> None:
    """A task made wrong in one named way is refused there, for that rule, and for nothing else."""
    task = data.draw(mistake.spoilt)
    checked = check_task(FAST, task)
    assert [(v.pointer, v.keyword) for v in checked.violations] == [(mistake.pointer, mistake.keyword)]
    assert checked.branch is branch


def test_the_mistakes_cover_every_rule_of_the_model() -> None:
    """Each keyword that the model uses is broken by some mistake."""
    broken = {mistake.keyword for branch, mistake in MISTAKES if branch.name == "videoInference minimax:3@1"}
    assert broken == {
        *("additionalProperties", "const", "contains", "dependentRequired", "enum", "maxItems", "maxLength"),
        *("maximum", "minItems", "minLength", "minimum", "multipleOf", "pattern", "required", "type"),
    }


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), st.text(max_size=30)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=12), inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def documents(draw: Any) -> dict[str, Any]:
    """Draw a task that is right, wrong in one way, wrong in several, or hardly a task at all."""
    branch, mistake = draw(st.sampled_from(MISTAKES))
    task: dict[str, Any] = dict(draw(st.one_of(valid_tasks(branch), mistake.spoilt)))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from([*branch.schema["properties"], "zz", "outputFromat"]))
        task[name] = draw(JSON)
    return task


def assert_both_agree(task: dict[str, Any]) -> None:
    """Fail unless both validators give the same verdict at the same places in the same words."""
    ours, theirs = check_task(FAST, task).violations, check_task(REFERENCE, task).violations
    assert {v.pointer for v in ours} == {v.pointer for v in theirs}
    assert [(v.pointer, v.keyword, v.message) for v in ours] == [(v.pointer, v.keyword, v.message) for v in theirs]


@given(documents())
def test_both_validators_agree(task: dict[str, Any]) -> None:
    """Verdict, places, order and wording do not depend on the library."""
    assert_both_agree(task)


@pytest.mark.deep
@settings(max_examples=DEEP)
@given(documents())
def test_both_validators_agree_on_ten_thousand_documents(task: dict[str, Any]) -> None:
    """The same, far longer."""
    assert_both_agree(task)


@given(documents())
def test_every_reason_is_complete(task: dict[str, Any]) -> None:
    """Each reason has a place, a code of the naming pattern, a sentence, and fits on a screen."""
    for violation in check_task(FAST, task).violations:
        assert violation.pointer.startswith("/")
        assert violation.error.code.isalpha()
        assert violation.message.endswith((".", "?")), violation.message
        assert len(violation.message) < 900
        assert len(violation.value) < 500
