"""The exchanges of each example that breaks a duty as an HTTP Archive, for the tools that draw and compare them.

Each finding is a page, its exchanges are the entries. Times are reckoned from the beginning of an example, for
which the beginning of 1970 stands.

Source: HTTP Archive 1.2 (stated)
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from contracts.recording import Exchange
from contracts.report import Broken, Report
from mockserver.har import archive, messages_entry, request_entry
from mockserver.inquiry import instant
from mockserver.release import VERSION

#: Characters of an address that stay as they are.
_PLAIN = "/?#[]@!$&'()*+,;=:%-._~"


def har(report: Report, subject: str) -> str:
    """Return the exchanges of the failing examples as a HAR document."""
    pages = [_page(each, report.known.get(each.check.name), subject) for each in report.broken]
    entries = [entry for each in report.broken for entry in _entries(each)]
    return json.dumps(archive(entries, VERSION, pages), indent=1, ensure_ascii=False) + "\n"


def _page(broken: Broken, known: str | None, subject: str) -> dict[str, Any]:
    check = broken.check
    accepted = {} if known is None else {"_known": known}
    return {
        "startedDateTime": instant(0),
        "id": check.name,
        "title": f"{check.name} ({check.severity}): {broken.finding.said}",
        "pageTimings": {"onContentLoad": -1, "onLoad": broken.recording.ended_at_ms},
        "comment": f"{check.about} {subject}",
        **accepted,
    }


def _entries(broken: Broken) -> Iterator[dict[str, Any]]:
    for exchange in broken.recording.exchanges:
        entry = {**_entry(exchange), "pageref": broken.check.name}
        comments = [broken.finding.said] if exchange.number == broken.finding.exchange else []
        comments += [f"faults: {', '.join(exchange.faults)}"] if exchange.faults else []
        comments += ["no answer came"] if exchange.status is None else []
        yield {**entry, "comment": "; ".join(comments)} if comments else entry


def _entry(exchange: Exchange) -> dict[str, Any]:
    took_ms = 0 if exchange.ended_at_ms is None else exchange.ended_at_ms - exchange.at_ms
    body = exchange.body.decode(errors="replace")
    answers = [answer.decode(errors="replace") for answer in exchange.answers]
    address = f"://{exchange.header('host') or '127.0.0.1'}{quote(exchange.target, _PLAIN, errors='backslashreplace')}"
    if exchange.transport == "websocket":
        messages = [("send", body), *(("receive", answer) for answer in answers)]
        return messages_entry(exchange.at_ms, took_ms, f"ws{address}", messages, exchange.headers)
    return request_entry(
        exchange.at_ms,
        took_ms,
        "POST",
        f"http{address}",
        body,
        exchange.status or 0,
        "".join(answers),
        exchange.headers,
    )
