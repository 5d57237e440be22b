"""For build servers: JUnit XML, a test case for each duty.

Duties are looked at side by side, so that the whole has a time and its cases have none.

Source: the schema of Jenkins' xUnit plug-in, junit-10.xsd (stated)
"""

from collections.abc import Mapping
from dataclasses import replace
from xml.etree import ElementTree

from contracts.report import Broken, Report
from contracts.reports.marks import printable
from contracts.reports.text import text


def junit(report: Report, subject: str) -> str:
    """Return a report for build servers."""
    known = len(report.broken) - len(report.new)
    counts = {"tests": str(len(report.checks)), "failures": str(len(report.new)), "errors": "0"}
    time = f"{report.took_s:.3f}"
    suites = _element("testsuites", {"name": "runware-mock check client", **counts, "time": time})
    suite = _element("testsuite", {"name": subject, **counts, "skipped": str(known), "time": time})
    suites.append(suite)
    properties = _element("properties", {})
    suite.append(properties)
    for name, value in (("profile", report.profile), ("seed", report.seed), ("examples", report.examples)):
        properties.append(_element("property", {"name": name, "value": str(value)}))
    broken = {each.check.name: each for each in report.broken}
    suite.extend(_case(name, broken.get(name), report, subject) for name in report.checks)
    ElementTree.indent(suites, "")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'


def _case(name: str, broken: Broken | None, report: Report, subject: str) -> ElementTree.Element:
    case = _element("testcase", {"classname": subject, "name": name})
    if broken is None:
        if name in report.mended:
            told = f"{name} is not broken any more: take it out of the file of known findings"
            case.append(_element("system-out", {}, told))
        return case
    said = broken.finding.said
    if name in report.known:
        case.append(_element("skipped", {"message": f"known: {report.known[name]} ({said})"}))
        return case
    alone = replace(report, broken=[broken], checks=[name], known={})
    facts = {"type": broken.check.severity, "message": said}
    case.append(_element("failure", facts, text(alone, subject)))
    return case


def _element(name: str, attributes: Mapping[str, str], words: str | None = None) -> ElementTree.Element:
    element = ElementTree.Element(name, {each: _writable(value) for each, value in attributes.items()})
    element.text = None if words is None else _writable(words)
    return element


def _writable(words: str) -> str:
    """Return a text with what XML has no way to write spelt out."""
    return "\n".join(map(printable, words.split("\n")))
