"""The official SDKs get their videos from the mock."""

from typing import Any

from tests.clients.sdks import Sdk, video
from tests.clients.watched import Watched
from tests.support.proxy import proxied
from tests.support.server import served

#: Media type, and where in a file which bytes tell its kind.
FORMATS = {
    "MP4": ("video/mp4", 4, b"ftyp"),
    "WEBM": ("video/webm", 0, b"\x1aE\xdf\xa3"),
    "MOV": ("video/quicktime", 4, b"ftyp"),
}


def assert_downloads(mock: Watched, result: dict[str, Any], output_format: str = "MP4") -> None:
    """Fail unless the address of a result gives a video of the format."""
    media_type, start, signature = FORMATS[output_format]
    answer = mock.get(result["videoURL"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content[start:].startswith(signature)


def test_a_prompt_becomes_a_video_that_can_be_downloaded(sdk: Sdk, mock: Watched) -> None:
    """The shortest use of an SDK, a prompt alone, ends with a file."""
    call = video(positivePrompt="a lighthouse at dusk", width=1366, height=768, duration=6, includeCost=True)
    [result] = sdk.call(mock, call)[0].videos
    assert result["taskUUID"] == call["task"]["taskUUID"]
    assert result["status"] == "success"
    assert result["cost"] > 0
    assert_downloads(mock, result)


def test_three_results_differ_and_can_all_be_downloaded(sdk: Sdk, mock: Watched) -> None:
    """SDKs tell results apart by their videoUUIDs; with one twice, two of them would never finish."""
    call = video(numberResults=3)
    results = sdk.call(mock, call)[0].videos
    assert {result["taskUUID"] for result in results} == {call["task"]["taskUUID"]}
    assert [len({result[name] for result in results}) for name in ("videoUUID", "seed", "videoURL")] == [3, 3, 3]
    for result in results:
        assert_downloads(mock, result)


def test_a_video_in_the_making_is_waited_for(sdk: Sdk) -> None:
    """What a poll says of an unfinished task sends no SDK away, neither with nothing nor with half a result."""
    # Under this seed the first video of the key takes 2.9 seconds, longer than the first poll of any SDK.
    with served("--speed", "40", "--seed", "11", "--log", "json") as slow:
        mock = Watched(slow)
        call = video()
        [result] = sdk.call(mock, call, in_haste=True)[0].videos
        polls = mock.outcomes(call, "getResponse")
        assert polls == ["processing 0/1"] * (len(polls) - 1) + ["success 1/1"]
        assert len(polls) > 1
        assert_downloads(mock, result)


def test_parallel_tasks_get_their_own_results_and_errors(sdk: Sdk, mock: Watched) -> None:
    """Answers to tasks that share a connection reach whoever waits for them, and one failure harms no other."""
    formats = ["MP4", "WEBM", "MOV", "MP4", "WEBM", "MOV"]
    good = [video(outputFormat=each) for each in formats]
    refused, failing = video(duration=7), video(positivePrompt="[[providerError]]")
    with proxied(mock.served.host, mock.served.port) as proxy:
        outcomes = sdk.call(proxy, *good, refused, failing)
        if sdk.transport == "websocket":
            assert proxy.connections == 1
        results = [outcome.videos[0] for outcome in outcomes[: len(good)]]
        assert [result["taskUUID"] for result in results] == [call["task"]["taskUUID"] for call in good]
        assert len({result["videoUUID"] for result in results}) == len(good)
        for result, output_format in zip(results, formats, strict=True):
            assert_downloads(mock, result, output_format)
    assert [outcome.told.task_uuid for outcome in outcomes[len(good) :]] == [
        call["task"]["taskUUID"] for call in (refused, failing)
    ]
    assert [outcome.told.parameter for outcome in outcomes[len(good) :]] == ["duration", None]
