"""For people: each finding with its story, its source and its mend, in the width of a terminal."""

import json
import textwrap
from typing import Any

from contracts.checks.base import shown
from contracts.report import Broken, Report
from contracts.reports.story import headline, replay, story

WIDTH = 100


def text(report: Report, subject: str) -> str:
    """Return a report for people."""
    parts = [_finding(each, subject) for each in report.broken]
    ending = headline(report.broken, report.examples, report.took_s, len(report.checks))
    return "\n".join([*parts, f"{ending} (seed {report.seed}, profile {report.profile})"]) + "\n"


def _finding(broken: Broken, subject: str) -> str:
    check, finding, recording = broken.check, broken.finding, broken.recording
    rows: dict[str, Any] = {"duty": check.about}
    if finding.sent is not None or finding.required is not None:
        rows["found"] = shown(finding.sent)
        if finding.required is not None:
            rows["required"] = shown(finding.required)
    rows |= {
        "task": json.dumps(recording.task, ensure_ascii=False),
        "service": f"{recording.family}: {json.dumps(recording.behaviour['rules'])}",
        "source": check.source,
        "mend": check.hint,
        "again": replay(recording, subject),
    }
    lines = [f"{check.name} ({check.severity}): {finding.said}", ""]
    lines += [f"  {line}" for line in story(broken)]
    lines.append("")
    for name, value in rows.items():
        lines += _row(name, value, is_verbatim=name in ("again", "task", "found", "required"))
    return "\n".join(lines) + "\n"


def _row(name: str, value: str, *, is_verbatim: bool) -> list[str]:
    head = f"  {name:<9} "
    if is_verbatim:
        return [head + value]
    return textwrap.wrap(
        value, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
    ) or [head]
