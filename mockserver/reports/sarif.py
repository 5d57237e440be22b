"""The report for code scanners."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mockserver.release import VERSION
from mockserver.reports.base import STANDARD_INPUT, CheckedFile, Found

#: Where error codes are explained. Source: schema/sources.json, DOC-ERR (stated).
ERRORS = "https://runware.ai/docs/platform/errors"


def report_sarif(files: Sequence[CheckedFile]) -> Iterator[str]:
    """Yield a SARIF 2.1.0 log."""
    rules: dict[str, str] = {}
    for file in files:
        for found in file.found:
            rules.setdefault(found.code, found.rule)
    driver = {"name": "runware-mock", "version": VERSION, "rules": [_rule(*each) for each in sorted(rules.items())]}
    results = [_result(file, found) for file in files for found in file.found]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    yield json.dumps(log, indent=2, ensure_ascii=False)


def _rule(code: str, sentence: str) -> Mapping[str, Any]:
    return {"id": code, "shortDescription": {"text": sentence}, "helpUri": ERRORS}


def _result(file: CheckedFile, found: Found) -> Mapping[str, Any]:
    region = {"startLine": found.line, "startColumn": found.column, "endColumn": found.end_column}
    return {
        "ruleId": found.code,
        "level": "error",
        "message": {"text": found.message},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(file.name)}, "region": region},
                "logicalLocations": [{"fullyQualifiedName": found.pointer}],
            }
        ],
    }


def _uri(name: str) -> str:
    """Return a file's name as a URI reference; scanners take a relative one from the root of the repository."""
    if name == STANDARD_INPUT:
        return "stdin"
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
