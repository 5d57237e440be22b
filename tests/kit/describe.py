"""The reference page of the duties, made from the checks.

`python -m tests.kit.describe` writes it; a test holds the page against what would be written.
"""

from pathlib import Path

import contracts.checks
from contracts.checks import CHECKS
from contracts.families import FAMILIES
from contracts.receivers.duties import DUTIES as RECEIVERS
from contracts.servers.duties import DUTIES as SERVERS
from contracts.together import ABOUT, TOGETHER

PAGE = Path(contracts.checks.__file__).parent / "README.md"

HEAD = """\
# Duties that are checked

`runware-mock check client` holds what a client sends and reports against the first table, `runware-mock check server`
what a server answers against the second, `runware-mock check receiver` what an address of webhooks or uploads answers
against the third. A *must* is broken where something is lost, spoilt or paid for twice; the rest are *should*.
`--only NAME` looks at one, `--skip NAME` leaves one out.

A check is a pure function from a recording to findings, in a file of its own; it is listed in `CHECKS`. It is added with
a client in `tests/kit/mutants/` that breaks its duty and no other.
"""


def page() -> str:
    """Return the page."""
    clients = [f"| `{c.name}` | {c.severity} | {c.about} | {c.hint} | {c.source} |" for c in CHECKS.values()]
    servers = [f"| `{d.name}` | {d.severity} | {d.about} | {d.source} |" for d in SERVERS.values()]
    receivers = [
        f"| `{d.name}` | {' and '.join(sorted(f'{name}s' for name in d.receivers))} | {d.severity} | {d.about} "
        f"| {d.hint} | {d.source} |"
        for d in RECEIVERS.values()
    ]
    kinds = {**{name: family.about for name, family in FAMILIES.items()}, TOGETHER: ABOUT}
    families = [f"| `{name}` | {about} |" for name, about in kinds.items()]
    parts = [
        HEAD,
        "## Duties of clients\n",
        "\n".join(["| name | | duty | how to mend a client | source |", "| --- | --- | --- | --- | --- |", *clients])
        + "\n",
        "## What a service does for them\n",
        "\n".join(["| kind | what happens |", "| --- | --- |", *families]) + "\n",
        "## Duties of servers\n",
        "\n".join(["| name | | duty | source |", "| --- | --- | --- | --- |", *servers]) + "\n",
        "## Duties of receivers\n",
        "\n".join(
            [
                "| name | of | | duty | how to mend a receiver | source |",
                "| --- | --- | --- | --- | --- | --- |",
                *receivers,
            ]
        )
        + "\n",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
