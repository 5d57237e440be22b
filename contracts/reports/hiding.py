"""A report without keys: neither the one of an example, nor one that a client has from elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.recording import Exchange, Outcome, Recording
from contracts.report import Broken, Report
from contracts.reports.marks import ADDRESS

#: What stands where the key of an example was, and where another one was.
KEY, OTHER = "<key>", "<another key>"
#: So many characters of a key are taken for a part of it.
LEAST = 4
#: Headers that hold secrets, whatever stands in them.
_SECRET = re.compile(r"auth|cookie|key|secret|token", re.IGNORECASE)
_IN_BODY = re.compile(rb'("apiKey"\s*:\s*")((?:[^"\\]|\\.)*)(")')
_IN_ADDRESS = re.compile(r"((?:api[_-]?key|token|secret)=)([^&#]*)", re.IGNORECASE)


def without_keys(report: Report) -> Report:
    """Return a report in which no key can be read."""
    return replace(report, broken=[_broken(each) for each in report.broken])


def _broken(broken: Broken) -> Broken:
    recording, finding = broken.recording, broken.finding
    hiding = _Hiding(recording.api_key)
    said, sent = hiding.text(finding.said), hiding.value(finding.sent)
    if isinstance(sent, str) and sent:
        shown, sent = sent, hiding.sent(finding.place or "", sent)
        said = said.replace(shown, sent)
    hidden = replace(finding, said=said, sent=sent, required=hiding.value(finding.required))
    return replace(broken, finding=hidden, recording=hiding.recording(recording))


class _Hiding:
    """Puts something else where a key stands."""

    def __init__(self, key: str) -> None:
        self._key = key
        # A value that is shown with its middle left out may end in, or begin with, a part of the key.
        parts = range(len(key) - 1, LEAST - 1, -1)
        cut = [*(f"…{re.escape(key[-part:])}" for part in parts), *(f"{re.escape(key[:part])}…" for part in parts)]
        self._cut = re.compile("|".join(cut) or "(?!)")

    def recording(self, recording: Recording) -> Recording:
        return replace(
            recording,
            api_key=KEY,
            exchanges=[self.exchange(each) for each in recording.exchanges],
            outcome=self.outcome(recording.outcome),
            companions=[self.recording(each) for each in recording.companions],
        )

    def exchange(self, exchange: Exchange) -> Exchange:
        return replace(
            exchange,
            target=self.sent(ADDRESS, self.text(exchange.target)),
            headers=[(name, self.sent(name, self.text(value))) for name, value in exchange.headers],
            body=_IN_BODY.sub(_other_bytes, self.data(exchange.body)),
            answers=[self.data(answer) for answer in exchange.answers],
        )

    def sent(self, place: str, value: str) -> str:
        """Return what was sent at a place of `Finding.place`, where it may be a key that is not that of the example."""
        if place == ADDRESS:
            return _IN_ADDRESS.sub(_other, value)
        is_secret = place.endswith("/apiKey") if place.startswith("/") else bool(place and _SECRET.search(place))
        return _secret(value) if is_secret else value

    def outcome(self, outcome: Outcome) -> Outcome:
        return replace(
            outcome,
            results=self.value(outcome.results),
            code=self.value(outcome.code),
            message=self.text(outcome.message),
            value=self.value(outcome.value),
        )

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(name): self.value(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(member) for member in value]
        return value

    def text(self, text: str) -> str:
        hidden = text.replace(self._key, KEY) if self._key else text
        return self._cut.sub(lambda found: f"…{KEY}" if found[0][0] == "…" else f"{KEY}…", hidden)

    def data(self, data: bytes) -> bytes:
        return data.replace(self._key.encode(), KEY.encode()) if self._key else data


def _secret(value: str) -> str:
    """Return a value that holds a secret: its scheme, as headers have one, and which key it was."""
    scheme, _, rest = value.partition(" ")
    hidden = KEY if KEY in value else OTHER
    return f"{scheme} {hidden}" if rest else hidden if value else ""


def _other(found: re.Match[str]) -> str:
    return found[1] + (KEY if KEY in found[2] else OTHER)


def _other_bytes(found: re.Match[bytes]) -> bytes:
    return found[1] + (KEY if KEY.encode() in found[2] else OTHER).encode() + found[3]
