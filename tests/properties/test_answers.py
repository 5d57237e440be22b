"""What a mock answers to generated tasks: every valid one is taken, every bad picture refused for what it is."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.mistakes import PictureMistake, picture_mistakes
from contracts.strategies import valid_tasks
from mockserver.platform import Caller
from mockserver.spec.load import Branch
from mockserver.wire import Answer
from tests.support.mocks import answered, still_mock

MOCK = still_mock()
MODELS = list(MOCK.spec.all_models)
UPLOADS = [MOCK.spec.tasks["imageUpload"], MOCK.spec.tasks["mediaStorage"]]
MISTAKES = [(model, mistake) for model in MODELS for mistake in picture_mistakes(model)]


def ask(task: Any) -> Answer:
    """Hand in a task with a key of its own, and return the answer."""
    owner = MOCK.runtime.desk.keyring.owner(f"key of {task['taskUUID']} {len(task)}")
    answers = MOCK.runtime.exchange(json.dumps([task]).encode(), Caller("http://mock.test", "http", owner))
    (answer,) = answered(asyncio.run(MOCK.runtime.settle(answers)))
    return answer


@pytest.mark.parametrize("branch", [*MODELS, *UPLOADS], ids=lambda branch: branch.name)
@given(data=st.data())
def test_a_mock_takes_every_valid_task(branch: Branch, data: st.DataObject) -> None:
    """Pictures in generated tasks are real ones; only the same task twice, and deleting what is not there, fail."""
    answer = ask(data.draw(valid_tasks(branch)))
    assert [error["code"] for error in answer.errors] in ([], ["conflictTaskUUID"], ["mediaNotFound"])


@pytest.mark.parametrize(
    ("model", "mistake"), MISTAKES, ids=[f"{model.air}: {mistake.name}" for model, mistake in MISTAKES]
)
@settings(max_examples=10)
@given(data=st.data())
def test_a_mock_refuses_every_bad_picture(model: Branch, mistake: PictureMistake, data: st.DataObject) -> None:
    """Whatever else the task holds, the picture alone is the reason."""
    answer = ask(data.draw(mistake.spoilt))
    assert [error["code"] for error in answer.errors] == [mistake.code]
    assert answer.errors[0]["documentation"].startswith(model.documentation)
