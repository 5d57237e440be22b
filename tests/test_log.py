"""What people see of the mock at work."""

import asyncio
import io
import json

from mockserver.log import MOST_PRETTY, Pretty, Seen, as_json, make_log
from mockserver.wire import Answer

GOOD = Answer(data=[{}], outcome="accepted", about=("videoInference", "24cd5dff-cb81-4db5-8506-b72a9425f9d1"))
RUNNING = Answer(data=[{}], outcome="processing 0/1", about=("getResponse", "24cd5dff-cb81-4db5-8506-b72a9425f9d1"))
BAD = Answer(errors=[{}], outcome="invalidTtl and 2 more", about=("videoInference", ""), http=400)
OLD = Answer(
    data=[{}], outcome="accepted", about=("videoInference", ""), notes=["outputFormat: upper case is expected"]
)


def test_lines_are_aligned_and_tell_task_outcome_and_time() -> None:
    """One line a task, the same columns for all, no blanks at the ends."""
    seen = [
        Seen(0.0, "POST /v1", 200, [GOOD, BAD], 0.42),
        Seen(0.0, "socket", 0, [RUNNING], 12.0),
        Seen(0.0, "POST /", 401, [BAD], 1),
    ]
    lines = list(Pretty(False)(seen, 0, 0))
    assert len(lines) == 4
    assert len({line.index(" ms") for line in lines}) == 1
    assert all(line == line.rstrip() for line in lines)
    assert "POST /v1  200  videoInference    accepted                     24cd5dff     0.4 ms" in lines[0]


def test_a_client_can_neither_colour_the_terminal_nor_forge_a_line() -> None:
    """What a client sends is shown with everything spelt out that a terminal would act on, and cut short."""
    forged = "\x1b[31mx\n12:00:00  forged\u2028\u202e\x9b"
    odd = Answer(errors=[{}], outcome="unsupportedTaskType", about=(forged, forged), http=400)
    long = Answer(errors=[{}], outcome="unsupportedTaskType", about=("x" * 90, "y" * 90), http=400)
    lines = list(Pretty(False)([Seen(0.0, "POST /v1", 400, [odd, long], 1.0)], 0, 0))
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert "\\x1b[31mx\\n12:00:00  forged" in lines[0]
    assert len(lines[1]) < 140
    [line] = as_json([Seen(0.0, "POST /v1", 400, [odd], 1.0)], 0, 0)
    assert line.isprintable()
    assert json.loads(line)["tasks"][0]["taskType"] == forged


def test_outcomes_are_coloured_on_a_terminal_only() -> None:
    """Green for good, yellow for running, red for refused."""
    [good, running, bad] = Pretty(True)([Seen(0.0, "POST /v1", 200, [GOOD, RUNNING, BAD], 1.0)], 0, 0)
    assert ("\x1b[32m" in good, "\x1b[33m" in running, "\x1b[31m" in bad) == (True, True, True)


def test_what_was_respelt_is_told_as_deprecated() -> None:
    """An older spelling that was accepted leaves a note."""
    lines = list(Pretty(False)([Seen(0.0, "POST /v1", 200, [OLD], 1.0)], 0, 0))
    assert lines[1].strip() == "deprecated: outputFormat: upper case is expected"


def test_a_storm_is_counted() -> None:
    """Past some lines in one gathering the rest is told in one line, so that logging costs next to nothing."""
    out, waiting = io.StringIO(), []
    log = make_log("pretty", out, lambda _after_s, call: waiting.append(call))
    for _ in range(MOST_PRETTY + 1500):
        log.see("POST /v1", 200, [GOOD], 1.0)
    log.see("POST /v1", 400, [BAD], 1.0)
    waiting[0]()
    lines = out.getvalue().splitlines()
    assert len(lines) == MOST_PRETTY + 1
    assert lines[-1].endswith("… and 1,501 more tasks: 1,500 went well, 1 refused")
    log.see("POST /v1", 200, [GOOD], 1.0)
    waiting[1]()
    assert out.getvalue().splitlines()[MOST_PRETTY + 1 :] != []


def test_a_gathered_log_writes_late_and_keeps_the_order() -> None:
    """Requests are gathered until the scheduled time; a remark comes after what was gathered before it."""
    out, waiting = io.StringIO(), []
    log = make_log("json", out, lambda _after_s, call: waiting.append(call))
    log.see("POST /v1", 200, [GOOD], 1.0)
    log.see("POST /v1", 400, [BAD, OLD], 1.0)
    assert (out.getvalue(), len(waiting)) == ("", 1)
    log.say("a remark")
    waiting[0]()
    first, second, remark = out.getvalue().splitlines()
    assert json.loads(first)["tasks"][0]["outcome"] == "accepted"
    assert json.loads(second)["tasks"][1]["notes"] == ["outputFormat: upper case is expected"]
    assert remark == "a remark"


def test_the_running_loop_schedules_by_default() -> None:
    """Inside a server nothing else is needed."""
    out = io.StringIO()

    async def see() -> None:
        log = make_log("pretty", out)
        log.see("POST /v1", 200, [GOOD], 1.0)
        log.flush()

    asyncio.run(see())
    assert "accepted" in out.getvalue()


def test_the_quiet_log_shows_remarks_only() -> None:
    """Failures are still told."""
    out = io.StringIO()
    log = make_log("quiet", out)
    log.see("POST /v1", 200, [GOOD], 1.0)
    log.flush()
    log.say("a remark")
    assert out.getvalue() == "a remark\n"
