"""`runware-mock checks`: every duty that is checked."""

import argparse
from typing import Any

from mockserver.output import Output


def add(commands: Any) -> None:
    """Add the command."""
    checks = commands.add_parser(
        "checks", help="list the duties that are checked", description="List the duties that are checked."
    )
    checks.set_defaults(run=_list, command=checks)


def _list(_options: argparse.Namespace, out: Output) -> int:
    from contracts.checks import CHECKS
    from contracts.receivers.duties import DUTIES as RECEIVERS
    from contracts.servers.duties import DUTIES as SERVERS

    for subject, duties in (("clients", CHECKS), ("servers", SERVERS), ("receivers", RECEIVERS)):
        print(f"Duties of {subject}\n", file=out)
        for duty in duties.values():
            print(f"{duty.name} ({duty.severity})\n    {duty.about}\n    Source: {duty.source}", file=out)
        print(file=out)
    return 0
