"""What goes wrong reaches the callers of the official SDKs, in the API's own words."""

import pytest

from mockserver.spec.load import load_spec
from tests.clients.sdks import RUNWARE, RUNWARE_SDK, RUNWARE_SDK_REST, SDK_JS, SDKS, Sdk, video
from tests.clients.watched import Watched
from tests.support.server import served


@pytest.mark.parametrize(
    ("sdk", "code", "parameter"),
    [
        (RUNWARE_SDK_REST, "auth", "apiKey"),
        (RUNWARE_SDK, "auth", None),
        # Raises a ConnectionError, after five attempts; only the sentence is the API's.
        (RUNWARE, None, None),
        (SDK_JS, "invalidApiKey", "apiKey"),
    ],
    ids=[sdk.name for sdk in SDKS],
)
def test_a_wrong_key_is_told(sdk: Sdk, code: str | None, parameter: str | None) -> None:
    """A key that the mock does not accept ends the attempt soon and by name; some SDKs would retry anything else."""
    with served("--api-key", "right", "--speed", "instant", "--log", "quiet") as mock:
        [wrong] = sdk.call(mock, video(), key="wrong")
        [right] = sdk.call(mock, video(), key="right")
    told = wrong.told
    assert (told.code, told.parameter, told.task_uuid) == (code, parameter, None)
    assert load_spec().catalogue.error("invalidApiKey").say() in told.message
    assert len(right.videos) == 1


def test_an_invalid_parameter_is_told(sdk: Sdk, mock: Watched) -> None:
    """Code, sentence and parameter of a refusal arrive as they were sent, and no job is made."""
    call = video(duration=7)
    [error] = mock.post(call["task"])["errors"]
    assert sdk.call(mock, call)[0].told == sdk.expected(error)
    assert error["parameter"] == "duration"
    assert "accepted" not in mock.outcomes(call, "videoInference")


def test_several_reasons_begin_with_the_first(sdk: Sdk, mock: Watched) -> None:
    """A refusal for several reasons is told by the first of them: no SDK shows more than one."""
    call = video(duration=7, fps=24)
    errors = mock.post(call["task"])["errors"]
    assert len(errors) == 2
    assert sdk.call(mock, call)[0].told == sdk.expected(errors[0])


def test_a_failing_generation_is_told(sdk: Sdk, mock: Watched) -> None:
    """A generation that fails after it was accepted ends the wait of its caller with the provider's error."""
    call = video(positivePrompt="a reef [[providerError]]")
    [outcome] = sdk.call(mock, call)
    [error] = mock.post({"taskType": "getResponse", "taskUUID": call["task"]["taskUUID"]})["errors"]
    assert error["code"] == "providerError"
    assert outcome.told == sdk.expected(error)


def test_a_task_uuid_that_is_in_use_is_told(sdk: Sdk, mock: Watched) -> None:
    """The second task under a taskUUID is refused as a conflict and makes no second job."""
    call = video()
    [[first], [second]] = sdk.call_in_turn(mock, [call], [call])
    assert len(first.videos) == 1
    assert mock.outcomes(call, "videoInference") == ["accepted", "conflictTaskUUID"]
    [error] = mock.post(call["task"])["errors"]
    assert second.told == sdk.expected(error)
    assert second.told.parameter == "taskUUID"


def test_error_codes_are_filed_as_runware_sdk_files_them(mock: Watched) -> None:
    """runware-sdk shows a category of its own for each code; the catalogue names the same one."""
    spec = load_spec()
    errors = {error.code: error for error in (*spec.catalogue.named.values(), *spec.failures.values())}
    [outcome] = RUNWARE_SDK_REST.call(mock, {"do": "categorise", "codes": list(errors)})
    filed = {entry["code"]: entry["category"] for entry in outcome.results}
    # The SDK looks for "Timeout" with a capital letter and does not know the one code that the documentation shows; of
    # two codes that no service sends to it, as they end connections of the mock, it knows nothing.
    unknown = dict.fromkeys(("timeoutProvider", "headersTooLarge", "tooManyConnections"), "unknown")
    assert filed == {code: error.category for code, error in errors.items()} | unknown
