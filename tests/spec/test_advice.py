"""What a reason says to do about it: never something that would be refused as well."""

from typing import Any

import pytest

from mockserver.spec.grammar import check_schema
from mockserver.spec.load import load_spec
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.suggest import holding
from mockserver.spec.violations import Violation, check_task

SPEC = load_spec()
TASK: dict[str, Any] = {
    "taskType": "videoInference",
    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
    "model": "minimax:3@1",
    "positivePrompt": "a lighthouse",
}


def reasons(without: str = "", **members: Any) -> list[Violation]:
    """Return why a task with some members of its own, or without one, is refused."""
    task = {name: value for name, value in {**TASK, **members}.items() if name != without}
    return list(check_task(SPEC, task).violations)


def told_of_picture(picture: Any) -> str:
    """Return the end of what is said of a picture, from what was received on."""
    [violation] = reasons(inputs={"frameImages": [picture]})
    return violation.message.partition(", got ")[2]


def test_a_name_that_is_there_is_never_suggested() -> None:
    """Whoever sent negativePrompt did not mean positivePrompt, which stands beside it; without it they may have."""
    [unknown] = reasons(negativePrompt="x")
    assert unknown.suggestion is None
    assert unknown.message.endswith("Leave it out: this task has no such parameter.")
    unknown, missing = reasons(without="positivePrompt", negativePrompt="x")
    assert (unknown.suggestion, missing.parameter) == ("positivePrompt", "positivePrompt")


def test_the_missing_member_is_suggested_for_an_unknown_one() -> None:
    """A name that is part of a required one which is missing stands for that."""
    unknown, missing = reasons(without="positivePrompt", prompt="a lighthouse")
    assert (unknown.pointer, unknown.suggestion, missing.pointer) == ("/prompt", "positivePrompt", "/positivePrompt")
    assert reasons(prompt="a lighthouse")[0].suggestion is None
    assert holding("UUID", ["taskType", "taskUUID"]) == "taskUUID"


@pytest.mark.parametrize(("where", "name"), [({"inputs": {"image": "x"}}, "image"), ({"frame": "first"}, "frame")])
def test_a_member_of_a_list_is_placed_with_its_position(where: dict[str, Any], name: str) -> None:
    """A place can be written down as it is told."""
    assert reasons(**where)[0].message.endswith(f"It belongs at 'inputs.frameImages[0].{name}'.")


def test_quotes_are_suggested_only_where_they_help() -> None:
    """A number that would be refused as a string too is not to be put in quotes."""
    assert told_of_picture(3) == "3 (a number)."
    assert told_of_picture({"image": 3}) == "3 (a number)."
    assert reasons(taskUUID=5)[0].message.endswith("got 5 (a number).")
    assert reasons(positivePrompt=5)[0].message.endswith("got 5 (a number).")
    assert reasons(positivePrompt=55)[0].message.endswith('Put it in quotes: "55".')


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        ("data:image/gif;base64,R0lGODlh", "Send a PNG, JPEG or WebP picture; the data URI names another type."),
        ("data:image/png;base64,iVBOR w0", "What follows 'base64,' is no base64:"),
        ("data:image/png,iVBORw0", "Write a data URI as data:image/png;base64, and the bytes in base64."),
        ("ftp://example.com/first.png", "Only http and https addresses are fetched."),
        ("https://", "Write the whole address"),
        ("https://example.com/first image.png", "escape blanks as %20"),
        ("iVBORw0K-" * 9, "As base64 it cannot be read:"),
        ("./first.png", "a path means nothing to the server"),
    ],
)
def test_each_way_to_send_a_wrong_picture_has_its_own_mend(picture: str, told: str) -> None:
    """One sentence says what is wrong with this one."""
    assert told in told_of_picture(picture)


def test_a_task_type_of_another_kind_is_not_taken_for_a_misspelt_one() -> None:
    """A picture was wanted: what the mock answers is told, and nothing is suggested."""
    [violation] = reasons(taskType="imageInference")
    assert violation.suggestion is None
    assert "This mock answers videoInference, " in violation.message
    assert violation.message.endswith(' and ping alone, not "imageInference".')


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "got null."), ([1], "got a list of 1."), ([], "got an empty list."), ("x", 'got "x" (a string).')],
)
def test_what_came_is_told_once(value: Any, told: str) -> None:
    """The type stands beside the value only where the value does not show it."""
    assert reasons(inputs=value)[0].message.partition("Expected an object, ")[2] == told


def test_a_pattern_of_a_mend_must_be_one() -> None:
    """Loading refuses data that nobody could act on later."""
    document = SPEC.documents["shared/media.json"]
    broken = {**document, "$defs": {"x": {"x-mend": {"(": "Close it."}}}}
    with pytest.raises(SchemaProblem, match="is no pattern"):
        check_schema("shared/media.json", broken)


def test_only_what_the_page_has_is_looked_up_there() -> None:
    """A parameter that does not exist has no paragraph to point at."""
    [unknown] = reasons(seed=42)
    [known] = reasons(duration=7)
    page = "https://runware.ai/docs/models/minimax-hailuo-02"
    assert (unknown.facts["documentation"], known.facts["documentation"]) == (page, f"{page}#request-duration")
