"""The reports of `runware-mock validate` by the name that `--format` gives them."""

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.reports.base import STANDARD_INPUT, CheckedFile, Found, Report
from mockserver.reports.github import report_github
from mockserver.reports.json import report_json
from mockserver.reports.sarif import report_sarif
from mockserver.reports.text import report_text

REPORTS: Mapping[str, Report] = MappingProxyType(
    {"text": report_text, "json": report_json, "github": report_github, "sarif": report_sarif}
)

__all__ = ["REPORTS", "STANDARD_INPUT", "CheckedFile", "Found", "Report"]
