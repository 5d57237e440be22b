"""Videos in a real browser: a page of another origin plays them, seeks in them and shows their pictures."""

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image, ImageOps

from tests.support.browser import Page, browsing, page_at
from tests.support.clips import UUID, photograph, png, psnr_db
from tests.support.server import Served, served

WIDTH_PX, HEIGHT_PX = 960, 540
#: How long a video may take to be rendered on a machine that is busy with other tests, in seconds.
RENDERED_WITHIN_S = 60

HTML = f"""<!doctype html><title>another origin</title>
<body style="margin: 0"><video crossorigin="anonymous" preload="metadata" muted playsinline
  style="display: block; width: {WIDTH_PX}px; height: {HEIGHT_PX}px"></video>
<script>
  const video = document.querySelector("video");
  const once = name => new Promise((resolve, reject) => {{
    video.addEventListener(name, resolve, {{ once: true }});
    video.addEventListener("error", () => reject(new Error(video.error.message)), {{ once: true }});
  }});
  const facts = () => ({{ width: video.videoWidth, height: video.videoHeight, duration: video.duration,
    at: video.currentTime, ended: video.ended, frames: video.getVideoPlaybackQuality().totalVideoFrames }});
  async function load(address) {{
    const loaded = once("loadedmetadata");
    video.src = address;
    await loaded;
    return facts();
  }}
  async function seek(at) {{
    const sought = once("seeked");
    video.currentTime = at;
    await sought;
    await new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(shown)));
    return facts();
  }}
  async function play(rate) {{
    const ended = once("ended");
    video.playbackRate = rate;
    await video.play();
    await ended;
    return facts();
  }}
  function pixel(x, y) {{
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const pen = canvas.getContext("2d");
    pen.drawImage(video, 0, 0);
    return [...pen.getImageData(x, y, 1, 1).data].slice(0, 3);
  }}
</script>"""

FIRST = photograph(1366, 768, 1, ("#0a143c", "#5a8c50", "#faf0c8"), is_noisy=True)
LAST = photograph(1366, 768, 2, ("#280014", "#be5a3c", "#fffaf0"), is_noisy=True)


@pytest.fixture(scope="module")
def mock() -> Iterator[Served]:
    """A mock as users start it."""
    with served("--speed", "instant", "--log", "quiet", "--max-body-bytes", "40000000") as server:
        yield server


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of another origin in a browser."""
    with page_at(HTML) as address, browsing(WIDTH_PX, HEIGHT_PX) as opened:
        opened.open(address)
        yield opened


def video_url(server: Served, number: int, **parameters: Any) -> str:
    """Have a video made between two pictures and return its address."""
    pictures = ["data:image/png;base64," + base64.b64encode(png(picture)).decode() for picture in (FIRST, LAST)]
    task = {
        "taskType": "videoInference",
        "taskUUID": f"{UUID[:-1]}{number}",
        "model": "minimax:3@1",
        "positivePrompt": "a lighthouse at dusk",
        "outputQuality": 99,
        "inputs": {"frameImages": pictures},
        **parameters,
    }
    poll = {"taskType": "getResponse", "taskUUID": task["taskUUID"]}
    headers = {"Authorization": "Bearer any"}
    with httpx.Client(trust_env=False, headers=headers, timeout=RENDERED_WITHIN_S) as client:
        assert "errors" not in client.post(server.http_url, json=[task]).json()
        [item] = client.post(server.http_url, json=[poll]).json()["data"]
        address = str(item["videoURL"])
        client.head(address).raise_for_status()
    return address


@pytest.mark.parametrize(("number", "output_format"), [(0, "MP4"), (1, "MOV"), (2, "WEBM")])
def test_a_page_of_another_origin_plays_and_seeks(mock: Served, page: Page, number: int, output_format: str) -> None:
    """It knows size and length at once, gets the end of the file by a range, and shows the last picture there."""
    address = video_url(mock, number, outputFormat=output_format)
    loaded = page.run(f"load({address!r})")
    assert (loaded["width"], loaded["height"]) == (1366, 768)
    assert loaded["duration"] == pytest.approx(6, abs=0.05)
    page.run(f"seek({loaded['duration']})")
    shown = Image.open(io.BytesIO(page.screenshot(WIDTH_PX, HEIGHT_PX))).convert("RGB")
    frame = (1366, 768)
    for picture, is_shown in ((LAST, True), (FIRST, False)):
        fitted = ImageOps.fit(picture, frame).resize(shown.size, Image.Resampling.BILINEAR)
        assert (psnr_db(shown, fitted) >= 25) is is_shown
    answers = [answer for answer in page.responses if answer["url"] == address]
    assert {answer["status"] for answer in answers} == {206}
    places = [re.findall(r"bytes (\d+)-", str({**answer["headers"]}))[0] for answer in answers]
    assert any(int(place) > 0 for place in places), places
    page.run("seek(0)")
    played = page.run("play(4)")
    assert played["ended"]
    assert played["at"] == pytest.approx(loaded["duration"], abs=0.05)
    assert played["frames"] > 20


def test_a_page_of_another_origin_may_read_what_it_plays(mock: Served, page: Page) -> None:
    """Its scripts may look at the pixels, and fetch parts of the file with headers of their own."""
    address = video_url(mock, 8)
    page.run(f"load({address!r})")
    page.run("seek(0)")
    found = page.run("pixel(683, 384)")
    wanted = ImageOps.fit(FIRST, (1366, 768)).getpixel((683, 384))
    assert isinstance(wanted, tuple)
    assert all(abs(mine - theirs) < 30 for mine, theirs in zip(found, wanted, strict=True))
    script = f"""fetch({address!r}, {{ headers: {{ Range: "bytes=4-7", "X-Of-Mine": "1" }} }}).then(async answer =>
        [answer.status, await answer.text(), answer.headers.get("content-range") !== null])"""
    assert page.run(script) == [206, "ftyp", True]
    missing = page.run(f"fetch({address.replace('.mp4', '.mov')!r}).then(answer => answer.status)")
    assert missing == 404
