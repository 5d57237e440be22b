"""What was found of a receiver: the broken duties, and reports of them. Secrets of its address are in none of them."""

import json
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from contracts.checks.base import MUST
from contracts.markup import annotation, for_xml
from contracts.receivers.address import hide, secrets_of, shown_address
from contracts.receivers.duties import Deviation, Duty, duties_of
from contracts.receivers.talk import Talk, Turn
from mockserver.spec.wording import count

WIDTH = 100
#: How much of a body is shown to people, in characters, and how much of it programs get, in bytes.
_SHOWN, _KEPT_BYTES = 300, 4096


@dataclass(frozen=True, slots=True)
class Broken:
    """A duty that a receiver breaks.

    Attributes:
        duty: the duty.
        deviation: how it is broken, first.
        times: in how many deliveries.
    """

    duty: Duty
    deviation: Deviation
    times: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of a receiver.

    Attributes:
        talk: what was delivered to it and what it answered.
        looked_at: names of the duties that it kept or broke.
        broken: those that it broke, in the order of `DUTIES`.
        seed: what chance was drawn from.
    """

    talk: Talk
    looked_at: Sequence[str]
    broken: Sequence[Broken]
    seed: int = 0


def report_on(talk: Talk, names: Collection[str] | None = None, seed: int = 0) -> Report:
    """Hold a talk against the duties of its receiver, or against some of them."""
    duties = [duty for name, duty in duties_of(talk.receiver).items() if names is None or name in names]
    seen = [duty for duty in duties if duty.is_seen_in(talk)]
    found = [(duty, [*duty.find(talk)]) for duty in seen]
    broken = [Broken(duty, breaches[0], len(breaches)) for duty, breaches in found if breaches]
    return Report(talk, [duty.name for duty in seen], broken, seed)


def told(report: Report) -> str:
    """Return a report for people."""
    parts = ["\n".join(_finding(each, report.talk)) + "\n" for each in report.broken]
    return "\n".join([*parts, _ending(report) + "\n"])


def as_json(report: Report) -> str:
    """Return a report for programs. Its form stands in schema/report.json."""
    talk = report.talk
    document = {
        "version": 1,
        "kind": "receiver",
        "receives": talk.receiver,
        "subject": shown_address(talk.url),
        "seed": report.seed,
        "deliveries": len(talk.turns),
        "tookSeconds": round(talk.took_s, 3),
        "endedEarly": talk.ended,
        "checks": list(report.looked_at),
        "findings": [_as_object(each, talk) for each in report.broken],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def junit(report: Report) -> str:
    """Return a report for build servers."""
    broken = {each.duty.name: each for each in report.broken}
    cases = "".join(_case(name, broken.get(name), report.talk) for name in report.looked_at)
    counts = f'tests="{len(report.looked_at)}" failures="{len(broken)}" errors="0" skipped="0"'
    suite = f'<testsuite name="runware-mock check" {counts} time="{report.talk.took_s:.3f}">{cases}\n</testsuite>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suite}\n</testsuites>\n'


def github(report: Report) -> str:
    """Return a report in workflow commands."""
    lines = [
        annotation(
            "error" if each.duty.severity == MUST else "warning",
            each.duty.name,
            f"{_said(each, report.talk)}\n{each.duty.about}\n{each.duty.hint}",
        )
        for each in report.broken
    ]
    return "\n".join([*lines, annotation("notice", "runware-mock check", _ending(report))]) + "\n"


#: Reports by the name of their format.
FORMATS: Mapping[str, Callable[[Report], str]] = MappingProxyType(
    {"text": told, "json": as_json, "junit": junit, "github": github}
)


def _ending(report: Report) -> str:
    """Return the sum of a check in a line."""
    number = len(report.broken)
    broken = f"{number} broken dut{'y' if number == 1 else 'ies'}" if number else "nothing broken"
    looked = f"{len(report.looked_at)} dut{'y' if len(report.looked_at) == 1 else 'ies'} looked at"
    made = f"{looked} in {_deliveries(len(report.talk.turns))}, {report.talk.took_s:.1f} s (seed {report.seed})"
    ended = f"; nothing else was tried, as {report.talk.ended}" if report.talk.ended else ""
    return f"{broken}; {made}{hide(ended, secrets_of(report.talk.url))}"


def _deliveries(number: int) -> str:
    return f"{number} deliver{'y' if number == 1 else 'ies'}"


def _said(broken: Broken, talk: Talk) -> str:
    return hide(broken.deviation.said, secrets_of(talk.url))


def _finding(broken: Broken, talk: Talk) -> list[str]:
    duty, turn = broken.duty, broken.deviation.turn
    times = f" ({broken.times} times)" if broken.times > 1 else ""
    lines = [f"{duty.name} ({duty.severity}): {_said(broken, talk)}{times}", "", *_row("duty", duty.about)]
    if turn is not None:
        secrets = secrets_of(talk.url)
        lines.append(f"  sent      {_request(turn)} {_cut(turn.probe.body)}".rstrip())
        lines.append(f"  answered  {hide(_answer(turn), secrets)}")
    else:
        lines.append(f"  address   {shown_address(talk.url)}")
    return [*lines, *_row("source", duty.source), *_row("mend", duty.hint)]


def _request(turn: Turn) -> str:
    parcel = turn.delivery.parcel
    return f"{parcel.method} {shown_address(parcel.url)}"


def _answer(turn: Turn) -> str:
    if turn.delivery.status is None:
        return f"nothing ({turn.delivery.problem})"
    return f"{turn.delivery.status} {_cut(turn.delivery.excerpt.encode())}".rstrip()


def _row(name: str, words: str) -> list[str]:
    head = f"  {name:<9} "
    return textwrap.wrap(words, WIDTH, initial_indent=head, subsequent_indent=" " * 12, break_on_hyphens=False)


def _cut(body: bytes) -> str:
    """Return a body on one line, or how long it is where it is none of text."""
    if b"\0" in body[:64]:
        return f"({count(len(body), 'byte')})"
    words = " ".join(body[: 4 * _SHOWN].decode(errors="replace").split())
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in words)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({count(len(body), 'byte')})"


def _as_object(broken: Broken, talk: Talk) -> dict[str, Any]:
    duty, turn = broken.duty, broken.deviation.turn
    found: dict[str, Any] = {
        "check": duty.name,
        "severity": duty.severity,
        "duty": duty.about,
        "said": _said(broken, talk),
        "times": broken.times,
        "source": duty.source,
        "mend": duty.hint,
    }
    if turn is not None:
        delivery = turn.delivery
        found |= {
            "method": delivery.parcel.method,
            "url": shown_address(delivery.parcel.url),
            "mediaType": delivery.parcel.media_type,
            "bytes": len(turn.probe.body),
            "sent": turn.probe.body[:_KEPT_BYTES].decode(errors="replace"),
            "status": delivery.status,
            "problem": delivery.problem,
            "answered": hide(delivery.excerpt, secrets_of(talk.url)),
            "tookMs": round(delivery.ms, 1),
        }
    return found


def _case(name: str, broken: Broken | None, talk: Talk) -> str:
    head = f'\n<testcase classname={quoteattr(for_xml(shown_address(talk.url)))} name={quoteattr(name)} time="0"'
    if broken is None:
        return f"{head}/>"
    told_of = escape(for_xml("\n".join(_finding(broken, talk))))
    said = quoteattr(for_xml(_said(broken, talk)))
    return f"{head}>\n<failure type={quoteattr(broken.duty.severity)} message={said}>{told_of}</failure>\n</testcase>"
