"""For people: each finding with its story, its source and its mend, in the width of a terminal and in its colours."""

import textwrap
from io import TextIOBase
from types import MappingProxyType
from typing import IO, cast

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from contracts.checks.base import MUST
from contracts.coverage import as_text
from contracts.report import Broken, Report
from contracts.reports.marks import Mark, excerpt, mark_of, printable
from contracts.reports.story import Step, Way, behaviour_of, headline, replay, steps, task_of, value_of

WIDTH = 100
#: Where values begin: behind a margin, the longest name of a row, and a blank.
INDENT = 12
SEVERE, MILD, GOOD, FAINT = "bold red", "bold yellow", "green", "dim"
_ARROWS = MappingProxyType({Way.REQUEST: "--> ", Way.ANSWER: "<-- ", Way.LEFT_OUT: "", Way.END: ""})


def text(report: Report, subject: str) -> str:
    """Return a report for people."""
    return worded(report, subject).plain


def show(report: Report, subject: str, out: TextIOBase) -> None:
    """Write a report for people; in colours on a terminal that wants them."""
    # Console is typed for IO, and asks for what this has as well.
    Console(file=cast("IO[str]", out), highlight=False).print(worded(report, subject), end="", soft_wrap=True)


def worded(report: Report, subject: str) -> Text:
    """Return a report for people, with its colours."""
    parts = [_finding(each, subject) for each in report.new]
    parts += [_known(each, report.known[each.check.name]) for each in report.broken if each not in report.new]
    parts += [_mended(name) for name in report.mended]
    parts += [] if report.coverage is None else [Text(as_text(report.coverage))]
    ending = f"{headline(report)} (seed {report.seed}, profile {report.profile})\n"
    return Text("\n").join([*parts, Text(ending, SEVERE if report.new else GOOD)])


def _finding(broken: Broken, subject: str) -> Text:
    check, finding, recording = broken.check, broken.finding, broken.recording
    told = _head(broken, f"{check.name} ({check.severity})").append("\n")
    for step in steps(broken):
        told.append_text(_step(step))
    told.append("\n")
    mark = mark_of(broken)
    if mark is not None:
        told.append_text(_marked(mark))
    told.append_text(_row("duty", check.about))
    if finding.sent is not None or finding.required is not None:
        told.append_text(_whole("found", value_of(finding.sent)))
    if finding.required is not None:
        told.append_text(_whole("required", value_of(finding.required)))
    told.append_text(_whole("task", task_of(recording)))
    told.append_text(_row("service", behaviour_of(recording)))
    told.append_text(_row("source", check.source))
    told.append_text(_row("mend", check.hint))
    return told.append_text(_whole("again", replay(recording, subject)))


def _known(broken: Broken, reason: str) -> Text:
    head = _head(broken, f"{broken.check.name} ({broken.check.severity}, known)")
    return head.append_text(_row("reason", printable(reason)))


def _mended(name: str) -> Text:
    return Text.assemble((name, GOOD), " is not broken any more: take it out of the file of known findings\n")


def _head(broken: Broken, words: str) -> Text:
    colour = SEVERE if broken.check.severity == MUST else MILD
    return Text.assemble((words, colour), f": {printable(broken.finding.said)}\n")


def _step(step: Step) -> Text:
    at = f"{step.at_ms / 1000:8.3f} s" if step.at_ms is not None and step.way in (Way.REQUEST, Way.END) else " " * 10
    words = f"{_ARROWS[step.way]}{step.words}"
    if step.is_here:
        return Text.assemble((f"  {at}  ", FAINT), (f"{words}   <-- here\n", SEVERE))
    return Text.assemble((f"  {at}  ", FAINT), words, "\n")


def _marked(mark: Mark) -> Text:
    """Return what was said around the offending bytes, and carets below them."""
    shown = excerpt(mark, WIDTH - INDENT)
    line = Text.assemble((f"  {mark.part:<9} ", FAINT), shown.before, (shown.marked, SEVERE), shown.after, "\n")
    under = " " * (INDENT + cell_len(shown.before)) + "^" * max(1, cell_len(shown.marked))
    return line.append(f"{under} missing\n" if mark.is_missing else f"{under}\n", SEVERE)


def _row(name: str, value: str) -> Text:
    lines = textwrap.wrap(value, WIDTH - INDENT, break_on_hyphens=False) or [""]
    return _whole(name, f"\n{' ' * INDENT}".join(lines))


def _whole(name: str, value: str) -> Text:
    """Return a row that is not broken into lines, so that it can be copied."""
    return Text.assemble((f"  {name:<9} ", FAINT), value, "\n")
