"""The reference page of the faults, made from the faults and from what clients see of them.

`python -m tests.faults.describe` writes it; a test holds the page against what would be written.
"""

import inspect
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import mockserver.faults
from mockserver.faults import FAULTS, Fault
from mockserver.faults.base import ANSWER
from mockserver.faults.reading import settings_of
from tests.faults.conversation import Words, converse, differences
from tests.faults.wire import CLIENTS

PAGE = Path(mockserver.faults.__file__).parent / "README.md"

HEAD = """\
# What can go wrong

Put the name of a fault in double square brackets into a prompt, and it happens to that task. Nothing has to be set up,
so it works from any language, like a test card number:

    a lighthouse at dusk [[drop-webhook]]
    a lighthouse at dusk [[answer-503 times=2 retry_after_s=3]]
    a lighthouse at dusk [[delay-answer on=poll delay_ms=5000]] [[duplicate-webhook]]

The same names and settings stand in the rules of a [scenario](../../README.md#scenarios), which hits tasks by their
parameters, by number or by chance. Every fault also takes

| setting | meaning |
| --- | --- |
| `times` | how many chances to hit one task it takes; `always` for all. A chance is a request about the task, a webhook, an upload or a download, whichever the fault is about |
| `skip` | how many chances it lets pass first |
| `on` | `submit`, `poll` or `any`: which requests it hits; for the faults that spoil answers |

A fault that a client should get over by trying again hits a task once unless told otherwise, so the second try with the
same taskUUID goes well. What is seen of a fault over HTTP is marked by the header `X-Runware-Mock-Fault` with its name.
A fault of one task in a request spoils the answer to the whole request over HTTP, and only its own messages over a
WebSocket. All waiting is time of the mock's clock. Connections are reset (RST) under `runware-mock serve`; under
another server they are closed, and an answer that should not come at all is an empty one with status 502.

Below, what clients see is that of three results with a webhook and an upload each, in a conversation that goes like
this when nothing is wrong: submit, submit again if the answer was no acknowledgement, poll at once, when the results
are due and an hour later, download the first result twice. Only what differs is told.
"""


@cache
def usual(transport: str) -> Words:
    """Return the conversation in which nothing goes wrong."""
    return converse(transport)


@cache
def seen(fault: str, transport: str) -> Words:
    """Return what is not as usual in a conversation with a fault of the default settings."""
    return differences(converse(transport, f"[[{fault}]]"), usual(transport))


def section(name: str, fault: type[Fault], *columns: Words) -> str:
    """Return the part of the page about one fault.

    Args:
        name: its name.
        fault: the fault.
        columns: what is seen of it, in the order of `CLIENTS`.
    """
    parts = [f"## `{name}`", inspect.getdoc(fault) or "", _hits(fault), _settings(fault)]
    told = dict(zip(CLIENTS, columns, strict=True))
    rows = [f"- {transport}: {_words(transport, told)}" for transport in CLIENTS]
    return "\n\n".join([*(part for part in parts if part), "\n".join(rows)]) + "\n"


def _hits(fault: type[Fault]) -> str:
    often = "always" if fault.times is None else "once" if fault.times == 1 else f"{fault.times} times"
    which = {"submit": ", on submissions", "any": ", on submissions and polls", "poll": ", on polls"}
    return f"Hits a task {often}{which.get(fault.on, '') if fault.moments >= ANSWER else ''}."


def _settings(fault: type[Fault]) -> str:
    rows = [
        f"| `{name}` | {str(each.default).lower() if isinstance(each.default, bool) else each.default} "
        f"| {each.metadata['about']}{_choices(each.metadata['choices'])} |"
        for name, each in settings_of(fault).items()
    ]
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows]) if rows else ""


def _choices(choices: tuple[str, ...]) -> str:
    return f" ({', '.join(f'`{choice}`' for choice in choices)})" if choices else ""


def _words(transport: str, told: dict[str, Words]) -> str:
    words = told[transport]
    if transport == "in process" and words == told["HTTP"]:
        return "as over HTTP"
    return "; ".join(f"{step}: {seen}" for step, seen in words.items()) or "as usual"


def page() -> str:
    """Return the whole page."""
    usually = "\n".join(f"- {step}: {words}" for step, words in usual("HTTP").items())
    jobs = [(name, transport) for name in FAULTS for transport in CLIENTS]
    with ProcessPoolExecutor(2) as pool:
        done = dict(zip(jobs, pool.map(seen, *zip(*jobs, strict=True)), strict=True))
    sections = [
        section(name, fault, *(done[name, transport] for transport in CLIENTS)) for name, fault in FAULTS.items()
    ]
    return "\n".join([HEAD, usually + "\n", *sections])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
