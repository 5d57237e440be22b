"""What looking at each hostile picture costs: run as a program, it looks at every one in a process of its own.

It prints a line of JSON for each: how it was looked at, its name, what became of it, by how many bytes the process grew
at most, and the seconds. Linux alone tells these bytes.
"""

import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mockserver.media.pictures import BadPicture, develop, store
from mockserver.spec.load import load_spec
from tests.support.hostile import FRAMES, GOOD, PHOTOS

MEMORY = Path("/proc/self/status")
#: Writing 5 makes the system forget the most memory that a process ever had.
FORGET = Path("/proc/self/clear_refs")


def memory(name: str) -> int:
    """Return a figure of the memory of this process, in bytes: VmRSS for now, VmHWM for the most so far."""
    line = next(line for line in MEMORY.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def weigh(look: Callable[[], object]) -> tuple[str, int, float]:
    """Do something and return what became of it, by how much memory grew meanwhile, and the time."""
    FORGET.write_text("5")
    before, began = memory("VmRSS"), time.monotonic()
    try:
        look()
        outcome = GOOD
    except BadPicture as problem:
        outcome = problem.code
    return outcome, memory("VmHWM") - before, time.monotonic() - began


def in_a_child(way: str, name: str, look: Callable[[], object]) -> None:
    """Weigh something in a copy of this process, which then ends, and print the outcome."""
    child = os.fork()
    if child == 0:
        print(json.dumps([way, name, *weigh(look)]), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, f"{name} ended the process"


def main() -> None:
    """Look at every picture as a frame and as an upload."""
    spec = load_spec()
    frames, uploads = spec.all_models[0].pictures, spec.tasks["imageUpload"].pictures
    store(FRAMES["a WEBP"][1](), "", uploads)  # what is loaded once is not weighed
    for name, (_, make) in FRAMES.items():
        content = make()
        in_a_child("frame", name, partial(develop, content, "", frames))
        in_a_child("upload", name, partial(store, content, "", uploads))
    for name, (_, make) in PHOTOS.items():
        content = make()
        in_a_child("upload", name, partial(store, content, "", uploads))


if __name__ == "__main__":
    main()
