"""For programs: everything that is known of a run, as a JSON document. Its form stands in schema/report.json."""

import json
from typing import Any

from contracts.coverage import as_data
from contracts.recording import Exchange
from contracts.report import Broken, Report
from contracts.reports.marks import mark_of
from contracts.reports.story import replay


def json_text(report: Report, subject: str) -> str:
    """Return a report for programs."""
    document = {
        "version": 1,
        "kind": "client",
        "subject": subject,
        "profile": report.profile,
        "seed": report.seed,
        "examples": report.examples,
        "tookSeconds": round(report.took_s, 3),
        "checks": list(report.checks),
        "untried": list(report.untried),
        "findings": [_finding(each, subject, report.known.get(each.check.name)) for each in report.broken],
        "mended": list(report.mended),
        **({} if report.coverage is None else {"coverage": as_data(report.coverage)}),
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def _finding(broken: Broken, subject: str, known: str | None) -> dict[str, Any]:
    check, finding, recording, outcome = broken.check, broken.finding, broken.recording, broken.recording.outcome
    return {
        "check": check.name,
        "severity": check.severity,
        "duty": check.about,
        "known": known,
        "said": finding.said,
        "exchange": finding.exchange,
        "found": finding.sent,
        "required": finding.required,
        "place": _place(broken),
        "source": check.source,
        "mend": check.hint,
        "replay": replay(recording, subject),
        "afterExamples": broken.after,
        "afterSeconds": round(broken.after_s, 3),
        "family": recording.family,
        "task": recording.task,
        "behaviour": recording.behaviour,
        "exchanges": [_exchange(each) for each in recording.exchanges],
        "outcome": {
            "results": outcome.results if outcome.value is None else outcome.value,
            "code": outcome.code,
            "message": outcome.message,
            "isEndless": outcome.is_endless,
        },
        "endedAtMs": recording.ended_at_ms,
        **({} if recording.session is None else {"session": recording.session}),
    }


def _place(broken: Broken) -> dict[str, Any] | None:
    mark, place = mark_of(broken), broken.finding.place
    if mark is None:
        return None
    pointer = {"pointer": place} if mark.part in ("body", "outcome") else {}
    span = {"text": mark.text[mark.start : mark.end], "start": mark.start, "end": mark.end}
    return {"part": mark.part, **pointer, **span, "isMissing": mark.is_missing}


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "number": exchange.number,
        "transport": exchange.transport,
        "atMs": exchange.at_ms,
        "endedAtMs": exchange.ended_at_ms,
        "target": exchange.target,
        "request": exchange.body.decode(errors="replace"),
        "status": exchange.status,
        "answers": [answer.decode(errors="replace") for answer in exchange.answers],
        "faults": list(exchange.faults),
    }
