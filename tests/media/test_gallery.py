"""Where files of results come from: each is made once, kept, and handed over without holding anybody up."""

import asyncio
import threading
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest

from mockserver.app import make_mock
from mockserver.config import BadSetting, MockConfig
from mockserver.media.cache import Cache
from mockserver.media.clips import FOLDER, Clip, NoClip
from mockserver.media.gallery import PICTURE_GONE, UNKNOWN_SIZE, Shipped, Studio, can_render, hand_over
from mockserver.media.orders import FIRST
from mockserver.media.renderers import Inline, RenderingFailed
from mockserver.spec.load import load_spec
from tests.engine.tasks import make_task
from tests.support.clips import Idle, order
from tests.support.loops import rest

MODEL = load_spec().models["videoInference"]["minimax:3@1"]


def no_picture(_digest: str) -> bytes | None:
    """Have none."""
    return None


PICTURES = {"one": b" and a picture"}


class House:
    """A studio and who works in it."""

    def __init__(self, folder: Path) -> None:
        self.hired: list[Idle] = []
        self.studio = Studio(Cache(folder, 10**6), self._hire, PICTURES.get, "cover")

    def _hire(self) -> Idle:
        self.hired.append(Idle())
        return self.hired[-1]


def made(making: Future[Clip | NoClip]) -> Clip:
    """Return a clip that is made."""
    clip = making.result(0)
    assert isinstance(clip, Clip)
    return clip


def test_a_clip_is_made_when_it_is_first_wanted_and_kept(tmp_path: Path) -> None:
    """Nobody is hired before; afterwards the file is there at once, in a later mock as well."""
    house = House(tmp_path)
    assert house.hired == []
    making = house.studio.make(order())
    assert not making.done()
    [idle] = house.hired
    idle.work()
    clip = made(making)
    assert (clip.content, clip.media_type, clip.etag) == (
        f"{order().seed} MP4".encode(),
        "video/mp4",
        f'"{clip.path.stem}"',
    )
    assert made(house.studio.make(order())) == clip
    later = House(tmp_path)
    assert made(later.studio.make(order())) == clip
    assert (len(idle.wanted), later.hired) == (1, [])


def test_whoever_asks_while_a_clip_is_made_waits_for_the_same_rendering(tmp_path: Path) -> None:
    """Two askers of one clip share it; one of another clip does not wait for it."""
    house = House(tmp_path)
    one, same, other = (house.studio.make(order(seed=seed)) for seed in (1, 1, 2))
    assert one is same
    house.hired[0].work()
    assert one.done()
    assert not other.done()
    house.hired[0].work()
    assert other.done()
    assert [each.seed for each in house.hired[0].wanted] == [1, 2]


def test_what_failed_leaves_nothing_behind_and_may_be_tried_again(tmp_path: Path) -> None:
    """The failure reaches whoever waits; the next one who asks begins anew."""
    house = House(tmp_path)
    for _ in range(2):
        making = house.studio.make(order(prompt="fail"))
        house.hired[0].work()
        with pytest.raises(OSError, match="no film"):
            making.result(0)
    assert list(tmp_path.iterdir()) == []
    assert len(house.hired[0].wanted) == 2


def test_pictures_are_handed_to_whoever_renders(tmp_path: Path) -> None:
    """The files of the pictures go along; where one is no longer kept there is no clip, and that is said."""
    house = House(tmp_path)
    making = house.studio.make(order(pictures=((FIRST, "one"),)))
    house.hired[0].work()
    assert made(making).content.endswith(b"and a picture")
    assert house.studio.make(order(pictures=((FIRST, "gone"),))).result(0) == PICTURE_GONE


def test_a_kept_clip_outlives_its_pictures(tmp_path: Path) -> None:
    """What was rendered once is served when its pictures are gone."""
    house = House(tmp_path)
    house.studio.make(order(pictures=((FIRST, "one"),)))
    house.hired[0].work()
    later = Studio(Cache(tmp_path, 10**6), Idle, no_picture, "cover")
    assert made(later.make(order(pictures=((FIRST, "one"),)))).content.endswith(b"and a picture")


@pytest.mark.parametrize("differing", [{"width_px": 1367}, {"height_px": 767}, {"output_format": "AVI"}])
def test_what_no_encoder_takes_is_said(tmp_path: Path, differing: dict[str, int | str]) -> None:
    """A size with an odd side or an unknown format is no clip, and nobody is hired for it."""
    house = House(tmp_path)
    assert house.studio.make(order(**differing)).result(0) == UNKNOWN_SIZE
    assert house.hired == []


def test_a_closed_studio_begins_anew_when_it_is_used(tmp_path: Path) -> None:
    """Closing lets go of whoever was hired; a later use hires again."""
    house = House(tmp_path)
    house.studio.close()
    house.studio.make(order())
    house.studio.close()
    house.studio.make(order(seed=3))
    assert [each.is_closed for each in house.hired] == [True, False]


def test_the_shipped_clips_stand_for_all_results_of_a_size() -> None:
    """Without rendering every task of a size gets the same file; of other sizes there is none."""
    shipped = Shipped()
    params = {"taskType": "videoInference", "duration": 10}
    clip = made(shipped.clip(make_task(params=params), 0, MODEL))
    assert clip.path == FOLDER / "1366x768-10s.mp4"
    assert shipped.clip(make_task(params={**params, "width": 640}), 0, MODEL).result(0) == UNKNOWN_SIZE
    shipped.close()


@pytest.mark.parametrize(
    ("media", "is_inline", "kind"),
    [
        (None, False, Studio),
        (None, True, Shipped),
        ("rendered", False, Studio),
        ("rendered", True, Studio),
        ("prerendered", False, Shipped),
    ],
)
def test_a_server_renders_and_a_mock_inside_a_program_only_when_told(
    media: str | None, is_inline: bool, kind: type
) -> None:
    """The setting counts; without it a server renders, and a test that uses the mock stays quick."""
    assert can_render()
    assert type(make_mock(MockConfig(log="quiet", media=media), is_inline=is_inline).gallery) is kind


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    """Not at the first download."""
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="media-cache"):
        make_mock(MockConfig(log="quiet", media_cache=tmp_path / "file" / "folder"))


class Taker:
    """Somebody who waits for a file."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str] | None] = []
        self.remarks: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.came = asyncio.Event()

    def take(self, content: tuple[bytes, str] | None) -> None:
        """Take it."""
        self.taken.append(content)
        self.threads.add(threading.current_thread())
        self.came.set()


FILE = Clip(FOLDER / "1366x768-6s.mp4", "video/mp4", '"x"')
BYTES = (FILE.content, "video/mp4")


@pytest.mark.parametrize(
    ("outcome", "taken", "remarks"),
    [
        (FILE, [BYTES], []),
        (UNKNOWN_SIZE, [None], []),
        (RenderingFailed("no codec"), [None], ["a clip could not be rendered: no codec"]),
        (OSError("disk full"), [None], ["a clip could not be rendered: disk full"]),
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_a_clip_is_handed_over_once(
    outcome: Clip | NoClip | Exception,
    taken: list[tuple[bytes, str] | None],
    remarks: list[str],
    is_late: bool,
) -> None:
    """At once where it is made, without any event loop; else later in the loop's own thread."""
    making: Future[Clip | NoClip] = Future()
    taker = Taker()

    def end() -> None:
        if isinstance(outcome, Exception):
            making.set_exception(outcome)
        else:
            making.set_result(outcome)

    async def live() -> None:
        hand_over(making, taker.take, taker.remarks.append)
        assert taker.taken == []
        thread = threading.Thread(target=end)
        thread.start()
        await asyncio.wait_for(taker.came.wait(), 10)
        thread.join()

    if is_late:
        asyncio.run(live())
    else:
        end()
        hand_over(making, taker.take, taker.remarks.append)
    assert (taker.taken, taker.remarks, taker.threads) == (taken, remarks, {threading.current_thread()})


@pytest.mark.parametrize("way", ["cancelled", "ended"])
def test_nothing_is_handed_over_when_the_mock_is_stopped(way: str) -> None:
    """An upload that waits for its file when the mock ends is not reported as done."""
    making: Future[Clip | NoClip] = Future()
    taker = Taker()

    async def live() -> None:
        hand_over(making, taker.take, taker.remarks.append)
        if way == "cancelled":
            making.cancel()
        else:
            making.set_exception(CancelledError())
        await rest()

    asyncio.run(live())
    assert (taker.taken, taker.remarks) == ([], [])


def test_a_clip_is_rendered_while_the_caller_waits(tmp_path: Path) -> None:
    """Inside another program no process is started: the file is there when the call returns."""
    studio = Studio(Cache(tmp_path, 10**6), Inline, no_picture, "cover")
    clip = made(studio.make(order(width_px=64, height_px=48, duration_s=0.2)))
    assert clip.content[4:8] == b"ftyp"
    making = studio.make(order(width_px=64, height_px=48, duration_s=0.2, pictures=((FIRST, "gone"),)))
    assert making.result(0) == PICTURE_GONE
    studio.close()
