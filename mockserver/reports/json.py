"""The report for programs."""

import json
from collections.abc import Iterator, Sequence

from mockserver.reports.base import CheckedFile


def report_json(files: Sequence[CheckedFile]) -> Iterator[str]:
    """Yield one JSON document: a list of files with what was found in each."""
    report = [
        {
            "file": file.name,
            "tasks": file.tasks,
            "violations": [
                {
                    "line": found.line,
                    "column": found.column,
                    "code": found.code,
                    "parameter": found.parameter,
                    "pointer": found.pointer,
                    "message": found.message,
                }
                for found in file.found
            ],
        }
        for file in files
    ]
    yield json.dumps(report, indent=2, ensure_ascii=False)
