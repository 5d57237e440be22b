"""Uploads to storage emulators, at addresses that the vendors' own SDKs presigned."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from tests.storage.base import ALL_WRONGS, Storage
from tests.support.receivers import Receiver
from tests.support.server import Served

Json = dict[str, Any]

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
KEY = {"Authorization": "Bearer any"}
#: How long an answer of the mock may take on a machine that is busy with other tests.
ANSWERED_WITHIN_S = 60
MEDIA_TYPES: Mapping[str, str] = {"MP4": "video/mp4", "WEBM": "video/webm", "MOV": "video/quicktime"}
#: So long an address is good that is over when the video is there, and so long the video takes.
SOON_OVER_S, RENDERED_AFTER_MS = 1, 1200


def upload(address: str, **parameters: Any) -> Json:
    """Return a task whose videos go to an address."""
    task = {"taskType": "videoInference", "taskUUID": str(uuid4()), "model": "minimax:3@1", "positivePrompt": "a reef"}
    return {**task, "uploadEndpoint": address, **parameters}


def ask(mock: Served, *tasks: Json) -> Json:
    """Post tasks and return the answer."""
    with httpx.Client(trust_env=False, headers=KEY, timeout=ANSWERED_WITHIN_S) as client:
        answer: Json = client.post(mock.http_url, json=tasks).json()
        return answer


def results(mock: Served, *tasks: Json) -> list[list[Json]]:
    """Hand in tasks, wait for the webhook of each result, which comes after its upload, and return what a poll has."""

    async def wait() -> None:
        async with Receiver() as receiver:
            told = [{**task, "webhookURL": f"{receiver.base}/hook"} for task in tasks]
            answer = await asyncio.to_thread(ask, mock, *told)
            assert len(answer["data"]) == len(tasks), answer
            await receiver.wait_for(sum(task.get("numberResults", 1) for task in tasks))

    asyncio.run(wait())
    polls = [ask(mock, {"taskType": "getResponse", "taskUUID": task["taskUUID"]}) for task in tasks]
    return [[*answer["data"], *answer.get("errors", ())] for answer in polls]


def download(result: Json) -> bytes:
    """Return the file behind the address of a result."""
    answer = httpx.get(result["videoURL"], trust_env=False, timeout=ANSWERED_WITHIN_S)
    assert answer.status_code == 200
    return answer.content


def changed(address: str) -> str:
    """Return an address with one character of its signature changed."""
    return re.sub(r"(ig(?:nature)?=)(.)", lambda found: found[1] + ("0" if found[2] != "0" else "1"), address)


def wrong_addresses(storage: Storage) -> dict[str, str]:
    """Return addresses that are no good when the video is there, by what is wrong with each."""

    def address(wrong: str, expires_s: int = 600) -> str:
        return storage.presigned_put(wrong, "video/mp4", expires_s)

    return {
        "signature": changed(address("signature")),
        "bucket": address("bucket").replace(storage.bucket, "nowhere"),
        "expiry": address("expiry", SOON_OVER_S),
    }


def results_of_wrong_uploads(mock: Served, storage: Storage) -> dict[str, Json]:
    """Hand in a task for each wrong address and return its result, by what is wrong; the videos take their time."""
    slowly = f"a reef [[slow-rendering factor=1 extra_ms={RENDERED_AFTER_MS}]]"
    addresses = wrong_addresses(storage)
    found = results(mock, *(upload(address, positivePrompt=slowly) for address in addresses.values()))
    return {wrong: result for wrong, [result] in zip(addresses, found, strict=True)}


def test_videos_of_every_format_are_stored_byte_for_byte_under_their_media_types(
    storage: Storage, mock: Served
) -> None:
    """The SDK lists what was uploaded, and downloads what videoURL gives, as a video of its format."""
    names = {media_type: f"clips/{kind} of a task.{kind.lower()}" for kind, media_type in MEDIA_TYPES.items()}
    tasks = [
        upload(storage.presigned_put(names[media_type], media_type), outputFormat=kind)
        for kind, media_type in MEDIA_TYPES.items()
    ]
    found = results(mock, *tasks)
    assert storage.listing() == sorted(names.values())
    for (media_type, name), [result] in zip(names.items(), found, strict=True):
        assert result["status"] == "success"
        assert storage.content(name) == download(result)
        assert storage.media_type(name) == media_type


def test_of_several_results_the_last_one_stays(storage: Storage, rendering_mock: Served) -> None:
    """One address holds one object: each result replaces the one before."""
    task = upload(storage.presigned_put("clip.mp4", "video/mp4"), taskUUID=UUID, numberResults=2)
    [both] = results(rendering_mock, task)
    first, last = [download(result) for result in both]
    assert first != last
    assert storage.listing() == ["clip.mp4"]
    assert storage.content("clip.mp4") == last


def test_a_signed_media_type_must_be_that_of_the_video(storage: Storage, strict_mock: Served) -> None:
    """The mock sends the media type: one that is signed must be the same; of old signatures it must be a part."""
    addresses = {"none": storage.presigned_put("none"), "another": storage.presigned_put("another", "video/webm")}
    taken = {"none": not storage.emulator.wants_media_type, "another": not storage.emulator.signs_media_type}
    results(strict_mock, *(upload(address) for address in addresses.values()))
    assert storage.listing() == sorted(name for name in addresses if taken[name])


def test_a_refused_upload_is_logged_and_its_result_counts(storage: Storage, mock: Served) -> None:
    """What an emulator refuses leaves nothing in it and costs a line in the log; videoURL is good all the same."""
    found = results_of_wrong_uploads(mock, storage)
    assert storage.listing() == sorted(ALL_WRONGS - storage.emulator.checks)
    assert {wrong: result["status"] for wrong, result in found.items()} == dict.fromkeys(found, "success")
    for wrong in storage.emulator.checks:
        line = mock.wait_for_line(r"PUT http")
        assert re.search(r"PUT http://[^?]+ failed: the receiver answered 40[34]$", line)
        assert download(found[wrong])


def test_a_refused_upload_ends_its_result_where_that_is_asked_for(storage: Storage, strict_mock: Served) -> None:
    """upload-failure fail: the poll says uploadFailed for each upload that the emulator refuses, and for no other."""
    found = results_of_wrong_uploads(strict_mock, storage)
    assert storage.listing() == sorted(ALL_WRONGS - storage.emulator.checks)
    assert {wrong: result.get("code") for wrong, result in found.items()} == {
        wrong: "uploadFailed" if wrong in storage.emulator.checks else None for wrong in found
    }
