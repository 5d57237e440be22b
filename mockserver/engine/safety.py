"""Which frames of a video are looked at, and whether they show what they must not."""

from collections.abc import Collection, Mapping
from typing import Any

from mockserver.engine.magic import find_magic
from mockserver.engine.values import Task
from mockserver.spec.load import Model

#: What a prompt calls unsafe content.
UNSAFE = "nsfw"
LONGEST_FRAME = 6


def mode_of(params: Mapping[str, Any]) -> str:
    """Return how a task is checked: "none", "fast" or "full". Mode decides where it is given.

    Source: schema/shared/platform.json#/$defs/safety (stated)
    """
    safety = params.get("safety") or {}
    mode: str = safety.get("mode", "fast" if safety.get("checkContent") else "none")
    return mode


def checked_frames(mode: str, frames: int) -> Collection[int]:
    """Return which frames of a video are looked at, 0 being the first.

    Args:
        mode: "none", "fast" or "full".
        frames: how many the video has, 1 or more.

    Source:
        schema/shared/platform.json#/$defs/safety (stated; which frame is the middle one of an even number is assumed)
    """
    match mode:
        case "none":
            return ()
        case "fast":
            return sorted({0, frames // 2, frames - 1})
        case "full":
            return range(frames)
    raise AssertionError(f"the schema lets the safety mode {mode} through, but nobody knows it")


def unsafe_frames(prompt: str, frames: int) -> Collection[int]:
    """Return which frames of a video show what they must not, as its prompt has it.

    Args:
        prompt: `[[nsfw]]` in it makes every frame unsafe, `[[nsfw frame=40]]` that one alone.
        frames: how many the video has.
    """
    asked = [magic.settings for magic in find_magic(prompt) if magic.word == UNSAFE]
    if {} in asked:
        return range(frames)
    single = (settings["frame"] for settings in asked if list(settings) == ["frame"])
    return {int(frame) for frame in single if frame.isascii() and frame.isdigit() and len(frame) <= LONGEST_FRAME}


def is_flagged(mode: str, prompt: str, frames: int) -> bool:
    """Say whether the check of a video finds something."""
    unsafe = unsafe_frames(prompt, frames)
    return any(frame in unsafe for frame in checked_frames(mode, frames))


def examined(task: Task, model: Model, ending: str | None) -> Task:
    """Return a task with what the check of its content finds.

    Args:
        task: the task as drawn up.
        model: the model that it chose.
        ending: name of the error that every result then ends with, or None to mark them.

    Source:
        schema/dialect.json, unsafe-content (observed)
    """
    full = {**model.defaults, **task.params}
    frames = max(1, int(full.get("duration", 1) * full.get("fps", 1)))
    if not is_flagged(mode_of(task.params), full.get("positivePrompt", ""), frames):
        return task
    if ending is None:
        return task._replace(is_flagged=True)
    due = task.due_at_ms[:1] * len(task.due_at_ms)
    return task._replace(failure=task.failure or ending, failing=(), due_at_ms=due)
