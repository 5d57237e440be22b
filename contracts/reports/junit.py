"""For build servers: JUnit XML, a test case for each duty."""

from xml.sax.saxutils import escape, quoteattr

from contracts.checks import CHECKS
from contracts.markup import for_xml
from contracts.report import Broken, Report
from contracts.reports.text import text


def junit(report: Report, subject: str) -> str:
    """Return a report for build servers."""
    broken = {each.check.name: each for each in report.broken}
    cases = "".join(_case(name, broken.get(name), report, subject) for name in report.checks)
    counts = f'tests="{len(report.checks)}" failures="{len(broken)}" errors="0" skipped="0"'
    suite = f'<testsuite name="runware-mock check" {counts} time="{report.took_s:.3f}">{cases}\n</testsuite>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suite}\n</testsuites>\n'


def _case(name: str, broken: Broken | None, report: Report, subject: str) -> str:
    head = f'\n<testcase classname={quoteattr(for_xml(subject))} name={quoteattr(name)} time="0"'
    if broken is None:
        return f"{head}/>"
    alone = Report([broken], report.examples, report.took_s, report.seed, report.profile, [name])
    told, said = escape(for_xml(text(alone, subject))), quoteattr(for_xml(broken.finding.said))
    return f"{head}>\n<failure type={quoteattr(CHECKS[name].severity)} message={said}>{told}</failure>\n</testcase>"
