"""Reports of the kit, by the name of their format: a report in, text out. None of them tells a key.

What no file can hold, such as half of a pair of surrogates that a client says, is spelt out.
"""

from collections.abc import Callable, Mapping
from io import TextIOBase
from types import MappingProxyType

from contracts.report import Report
from contracts.reports import github, har, html, json, junit
from contracts.reports import text as for_people
from contracts.reports.hiding import without_keys

#: Turns a report, and the words that name the subject on the command line, into text.
Format = Callable[[Report, str], str]


def _without_keys(form: Format) -> Format:
    return lambda report, subject: _writable(form(without_keys(report), subject))


def _writable(text: str) -> str:
    """Return a text with lone surrogates as escapes, which mean the same in JSON."""
    return text.encode(errors="backslashreplace").decode()


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        name: _without_keys(form)
        for name, form in (
            ("text", for_people.text),
            ("html", html.html),
            ("json", json.json_text),
            ("junit", junit.junit),
            ("github", github.github),
            ("har", har.har),
        )
    }
)


def show(report: Report, subject: str, out: TextIOBase) -> None:
    """Write a report for people; in colours on a terminal that wants them."""
    for_people.show(without_keys(report), _writable(subject), out)
