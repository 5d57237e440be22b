"""For workflows: an annotation for each finding."""

from contracts.checks.base import MUST
from contracts.markup import annotation
from contracts.report import Broken, Report
from contracts.reports.story import headline, replay


def github(report: Report, subject: str) -> str:
    """Return a report in workflow commands."""
    lines = [_annotation(each, report.known.get(each.check.name), subject) for each in report.broken]
    lines += [
        annotation("notice", name, "not broken any more: take it out of the known findings") for name in report.mended
    ]
    return "\n".join([*lines, annotation("notice", "runware-mock check", headline(report))]) + "\n"


def _annotation(broken: Broken, reason: str | None, subject: str) -> str:
    check, said = broken.check, broken.finding.said
    if reason is not None:
        return annotation("notice", f"{check.name} (known)", f"{said}\n{reason}")
    level = "error" if check.severity == MUST else "warning"
    return annotation(level, check.name, "\n".join([said, check.about, check.hint, replay(broken.recording, subject)]))
