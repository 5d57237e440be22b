"""What a clip shows and how it is encoded, as one value: equal orders are equal files. Knows no picture library."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mockserver.engine.results import result_of
from mockserver.engine.values import Task

if TYPE_CHECKING:
    from mockserver.spec.load import Model

#: Changes whenever the same order would give another file, so that no file of an older look is taken for it.
LOOK = 1
#: Rate of a model that has no parameter for it. Source: schema/shared/hailuo.json, fps (stated for that family).
DEFAULT_FPS = 25
#: Quality of a model that has no parameter for it. Source: schema/shared/platform.json, outputQuality (stated).
DEFAULT_QUALITY = 95

FIRST, LAST = 0, -1


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that decides the bytes of a clip.

    Attributes:
        task_uuid: taskUUID as submitted.
        model: identifier of the model.
        prompt: the prompt as sent, or "".
        is_optimized: whether the provider may rewrite the prompt.
        number: which result of the task it is, 1 being the first.
        results: how many results the task has.
        seed: what the result was made from.
        width_px, height_px: size of the picture.
        duration_s: length in seconds.
        fps: frames per second.
        output_format: "MP4", "MOV" or "WEBM".
        quality: 1 to 100; more is larger and finer.
        fit: how a picture of another shape is fitted: "cover" or "contain".
        pictures: frame, 0 for the first and -1 for the last, and digest of the picture shown there.
    """

    task_uuid: str
    model: str
    prompt: str
    is_optimized: bool
    number: int
    results: int
    seed: int
    width_px: int
    height_px: int
    duration_s: float
    fps: int
    output_format: str
    quality: int
    fit: str
    pictures: tuple[tuple[int, str], ...] = ()

    @property
    def frames(self) -> int:
        """How many frames it has, at least one."""
        return max(1, round(self.duration_s * self.fps))

    def picture_at(self, frame: int) -> str | None:
        """Return the digest of the picture that the first (0) or last (-1) frame shows, or None."""
        return dict(self.pictures).get(frame)

    def digest(self, tools: str) -> str:
        """Return 32 hexadecimal digits that stand for the file.

        Args:
            tools: versions of the libraries that make it; another encoder makes other bytes.
        """
        text = json.dumps([LOOK, tools, asdict(self)], sort_keys=True)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def order_of(task: Task, index: int, model: "Model", fit: str = "cover") -> Order | None:
    """Return the order of one result.

    Args:
        task: the task.
        index: which result, 0 being the first.
        model: the task's model, for what the task leaves out.
        fit: as in `Order`.

    Returns:
        None where the model makes nothing that has width, height, duration and format.
    """
    params = {**model.defaults, **task.params}
    try:
        width_px, height_px, duration_s = int(params["width"]), int(params["height"]), float(params["duration"])
        output_format = str(params["outputFormat"])
    except KeyError:
        return None
    return Order(
        task_uuid=task.uuid,
        model=task.air,
        prompt=str(params.get("positivePrompt", "")),
        is_optimized=_is_optimized(params),
        number=index + 1,
        results=len(task.outcomes),
        seed=result_of(task, index).seed,
        width_px=width_px,
        height_px=height_px,
        duration_s=duration_s,
        fps=int(params.get("fps", DEFAULT_FPS)),
        output_format=output_format,
        quality=int(params.get("outputQuality", DEFAULT_QUALITY)),
        fit=fit,
        pictures=task.pictures,
    )


def _is_optimized(params: Mapping[str, Any]) -> bool:
    """Say whether the block of any provider switches the prompt optimizer on."""
    blocks = params.get("providerSettings", {}).values()
    return any(isinstance(block, Mapping) and block.get("promptOptimizer") is True for block in blocks)
