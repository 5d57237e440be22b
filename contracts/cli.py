"""The commands of the kit: `runware-mock check` and `runware-mock checks`, beside those of the mock."""

import argparse
import json
import shlex
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from mockserver.cli import FOUND, USAGE_ERROR, Help, Parser
from mockserver.cli import main as run_mock
from mockserver.output import Output
from mockserver.spec.suggest import nearest

PROFILES = ("quick", "ci", "deep")
FORMATS = ("text", "json", "junit", "github")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, with the commands of the mock and of the kit.

    Args:
        arguments: the words after the command's name; those of the process unless given.

    Returns:
        The exit status: 0 when all went well, 1 when something was found, 2 when the command could not run.
    """
    return run_mock(arguments, _add_commands)


def _add_commands(commands: Any) -> None:
    check = commands.add_parser(
        "check",
        help="find out what in a client would break against the real service",
        description="Find out what in a client would break against the real service.",
        formatter_class=Help,
    )
    subjects = check.add_subparsers(title="what is checked", metavar="SUBJECT", required=True, parser_class=Parser)
    check.set_defaults(command=check)
    _add_client(subjects)
    checks = commands.add_parser(
        "checks", help="list the duties that are checked", description="List the duties that are checked."
    )
    checks.set_defaults(run=_list, command=checks)


def _add_client(subjects: Any) -> None:
    client = subjects.add_parser(
        "client",
        usage="%(prog)s [options] MODULE:ATTRIBUTE | --command COMMAND",
        help="a client: a Python function, or a program in any language",
        description="Play examples with a client until each duty that it breaks is found, in its smallest form.\n\n"
        "A client is a function, asynchronous or not, that takes a task and an endpoint (with http_url, ws_url and\n"
        "api_key), has the task done, and returns the finished results as a list, or raises. An attribute `code` of\n"
        "what it raises is taken for the API's error code. Waiting takes no time: the clock jumps.\n\n"
        'A program reads a task a line, as JSON with the endpoint under "endpoint", and answers each with a line:\n'
        '{"results": [...]} or {"error": {"code": ..., "message": ...}}. It runs in real time, many at once.',
        epilog="examples:\n  runware-mock check client my_app.videos:make_video\n"
        "  runware-mock check client my_app.videos:make_video --profile quick --only submits-once\n"
        "  runware-mock check client my_app.videos:make_video --format junit --output report.xml\n"
        '  runware-mock check client --command "node client.mjs"\n\n'
        "exit status: 0 nothing is broken, 1 something is, 2 the client or an option cannot be used",
        formatter_class=Help,
    )
    client.add_argument(
        "client", metavar="MODULE:ATTRIBUTE", nargs="?", help="the client; the module may be in this folder"
    )
    client.add_argument("--command", dest="program", metavar="COMMAND", help="the program that is the client")
    client.add_argument(
        "--profile", choices=PROFILES, default="ci", help="how much is tried: some 10 s, a minute, 10 minutes"
    )
    client.add_argument("--seed", type=int, metavar="NUMBER", help="draw the same examples again (default: random)")
    client.add_argument("--format", choices=FORMATS, default="text", help="form of the report (default: text)")
    client.add_argument("--output", type=Path, metavar="FILE", help="write the report to a file")
    client.add_argument("--only", action="append", metavar="CHECK", help="look at this duty alone; repeatable")
    client.add_argument("--skip", action="append", metavar="CHECK", help="do not look at this duty; repeatable")
    client.add_argument("--example", metavar="JSON", help="play this example alone, as a report shows it")
    client.set_defaults(run=_check_client, command=client)


def _check_client(options: argparse.Namespace, out: Output) -> int:
    from contracts import reports
    from contracts.clients.base import Client
    from contracts.clients.command import CommandClient
    from contracts.clients.python import BadClient, load_client
    from contracts.runner import Runner
    from contracts.stage import Stage

    try:
        checks = _chosen(options.only, options.skip)
        example = None if options.example is None else _example(options.example)
        if (options.client is None) == (options.program is None):
            raise BadClient("name one client: MODULE:ATTRIBUTE, or --command COMMAND")
        client: Client = CommandClient(options.program) if options.program else load_client(options.client)
        subject = f"--command {shlex.quote(options.program)}" if options.program else options.client
    except (BadClient, ValueError) as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    try:
        with Stage(client) as stage:
            runner = Runner(stage, checks, options.profile, options.seed, _progress)
            report = runner.run() if example is None else runner.replay(example["task"], example["behaviour"])
    except BadClient as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    told = reports.FORMATS[options.format](report, subject)
    if options.output is None:
        print(told, end="", file=out)
    else:
        options.output.write_text(told, encoding="utf-8")
    return FOUND if report.broken else 0


def _progress(family: str) -> None:
    """Say on a terminal what is tried now."""
    if sys.stderr.isatty():
        print(f"\r\033[Ktrying: {family} …", end="", file=sys.stderr, flush=True)


def _chosen(only: Sequence[str] | None, skipped: Sequence[str] | None) -> Collection[str]:
    from contracts.checks import CHECKS

    for name in [*(only or ()), *(skipped or ())]:
        if name not in CHECKS:
            near = nearest(name, tuple(CHECKS))
            hint = f"did you mean {near}?" if near else "runware-mock checks lists them"
            raise ValueError(f"there is no check {name!r}; {hint}")
    return [name for name in only or CHECKS if name not in (skipped or ())]


def _example(text: str) -> Any:
    try:
        example = json.loads(text)
    except ValueError as problem:
        raise ValueError(f"--example: it is no JSON ({problem})") from None
    if not isinstance(example, dict) or not {"task", "behaviour"} <= example.keys():
        raise ValueError("--example: an object with task and behaviour is expected, as a report shows it")
    return example


def _list(_options: argparse.Namespace, out: Output) -> int:
    from contracts.checks import CHECKS

    for check in CHECKS.values():
        print(f"{check.name} ({check.severity})\n    {check.about}\n    Source: {check.source}", file=out)
    return 0
