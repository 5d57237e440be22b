"""The rules on which official clients depend, held against every answer of every conversation.

The conversations are compared word for word with what the mock answers, so what they say is what it does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from tests.stories import Step, Story, read_stories


class Told(NamedTuple):
    """One answer: an HTTP body or a WebSocket frame.

    Attributes:
        story, step: where it stands.
        document: the JSON.
        is_frame: whether it is a frame.
    """

    story: Story
    step: Step
    document: Mapping[str, Any]
    is_frame: bool

    @property
    def items(self) -> Sequence[Mapping[str, Any]]:
        """The items of its data, wherever they stand."""
        data = self.document.get("data", [])
        return [data] if isinstance(data, dict) else data

    @property
    def task_types(self) -> set[str]:
        """The task types that it answers."""
        sent = self.step.send
        return {str(task.get("taskType")) for task in sent} if isinstance(sent, list) else set()


def answers() -> Iterator[Told]:
    """Yield every answer of every conversation."""
    for story in read_stories():
        for step in story.steps:
            if step.status:
                yield Told(story, step, step.answer, is_frame=False)
            if not story.transports or "socket" in story.transports:
                for frame in step.expected_frames():
                    yield Told(story, step, frame, is_frame=True)


def _errors_only_when_something_failed(told: Told) -> bool:
    """There is no errors key without an error, and never a bare error key."""
    older = told.is_frame and told.story.settings.get("socket-errors-key") == "error"
    errors = told.document.get("error" if older else "errors", ["nothing"])
    return bool(errors) and not told.document.keys() - {"data", "error" if older else "errors"}


def _finished_items_say_so(told: Told) -> bool:
    """A poll's finished item says that it is one, and has a video."""
    polled = [item for item in told.items if told.task_types == {"getResponse"} and "videoUUID" in item]
    return all(item["status"] == "success" and item["videoURL"] for item in polled)


def _unfinished_items_are_bare(told: Told) -> bool:
    """What is not finished has neither address nor UUID of a video."""
    running = [item for item in told.items if item.get("status") in ("processing", "pending")]
    return all(list(item) == ["taskType", "taskUUID", "status"] for item in running)


def _errors_belong_to_the_tasks_asked_about(told: Told) -> bool:
    """An error with a taskUUID names one that the request named."""
    if not isinstance(told.step.send, list):
        return True
    asked = {str(task.get("taskUUID")).lower() for task in told.step.send}
    return all(error.get("taskUUID", "none").lower() in asked | {"none"} for error in told.document.get("errors", ()))


def _a_frame_holds_data_or_errors(told: Told) -> bool:
    """Official clients drop the data of a frame that also holds errors, and cannot route an empty one."""
    return not told.is_frame or (len(told.document) == 1 and all(told.document.values()))


def _acknowledgements_are_bare(told: Told) -> bool:
    """What answers a submission that is not held is its type and its UUID."""
    if told.task_types != {"videoInference"} or told.step.hold_ms or told.story.settings.get("speed") == "instant":
        return True
    return all(list(item) == ["taskType", "taskUUID"] for item in told.items)


def _the_authentication_comes_first(told: Told) -> bool:
    """The authentication item is the first of its answer, has a session and no taskUUID."""
    names = ["taskType", "connectionSessionUUID"]
    shown = [index for index, item in enumerate(told.items) if item["taskType"] == "authentication"]
    return shown in ([], [0]) and all(list(told.items[index]) == names for index in shown)


def _a_refused_key_names_no_task(told: Told) -> bool:
    """An error of an authentication has no taskUUID: a client waits for one without."""
    errors = told.document.get("errors", told.document.get("error", []))
    return all("taskUUID" not in error for error in errors if error.get("taskType") == "authentication")


def _results_differ(told: Told) -> bool:
    """No two results of one answer have one UUID or one seed."""
    videos = [(item["videoUUID"], item["seed"]) for item in told.items if "videoUUID" in item]
    return len({uuid for uuid, _ in videos}) == len({seed for _, seed in videos}) == len(videos)


def _failures_are_errors(told: Told) -> bool:
    """A failed result stands in the top-level errors unless the dialect says otherwise."""
    is_item = told.story.settings.get("failed-result") in ("item", "both")
    return is_item or all(item.get("status") != "error" for item in told.items)


def _pongs_are_alone(told: Told) -> bool:
    """A pong has a frame of its own."""
    return not told.is_frame or all(item["taskType"] != "ping" for item in told.items) or len(told.items) == 1


#: The rules by what they are called when they are broken.
RULES: Mapping[str, Callable[[Told], bool]] = MappingProxyType(
    {
        rule.__name__.strip("_"): rule
        for rule in (
            _errors_only_when_something_failed,
            _finished_items_say_so,
            _unfinished_items_are_bare,
            _errors_belong_to_the_tasks_asked_about,
            _a_frame_holds_data_or_errors,
            _acknowledgements_are_bare,
            _the_authentication_comes_first,
            _a_refused_key_names_no_task,
            _results_differ,
            _failures_are_errors,
            _pongs_are_alone,
        )
    }
)


@pytest.mark.parametrize("name", RULES)
def test_every_answer_keeps_the_rule(name: str) -> None:
    """No answer of any conversation breaks a rule on which an official client depends."""
    broken = [told for told in answers() if not RULES[name](told)]
    assert [(told.story.title, told.document) for told in broken] == []
