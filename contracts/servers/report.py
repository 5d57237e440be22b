"""What was found of a server, for people and for programs. The key that was shown to it is in neither."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contracts.keys import KEY, LEAST, Keys
from contracts.servers.duties import DUTIES, Deviation, Duty
from contracts.servers.talk import Talk


@dataclass(frozen=True)
class Deviating:
    """A duty that a server breaks.

    Attributes:
        duty: the duty.
        deviation: how it is broken, first.
        times: in how many answers.
    """

    duty: Duty
    deviation: Deviation
    times: int


def deviations(talk: Talk, names: Collection[str] | None = None) -> list[Deviating]:
    """Return the duties that a server breaks, each with its first breach."""
    found = []
    for name, duty in DUTIES.items():
        breaches = [] if names is not None and name not in names else [*duty.find(talk)]
        if breaches:
            found.append(Deviating(duty, breaches[0], len(breaches)))
    return found


def told(found: Sequence[Deviating], talk: Talk, names: Collection[str] = tuple(DUTIES), key: str = "") -> str:
    """Return a report for people.

    Args:
        found: the duties that are broken.
        talk: what was asked and answered.
        names: the duties that were looked at.
        key: the key that was shown, of which nothing is told.
    """
    parts, keys = [], _keys(key)
    for each in found:
        turn, times = each.deviation.turn, f" ({each.times} times)" if each.times > 1 else ""
        parts.append(
            f"{each.duty.name} ({each.duty.severity}): {keys.hidden(each.deviation.said)}{times}\n\n"
            f"  duty      {each.duty.about}\n"
            f"  asked     {_cut(turn.body, keys)}\n"
            f"  answered  {turn.status or 'nothing'} {_cut(turn.answer, keys)}\n"
            f"  source    {each.duty.source}\n"
        )
    requests = len(talk.turns)
    duties = f"{len(found)} broken {_duties(len(found))}" if found else "nothing broken"
    looked = f"{len(names)} {_duties(len(names))}"
    parts.append(f"{duties}; {looked} looked at in {requests} request{'' if requests == 1 else 's'}\n")
    return "\n".join(parts)


def as_json(found: Sequence[Deviating], talk: Talk, subject: str, names: Collection[str], key: str = "") -> str:
    """Return a report for programs. Its form stands in schema/report.json.

    Args:
        found: the duties that are broken.
        talk: what was asked and answered.
        subject: the address of the server.
        names: the duties that were looked at.
        key: the key that was shown, of which nothing is told.
    """
    keys = _keys(key)
    findings = [
        {
            "check": each.duty.name,
            "severity": each.duty.severity,
            "duty": each.duty.about,
            "said": keys.hidden(each.deviation.said),
            "source": each.duty.source,
            "times": each.times,
            "asked": keys.hidden(each.deviation.turn.body.decode(errors="replace")),
            "status": each.deviation.turn.status,
            "answered": keys.hidden(each.deviation.turn.answer.decode(errors="replace")),
        }
        for each in found
    ]
    document = {
        "version": 1,
        "kind": "server",
        "subject": keys.hidden(subject),
        "requests": len(talk.turns),
        "checks": [name for name in DUTIES if name in names],
        "findings": findings,
    }
    return json.dumps(document, indent=2) + "\n"


def _keys(key: str) -> Keys:
    """Return what hides a key, as it is and as JSON has it; what is very short stands for something else in texts."""
    return Keys(dict.fromkeys((key, json.dumps(key)[1:-1]), KEY) if len(key) >= LEAST else {})


def _duties(number: int) -> str:
    return "duty" if number == 1 else "duties"


def _cut(body: bytes, keys: Keys) -> str:
    text = keys.hidden(" ".join(body.decode(errors="replace").split()))
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


_WIDTH = 300
