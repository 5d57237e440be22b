"""Where the file of a finished result comes from: rendered for it alone, or shipped and the same for all of a size."""

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import lru_cache
from importlib.util import find_spec
from threading import Lock
from typing import Protocol

from mockserver.engine.values import Task
from mockserver.media.cache import Cache
from mockserver.media.clips import MEDIA_TYPES, Clip, NoClip, find_clip
from mockserver.media.orders import Order, order_of
from mockserver.media.renderers import Render, Renderers, RenderingFailed
from mockserver.spec.load import Model

#: Returns the file of a picture by its digest, or None where it is no longer kept.
FindPicture = Callable[[str], bytes | None]

UNKNOWN_SIZE = NoClip("there is no clip of this size, duration and format.")
PICTURE_GONE = NoClip("a picture that it was made from is no longer kept.")


def can_render() -> bool:
    """Say whether the libraries of the extra `media` are installed, without loading them."""
    return all(find_spec(name) for name in ("av", "PIL"))


class Gallery(Protocol):
    """Has the files of finished results."""

    @property
    def about(self) -> str:
        """What kind of files they are, for people."""

    def clip(self, task: Task, index: int, model: Model, /) -> Future[Clip | NoClip]:
        """Get the file of a result. It may be there at once or come later, in another thread; nothing blocks.

        Args:
            task: the task.
            index: which of its results, 0 being the first.
            model: the task's model.
        """

    def close(self) -> None:
        """Stop what is under way, and let go of processes and temporary files. A later use begins anew."""


class Shipped:
    """The clips that come with the package."""

    @property
    def about(self) -> str:
        """What kind of files they are, and how to have others."""
        return "one for all of a size" + (
            "" if can_render() else "; installed with its extra 'media' the mock renders them"
        )

    def clip(self, task: Task, _index: int, model: Model, /) -> Future[Clip | NoClip]:
        """Return the clip that stands for every result of its size, duration and format."""
        return _there(find_clip({**model.defaults, **task.params}) or UNKNOWN_SIZE)

    def close(self) -> None:
        """Nothing was started."""


class Studio:
    """Has clips rendered: each when somebody first wants it, and once however many want it meanwhile.

    Args:
        cache: keeps what was made.
        hire: starts what renders, when it is first needed.
        find_picture: has the pictures that orders name.
        fit: how pictures of another shape are fitted, as in `Order`.
    """

    def __init__(self, cache: Cache, hire: Callable[[], Renderers], find_picture: FindPicture, fit: str) -> None:
        self._cache, self._hire, self._find_picture, self._fit = cache, hire, find_picture, fit
        self._renderers: Renderers | None = None
        self._under_way: dict[str, Future[Clip | NoClip]] = {}
        self._lock = Lock()

    @property
    def about(self) -> str:
        """What kind of files they are, and where they are kept."""
        return f"rendered when they are first asked for, kept in {self._cache.folder or 'a temporary folder'}"

    def clip(self, task: Task, index: int, model: Model, /) -> Future[Clip | NoClip]:
        """Return the clip of a result from the cache, or have it made."""
        order = order_of(task, index, model, self._fit)
        return self.make(order) if order else _there(UNKNOWN_SIZE)

    def make(self, order: Order) -> Future[Clip | NoClip]:
        """Return the clip of an order from the cache, or have it made."""
        if order.output_format not in MEDIA_TYPES or order.width_px % 2 or order.height_px % 2:
            return _there(UNKNOWN_SIZE)
        digest = order.digest(_tools())
        with self._lock:
            clip = self._under_way.get(digest) or self._kept(order, digest)
            if clip is None:
                clip = self._begin(order, digest)
        return clip

    def close(self) -> None:
        """Stop what is under way, and let go of processes and temporary files."""
        with self._lock:
            renderers, self._renderers = self._renderers, None
        if renderers is not None:
            renderers.close()
        self._cache.close()

    def _kept(self, order: Order, digest: str) -> Future[Clip | NoClip] | None:
        path = self._cache.find(_name(order, digest))
        return _there(Clip.made(path, order.output_format, digest)) if path else None

    def _begin(self, order: Order, digest: str) -> Future[Clip | NoClip]:
        pictures: dict[str, bytes] = {}
        for _, wanted in order.pictures:
            content = self._find_picture(wanted)
            if content is None:
                return _there(PICTURE_GONE)
            pictures[wanted] = content

        def job(render: Render) -> Clip | NoClip:
            draft = self._cache.draft()
            try:
                render(order, pictures, draft)
                path = self._cache.keep(draft, _name(order, digest))
            finally:
                draft.unlink(missing_ok=True)
            return Clip.made(path, order.output_format, digest)

        if self._renderers is None:
            self._renderers = self._hire()
        making = self._under_way[digest] = self._renderers.carry_out(job)
        making.add_done_callback(lambda _: self._under_way.pop(digest, None))
        return making


def _name(order: Order, digest: str) -> str:
    return f"{digest}.{order.output_format.lower()}"


@lru_cache(maxsize=1)
def _tools() -> str:
    """Return the versions of what makes the bytes."""
    from importlib.metadata import version  # takes its time, and is needed when something is rendered

    return f"av {version('av')}, pillow {version('pillow')}"


def _there(clip: Clip | NoClip) -> Future[Clip | NoClip]:
    done: Future[Clip | NoClip] = Future()
    done.set_result(clip)
    return done


def hand_over(
    making: Future[Clip | NoClip], take: Callable[[tuple[bytes, str] | None], None], say: Callable[[str], None]
) -> None:
    """Give the bytes of a clip and their type to somebody, or None where there is none. Does not block.

    At once where the clip is there, else later in the running event loop; never if the mock is stopped meanwhile.

    Args:
        making: the clip.
        take: who gets it.
        say: is told, in a sentence, where making the clip failed.
    """

    def give(content: tuple[bytes, str] | None, problem: str) -> None:
        if problem:
            say(f"a clip could not be rendered: {problem}")
        take(content)

    if making.done():
        give(*_content(making))
        return
    loop = asyncio.get_running_loop()

    def made(clip: Future[Clip | NoClip]) -> None:
        if not clip.cancelled() and not isinstance(clip.exception(), CancelledError):
            loop.call_soon_threadsafe(give, *_content(clip))

    making.add_done_callback(made)


def _content(making: Future[Clip | NoClip]) -> tuple[tuple[bytes, str] | None, str]:
    """Return the bytes of a clip that was made and their type, or None, and what went wrong, if anything."""
    try:
        clip = making.result()
        return (clip.content, clip.media_type) if isinstance(clip, Clip) else None, ""
    except (RenderingFailed, OSError) as problem:
        return None, str(problem)
