"""People at a terminal see how far a run is, in colours if they like; elsewhere there is nothing but the report."""

import io
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress

import pytest

from contracts.commands.progress import Bar
from contracts.reports import show
from contracts.runner import kinds_for
from tests.kit.forms import SUBJECT, hostile

WORDS = ["-m", "contracts", "check", "client", "tests.kit.example:in_a_hurry"]
QUICK = ["--profile", "quick", "--seed", "1", "--only", "survives-refusals-for-now"]


class Terminal(io.StringIO):
    """Takes itself for a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def drawn(out: io.StringIO) -> str:
    """Return what a bar draws in a run with two kinds of behaviour."""
    [broken] = hostile().broken
    bar = Bar(out, 2)
    with bar.shown():
        bar.begin("words")
        bar.play(broken.recording)
        bar.find(broken)
        bar.begin("busy")
    return out.getvalue()


def test_a_bar_counts_kinds_examples_and_findings() -> None:
    """And is gone when the run is over."""
    told = re.sub(r"\x1b\[[0-9;]*m", "", drawn(Terminal()))
    assert "0/2 words: 0 examples, 0 findings" in told
    assert "0/2 words: 1 example, 1 finding" in told
    assert "1/2 busy: 1 example, 1 finding" in told
    assert told.endswith("\x1b[2K")


def test_there_is_no_bar_where_there_is_no_terminal() -> None:
    """Not a byte."""
    assert drawn(io.StringIO()) == ""


@pytest.mark.parametrize(("variables", "has_colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_shows_the_report_in_colours_unless_they_are_not_wanted(
    variables: dict[str, str], has_colours: bool
) -> None:
    """In a real terminal: the report on standard output, the bar on standard error."""
    leader, follower = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, *WORDS, *QUICK],
        stdout=follower,
        stderr=follower,
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "120", **variables},
    )
    os.close(follower)
    told = bytearray()
    with suppress(OSError):  # the other side is closed
        while more := os.read(leader, 4096):
            told += more
    os.close(leader)
    assert process.wait() == 1
    text = told.decode()
    assert ("\x1b[1;31msurvives-refusals-for-now (must)" in text) is has_colours
    assert "trying" in text
    assert f"/{len(kinds_for(is_inside=True))}" in re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_report_that_is_piped_is_plain() -> None:
    """As it is in a file."""
    out = io.StringIO()
    show(hostile(), SUBJECT, out)
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().startswith("sends-values-untouched (must): ")
