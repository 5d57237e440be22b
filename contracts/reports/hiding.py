"""A report without keys: neither the one of an example, nor one that a client has from elsewhere."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from contracts.keys import KEY, Keys
from contracts.recording import Exchange, Outcome, Recording
from contracts.report import Broken, Report
from contracts.reports.marks import ADDRESS

#: What stands where another key was than that of an example.
OTHER = "<another key>"
#: Shorter values are hidden where they are sent, and not looked for elsewhere: they stand for something else there.
_LEAST_SOUGHT = 8
#: Headers, members and parameters of addresses that hold secrets, whatever stands in them.
_NAMES = "auth|cookie|key|secret|token|passw"
_SECRET = re.compile(_NAMES, re.IGNORECASE)
#: Bodies may be of megabytes and no JSON: names are short, and nothing is looked at twice.
_IN_BODY = re.compile(
    rf'("(?=[^"\\]{{0,64}}?(?:{_NAMES}))[^"\\]{{0,96}}"\s*+:\s*+")([^"\\]*+(?:\\.[^"\\]*+)*+)',
    re.IGNORECASE | re.DOTALL,
)
_IN_ADDRESS = re.compile(rf"([?&](?=[^=&#]{{0,64}}?(?:{_NAMES}))[^=&#]{{0,96}}=)([^&#]*+)", re.IGNORECASE)


def without_keys(report: Report) -> Report:
    """Return a report in which no key can be read."""
    return replace(report, broken=[_broken(each) for each in report.broken])


def _broken(broken: Broken) -> Broken:
    recording, finding = broken.recording, broken.finding
    hiding = _Hiding(recording)
    said, sent = finding.said, finding.sent
    if isinstance(sent, str) and sent:
        shown, sent = sent, hiding.sent(finding.place or "", sent)
        said = said.replace(shown, sent)
    hidden = replace(finding, said=hiding.text(said), sent=hiding.value(sent), required=hiding.value(finding.required))
    return replace(broken, finding=hidden, recording=hiding.recording(recording))


class _Hiding:
    """Puts something else where a key stands that is seen in a recording."""

    def __init__(self, recording: Recording) -> None:
        together = [recording, *recording.companions]
        self._own = {each.api_key for each in together if each.api_key}
        # A header that tells tries apart holds a key of another kind: the name of the task.
        named = {uuid.lower() for each in together for uuid in (*each.uuids, *each.earlier)}
        seen = {
            value
            for each in together
            for exchange in each.exchanges
            for value in _seen(exchange)
            if len(value) >= _LEAST_SOUGHT and value.lower() not in named and not self._is_own(value)
        }
        others = sorted(seen, key=lambda value: (-len(value), value))
        self._keys = Keys({**dict.fromkeys(sorted(self._own), KEY), **dict.fromkeys(others, OTHER)})

    def _is_own(self, value: str) -> bool:
        return any(key in value for key in self._own)

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
            target=self.text(self.sent(ADDRESS, exchange.target)),
            headers=[(name, self.text(self.sent(name, value))) for name, value in exchange.headers],
            body=self.data(exchange.body, is_sent=True),
            answers=[self.data(answer) for answer in exchange.answers],
        )

    def sent(self, place: str, value: str) -> str:
        """Return what was sent at a place of `Finding.place`, where it may be a key that is not that of the example."""
        if place == ADDRESS:
            return _IN_ADDRESS.sub(self._named, value)
        return self._secret(value) if _SECRET.search(place.rpartition("/")[2]) else value

    def outcome(self, outcome: Outcome) -> Outcome:
        return replace(
            outcome,
            results=self.value(outcome.results),
            code=self.value(outcome.code),
            message=self.text(outcome.message),
            value=self.value(outcome.value),
        )

    def value(self, value: Any) -> Any:
        """Return a value as JSON; of what JSON does not know, what Python shows."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._name(name): self._member(name, member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(member) for member in value]
        return self.text(repr(value))

    def _name(self, name: Any) -> str:
        return self.text(name if isinstance(name, str) else repr(name))

    def _member(self, name: Any, member: Any) -> Any:
        return self.value(self.sent(f"/{name}", member) if isinstance(member, str) else member)

    def text(self, text: str) -> str:
        return self._keys.hidden(text)

    def data(self, data: bytes, *, is_sent: bool = False) -> bytes:
        text = data.decode(errors="surrogateescape")
        return self.text(_IN_BODY.sub(self._named, text) if is_sent else text).encode(errors="surrogateescape")

    def _named(self, found: re.Match[str]) -> str:
        return found[1] + (KEY if self._is_own(found[2]) else OTHER)

    def _secret(self, value: str) -> str:
        """Return a value that holds a secret: its scheme, as headers have one, and which key it was."""
        scheme, rest = _scheme(value)
        hidden = KEY if self._is_own(value) else OTHER
        return f"{scheme} {hidden}" if scheme else hidden if rest else ""


def _scheme(value: str) -> tuple[str, str]:
    """Return the scheme of a header, or "", and the rest."""
    scheme, _, rest = value.partition(" ")
    return (scheme, rest) if rest and scheme.isalpha() else ("", value)


def _seen(exchange: Exchange) -> Iterator[str]:
    """Yield the keys that are seen in what was sent, as they are written and as they are meant."""
    for name, value in exchange.headers:
        if _SECRET.search(name):
            _, rest = _scheme(value)
            yield rest
            yield from (pair.partition("=")[2] for pair in rest.split("; "))
    for found in _IN_ADDRESS.finditer(exchange.target):
        yield from (found[2], unquote_plus(found[2]))
    for found in _IN_BODY.finditer(exchange.body.decode(errors="surrogateescape")):
        yield from (found[2], _unescaped(found[2]))


def _unescaped(written: str) -> str:
    """Return what the inside of a JSON string means, or "" where it means nothing."""
    try:
        return str(json.loads(f'"{written}"'))
    except ValueError:
        return ""
