"""The six mistakes that other mock servers were measured with, in one request."""

from mockserver.spec.load import load_spec
from mockserver.spec.violations import check_task

PLANTED = {
    "taskType": "videoInference",
    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
    "model": "minimax:3@1",
    "positivePrompt": "A",
    "width": "1366",
    "height": 768,
    "duration": 7,
    "outputFromat": "MP4",
    "numberResults": 21,
    "outputQuality": 5,
}


def test_six_mistakes_give_six_reasons_each_with_its_mend() -> None:
    """Every mistake is named once, in the order of the document, with what to write instead."""
    checked = check_task(load_spec(), PLANTED)
    assert [(v.pointer, v.error.code, v.message.rpartition(". ")[2]) for v in checked.violations] == [
        ("/positivePrompt", "invalidPositivePrompt", "Add at least 1 character."),
        ("/width", "invalidWidth", "Send the number without quotes: 1366."),
        ("/duration", "unsupportedDuration", "Did you mean 6?".rpartition(". ")[2]),
        ("/outputFromat", "unsupportedParameter", "Did you mean 'outputFormat'?"),
        ("/numberResults", "invalidNumberResults", "Send 20 or less."),
        ("/outputQuality", "invalidOutputQuality", "Send 20 or more."),
    ]


def test_no_reason_speaks_of_a_branch_that_was_not_chosen() -> None:
    """A task that names its type and model hears only of that model, though others share most parameters."""
    checked = check_task(load_spec(), PLANTED)
    assert checked.branch is not None
    assert checked.branch.name == "videoInference minimax:3@1"
    told = " ".join(str(violation) for violation in checked.violations)
    for stranger in ("minimax:4@1", "getResponse", "imageUpload", "operation", "apiKey"):
        assert stranger not in told


def test_a_wrong_choice_is_the_only_reason() -> None:
    """Where the branch itself is wrong nothing else can be said, and the nearest branch is proposed."""
    [violation] = check_task(load_spec(), {**PLANTED, "taskType": "videoInferense"}).violations
    assert (violation.error.code, violation.suggestion) == ("unsupportedTaskType", "videoInference")
    [violation] = check_task(load_spec(), {**PLANTED, "model": "minimax:3@l"}).violations
    assert (violation.error.code, violation.suggestion) == ("invalidModel", "minimax:3@1")
