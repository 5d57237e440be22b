"""For workflows: an annotation for each finding."""

from contracts.checks.base import MUST
from contracts.report import Report
from contracts.reports.story import headline, replay


def github(report: Report, subject: str) -> str:
    """Return a report in workflow commands."""
    lines = []
    for each in report.broken:
        level = "error" if each.check.severity == MUST else "warning"
        said = f"{each.finding.said}\n{each.check.about}\n{each.check.hint}\n{replay(each.recording, subject)}"
        lines.append(f"::{level} title={_property(each.check.name)}::{_data(said)}")
    ending = headline(report.broken, report.examples, report.took_s, len(report.checks))
    return "\n".join([*lines, f"::notice title=runware-mock check::{_data(ending)}"]) + "\n"


def _data(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
