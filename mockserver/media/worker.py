"""A process that renders for a mock: orders come over standard input, one at a time, files go to disk.

It gives way to everything else on the machine, and ends at once when its mock does, however that ended: then its input
is at its end. Left alone for long it ends by itself, for codecs keep a hundred megabytes.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, NamedTuple

from mockserver.media.orders import Order

#: How much a renderer gives way, as `nice` counts: polls are answered first.
NICENESS = 15
#: How long it waits for its next order, in seconds.
PATIENCE_S = 120.0


class Wanted(NamedTuple):
    """What is to be rendered, from which pictures by digest, and where the file goes."""

    order: Order
    pictures: Mapping[str, bytes]
    path: Path


def write_order(out: IO[bytes], wanted: Wanted) -> None:
    """Send an order to a renderer: a line of JSON, then the pictures one after the other."""
    sizes = [(digest, len(content)) for digest, content in wanted.pictures.items()]
    head = {"order": asdict(wanted.order), "pictures": sizes, "path": str(wanted.path)}
    out.write(json.dumps(head).encode() + b"\n")
    out.writelines(wanted.pictures.values())
    out.flush()


def read_order(source: IO[bytes]) -> Wanted | None:
    """Return the next order, or None where there is none any more."""
    line = source.readline()
    if not line:
        return None
    head: dict[str, Any] = json.loads(line)
    pictures = {digest: source.read(size) for digest, size in head["pictures"]}
    placed = tuple((frame, digest) for frame, digest in head["order"].pop("pictures"))
    return Wanted(Order(**head["order"], pictures=placed), pictures, Path(head["path"]))


def work(orders: "SimpleQueue[Wanted]", out: IO[bytes], patience_s: float = PATIENCE_S) -> None:
    """Render until no order comes any more. For each one line goes out: "" or what went wrong, as JSON."""
    from mockserver.media.encoding import render

    while True:
        try:
            wanted = orders.get(timeout=patience_s)
        except Empty:
            return
        try:
            render(*wanted)
        except Exception as problem:
            answer = f"{type(problem).__name__}: {problem}"
        else:
            answer = ""
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()


def _receive(source: IO[bytes], orders: "SimpleQueue[Wanted]") -> None:
    """Take orders until the input ends; then nobody waits for what is being rendered."""
    while (wanted := read_order(source)) is not None:
        orders.put(wanted)
    os._exit(0)


def main(patience_s: float = PATIENCE_S) -> None:
    """Render for the process at the other end of standard input and output.

    Args:
        patience_s: how long to wait for the next order, in seconds.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    orders: SimpleQueue[Wanted] = SimpleQueue()
    Thread(target=_receive, args=(sys.stdin.buffer, orders), daemon=True).start()
    work(orders, sys.stdout.buffer, patience_s)
    # The thread waits for input and cannot be told not to; the interpreter would complain of that.
    os._exit(0)


if __name__ == "__main__":
    main()
