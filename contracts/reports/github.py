"""For workflows: an annotation for each finding."""

from contracts.checks.base import MUST
from contracts.report import Broken, Report
from contracts.reports.story import headline, replay


def github(report: Report, subject: str) -> str:
    """Return a report in workflow commands."""
    lines = [_annotation(each, report.known.get(each.check.name), subject) for each in report.broken]
    lines += [
        _command("notice", name, "not broken any more: take it out of the known findings") for name in report.mended
    ]
    return "\n".join([*lines, _command("notice", "runware-mock check", headline(report))]) + "\n"


def _annotation(broken: Broken, reason: str | None, subject: str) -> str:
    check, said = broken.check, broken.finding.said
    if reason is not None:
        return _command("notice", f"{check.name} (known)", f"{said}\n{reason}")
    level = "error" if check.severity == MUST else "warning"
    return _command(level, check.name, "\n".join([said, check.about, check.hint, replay(broken.recording, subject)]))


def _command(level: str, title: str, words: str) -> str:
    return f"::{level} title={_property(title)}::{_data(words)}"


def _data(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
