"""The official SDKs lose their connection to the mock, and get their videos all the same where they can."""

import pytest

from tests.clients.sdks import RUNWARE, RUNWARE_SDK, RUNWARE_SDK_REST, SDK_JS, Json, Outcome, Sdk, collect, video
from tests.clients.watched import Watched
from tests.support.proxy import CLOSE_FRAME, Drop, proxied

ACKNOWLEDGEMENT = b'"taskType":"videoInference","taskUUID"'
POLL_ANSWER = b'"status":"success"'


def call_through(drop: Drop, sdk: Sdk, mock: Watched, call: Json, in_haste: bool = True) -> Outcome:
    """Return the outcome of a call whose connection is dropped once."""
    with proxied(mock.served.host, mock.served.port, drop) as proxy:
        [outcome] = sdk.call(proxy, call, in_haste=in_haste)
        assert proxy.drops == 1
        assert proxy.connections > 1
    return outcome


def assert_one_job(mock: Watched, call: Json, is_repeated: bool) -> None:
    """Fail unless the mock took a call's task once, and refused it as a conflict if it was sent again."""
    outcomes = mock.outcomes(call, "videoInference")
    assert outcomes.count("accepted") == 1
    assert set(outcomes) == ({"accepted", "conflictTaskUUID"} if is_repeated else {"accepted"})


@pytest.mark.parametrize("sdk", [RUNWARE, RUNWARE_SDK], ids=lambda sdk: sdk.name)
def test_an_acknowledgement_lost_in_an_orderly_end_is_made_good(sdk: Sdk, mock: Watched) -> None:
    """After a close frame in place of the acknowledgement the task is sent again, and its conflict is taken for one.

    runware runs with its own waits here. It overlooks an orderly end and finds out 30 seconds later.
    """
    call = video()
    outcome = call_through(Drop(ACKNOWLEDGEMENT, False, CLOSE_FRAME), sdk, mock, call, in_haste=False)
    assert len(outcome.videos) == 1
    assert_one_job(mock, call, is_repeated=True)


@pytest.mark.parametrize("sdk", [RUNWARE_SDK, RUNWARE], ids=lambda sdk: sdk.name)
def test_an_acknowledgement_lost_with_the_line_is_made_good(sdk: Sdk, mock: Watched) -> None:
    """The task is sent again under its taskUUID, its conflict is taken for the acknowledgement: one job, one video."""
    call = video()
    assert len(call_through(Drop(ACKNOWLEDGEMENT, False), sdk, mock, call).videos) == 1
    assert_one_job(mock, call, is_repeated=True)


# runware-sdk over REST posts the task again, as after any broken request, and raises the conflict. @runware/sdk-js
# waits until its time is up, sends the task again and rejects with the conflict. Neither knows what it means.
@pytest.mark.parametrize("sdk", [RUNWARE_SDK_REST, SDK_JS], ids=lambda sdk: sdk.name)
def test_an_acknowledgement_lost_to_the_others_ends_in_a_conflict(sdk: Sdk, mock: Watched) -> None:
    """An SDK that takes the conflict for a failure says so; the one job's video is there for whoever asks again."""
    call = video()
    told = call_through(Drop(ACKNOWLEDGEMENT, False), sdk, mock, call).told
    assert_one_job(mock, call, is_repeated=True)
    assert told == sdk.expected(mock.post(call["task"])["errors"][0])
    # A new client: @runware/sdk-js ends the whole process when it is asked again for a task that was rejected.
    [result] = sdk.call(mock, collect(call))[0].videos
    assert result["taskUUID"] == call["task"]["taskUUID"]


def test_sdk_js_makes_a_second_job_where_it_chose_the_task_uuid(mock: Watched) -> None:
    """It draws a new taskUUID for each attempt, so that a lost acknowledgement costs two videos and gives one."""
    call = video(taskUUID=None)
    assert len(call_through(Drop(ACKNOWLEDGEMENT, False), SDK_JS, mock, call).videos) == 1
    jobs = {seen.task_uuid for seen in mock.seen() if seen.outcome == "accepted"}
    assert len(jobs) == 2


def test_a_connection_dropped_after_the_acknowledgement_costs_nothing(sdk: Sdk, mock: Watched) -> None:
    """The polls of the next connection find the task: it does not hang on the one it came over."""
    call = video()
    assert len(call_through(Drop(ACKNOWLEDGEMENT, True), sdk, mock, call).videos) == 1
    assert_one_job(mock, call, is_repeated=False)


def test_a_connection_dropped_while_polling_costs_nothing(sdk: Sdk, mock: Watched) -> None:
    """An answer to a poll that was lost on its way is given again: results are not handed out only once."""
    call = video(numberResults=2)
    results = call_through(Drop(POLL_ANSWER, False), sdk, mock, call).videos
    assert len({result["videoUUID"] for result in results}) == 2
    assert_one_job(mock, call, is_repeated=False)
