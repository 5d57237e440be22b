"""Reports of the kit, by the name of their format: a report in, text out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from contracts.report import Report
from contracts.reports import github, json, junit, text

#: Turns a report, and the words that name the subject on the command line, into text.
Format = Callable[[Report, str], str]

FORMATS: Mapping[str, Format] = MappingProxyType(
    {"text": text.text, "json": json.json_text, "junit": junit.junit, "github": github.github}
)
