"""What people see of the mock at work."""

import asyncio
import io
import json
import re
import subprocess
import sys

from mockserver.log import LONGEST_REASON, MOST_PRETTY, Json, Pretty, Seen, make_log
from mockserver.wire import Answer

GOOD = Answer(data=[{}], outcome="accepted", about=("videoInference", "24cd5dff-cb81-4db5-8506-b72a9425f9d1"))
RUNNING = Answer(data=[{}], outcome="processing 0/1", about=("getResponse", "24cd5dff-cb81-4db5-8506-b72a9425f9d1"))
TTL = {"code": "invalidTtl", "message": "Invalid value for 'ttl' parameter. Send 60 or more."}
BAD = Answer(errors=[TTL, TTL, TTL], outcome="invalidTtl and 2 more", about=("videoInference", ""), http=400)
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
    reasons = [lines.pop(index) for index in (5, 2)]
    assert {line.strip() for line in reasons} == {TTL["message"]}
    assert len(lines) == 4
    assert len({line.index(" ms") for line in lines}) == 1
    assert all(line == line.rstrip() for line in lines)
    assert "POST /v1  200  videoInference    accepted                     24cd5dff     0.4 ms" in lines[0]


def test_a_client_can_neither_colour_the_terminal_nor_forge_a_line() -> None:
    """What a client sends is shown with everything spelt out that a terminal would act on, and cut short."""
    forged = "\x1b[31mx\n12:00:00  forged\u2028\u202e\x9b"
    error = {"code": "unsupportedTaskType", "message": forged}
    odd = Answer(errors=[error], outcome="unsupportedTaskType", about=(forged, forged), http=400)
    long = Answer(errors=[{**error, "message": "z" * 999}], outcome="x", about=("x" * 90, "y" * 90), http=400)
    seen = [Seen(0.0, "POST /v1", 400, [odd, long], 1.0), Seen(0.0, f"GET /{forged}", 404, [], 1.0)]
    lines = list(Pretty(False)(seen, 0, 0))
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)
    for line in (lines[0], lines[1], lines[4]):
        assert "\\x1b[31mx\\n12:00:00  forged" in line
    assert len(lines[2]) < 140
    assert lines[3].strip() == "z" * (LONGEST_REASON - 1) + "…"
    [line] = Json()([Seen(0.0, "POST /v1", 400, [odd], 1.0)], 0, 0)
    assert line.isprintable()
    assert json.loads(line)["tasks"][0]["taskType"] == forged


def test_outcomes_are_coloured_on_a_terminal_only() -> None:
    """Green for good, yellow for running, red for refused."""
    seen = [Seen(0.0, "POST /v1", 200, [GOOD, RUNNING, BAD], 1.0), Seen(0.0, "GET /", 405, [], 1.0)]
    [good, running, bad, _, wrong] = Pretty(True)(seen, 0, 0)
    assert ("\x1b[32m" in good, "\x1b[33m" in running, "\x1b[31m" in bad) == (True, True, True)
    assert "\x1b[31m405\x1b[0m" in wrong


def test_what_was_respelt_is_told() -> None:
    """An older spelling that was accepted leaves a note."""
    lines = list(Pretty(False)([Seen(0.0, "POST /v1", 200, [OLD], 1.0)], 0, 0))
    assert lines[1].strip() == "note: outputFormat: upper case is expected"


def test_a_storm_is_counted() -> None:
    """Past some lines in one gathering the rest is told in one line, so that logging costs next to nothing."""
    out, waiting = io.StringIO(), []
    log = make_log("pretty", out, lambda _after_s, call: waiting.append(call))
    for _ in range(MOST_PRETTY + 1500):
        log.see("POST /v1", 200, [GOOD], 1.0)
    log.see("POST /v1", 400, [BAD], 1.0)
    log.see("GET /nowhere", 404, [], 1.0)
    waiting[0]()
    lines = out.getvalue().splitlines()
    assert len(lines) == MOST_PRETTY + 1
    assert lines[-1].endswith("… and 1,502 more: 1,500 went well, 2 refused")
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
    first, second, remark = (json.loads(line) for line in out.getvalue().splitlines())
    assert [line["event"] for line in (first, second, remark)] == ["request", "request", "remark"]
    assert first["tasks"] == [
        {"taskType": "videoInference", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1", "outcome": "accepted"}
    ]
    assert second["tasks"][0]["codes"] == ["invalidTtl"] * 3
    assert second["tasks"][0]["reason"] == TTL["message"]
    assert second["tasks"][1]["notes"] == ["outputFormat: upper case is expected"]
    assert remark["text"] == "a remark"
    assert remark["at"] >= second["at"]


def test_what_was_gathered_is_written_at_the_latest_when_the_program_ends() -> None:
    """A mock that is mounted in another application does not learn that the server stops."""
    program = (
        "from mockserver.log import make_log; from mockserver.wire import Answer\n"
        "log = make_log('pretty', later=lambda after_s, call: None)\n"
        "log.see('POST /v1', 200, [Answer(outcome='accepted')], 1.0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "accepted" in done.stdout


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
    assert re.fullmatch(r"\d\d:\d\d:\d\d  a remark\n", out.getvalue())
