"""For workflows: an annotation for each finding."""

from contracts.checks.base import MUST
from contracts.markup import annotation
from contracts.report import Report
from contracts.reports.story import headline, replay


def github(report: Report, subject: str) -> str:
    """Return a report in workflow commands."""
    lines = []
    for each in report.broken:
        level = "error" if each.check.severity == MUST else "warning"
        said = f"{each.finding.said}\n{each.check.about}\n{each.check.hint}\n{replay(each.recording, subject)}"
        lines.append(annotation(level, each.check.name, said))
    ending = headline(report.broken, report.examples, report.took_s, len(report.checks))
    return "\n".join([*lines, annotation("notice", "runware-mock check", ending)]) + "\n"
