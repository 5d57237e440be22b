"""The report for code scanners."""

import json
from collections.abc import Iterator, Sequence

from mockserver.reports.base import CheckedFile


def report_sarif(files: Sequence[CheckedFile]) -> Iterator[str]:
    """Yield a SARIF 2.1.0 log."""
    codes = sorted({found.code for file in files for found in file.found})
    results = [
        {
            "ruleId": found.code,
            "level": "error",
            "message": {"text": found.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": file.name},
                        "region": {
                            "startLine": found.line,
                            "startColumn": found.column,
                            "endColumn": found.end_column,
                        },
                    },
                    "logicalLocations": [{"fullyQualifiedName": found.pointer}],
                }
            ],
        }
        for file in files
        for found in file.found
    ]
    driver = {"name": "runware-mock", "rules": [{"id": code} for code in codes]}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    yield json.dumps(log, indent=2, ensure_ascii=False)
