"""For programs: everything that is known of a run, as a JSON document."""

import json
from typing import Any

from contracts.recording import Exchange
from contracts.report import Broken, Report
from contracts.reports.story import replay


def json_text(report: Report, subject: str) -> str:
    """Return a report for programs."""
    document = {
        "version": 1,
        "subject": subject,
        "profile": report.profile,
        "seed": report.seed,
        "examples": report.examples,
        "tookSeconds": round(report.took_s, 3),
        "checks": list(report.checks),
        "findings": [_finding(each, subject) for each in report.broken],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def _finding(broken: Broken, subject: str) -> dict[str, Any]:
    check, finding, recording, outcome = broken.check, broken.finding, broken.recording, broken.recording.outcome
    return {
        "check": check.name,
        "severity": check.severity,
        "duty": check.about,
        "said": finding.said,
        "exchange": finding.exchange,
        "found": finding.sent,
        "required": finding.required,
        "source": check.source,
        "mend": check.hint,
        "replay": replay(recording, subject),
        "afterExamples": broken.after,
        "family": recording.family,
        "task": recording.task,
        "behaviour": recording.behaviour,
        "exchanges": [_exchange(each, recording.api_key) for each in recording.exchanges],
        "outcome": {
            "results": outcome.results,
            "code": outcome.code,
            "message": outcome.message.replace(recording.api_key, "<key>"),
            "isEndless": outcome.is_endless,
        },
    }


def _exchange(exchange: Exchange, key: str) -> dict[str, Any]:
    return {
        "number": exchange.number,
        "transport": exchange.transport,
        "atMs": exchange.at_ms,
        "endedAtMs": exchange.ended_at_ms,
        "target": exchange.target.replace(key, "<key>"),
        "request": exchange.body.decode(errors="replace").replace(key, "<key>"),
        "status": exchange.status,
        "answers": [answer.decode(errors="replace") for answer in exchange.answers],
        "faults": list(exchange.faults),
    }
