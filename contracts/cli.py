"""The commands of the kit: `runware-mock check` and `runware-mock checks`, beside those of the mock."""

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Collection, Sequence
from contextlib import redirect_stdout
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
    _add_server(subjects)
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


def _add_server(subjects: Any) -> None:
    server = subjects.add_parser(
        "server",
        usage="%(prog)s [options] URL",
        help="a server: the real service, a gateway, another mock",
        description="Ask a server for what it must refuse, which costs nothing, and hold its answers against the API.\n"
        "With --spend it is asked for a video as well, if its price is within the budget.",
        epilog="examples:\n  runware-mock check server http://127.0.0.1:8080/v1\n"
        "  runware-mock check server https://gateway.example.com/v1 --key my-key --spend 0.3\n\n"
        "The key may also come from the variable RUNWARE_API_KEY.\n"
        "exit status: 0 nothing is broken, 1 something is, 2 the address or an option cannot be used",
        formatter_class=Help,
    )
    server.add_argument("url", metavar="URL", help="where tasks are handed in")
    server.add_argument("--key", metavar="KEY", help="the key to show (default: RUNWARE_API_KEY, or one made up)")
    server.add_argument(
        "--spend", type=float, default=0.0, metavar="USD", help="US dollars that may be spent (default: 0)"
    )
    server.add_argument("--seed", type=int, default=0, metavar="NUMBER", help="draw other mistakes (default: 0)")
    server.add_argument("--format", choices=("text", "json"), default="text", help="form of the report (default: text)")
    server.add_argument("--only", action="append", metavar="DUTY", help="look at this duty alone; repeatable")
    server.add_argument("--skip", action="append", metavar="DUTY", help="do not look at this duty; repeatable")
    server.set_defaults(run=_check_server, command=server)


def _check_server(options: argparse.Namespace, out: Output) -> int:
    from contracts.servers.asking import Asker, TooDear
    from contracts.servers.duties import DUTIES
    from contracts.servers.report import as_json, deviations, told
    from contracts.servers.talk import Talk

    try:
        if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", options.url):
            raise ValueError(f"{options.url!r} is no address such as https://api.runware.ai/v1")
        names = _chosen(DUTIES, options.only, options.skip)
    except ValueError as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    asker = Asker(options.url, options.key or os.environ.get("RUNWARE_API_KEY") or "mock-key", options.seed)
    try:
        turns = [*asker.refusals()]
        if options.spend:
            turns += asker.video(options.spend)
    except TooDear as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    finally:
        asker.close()
    talk = Talk(turns)
    found = deviations(talk, names)
    print((as_json if options.format == "json" else told)(found, talk), end="", file=out)
    return FOUND if found else 0


def _check_client(options: argparse.Namespace, out: Output) -> int:
    from contracts import reports
    from contracts.checks import CHECKS
    from contracts.clients.base import Client
    from contracts.clients.command import CommandClient
    from contracts.clients.python import BadClient, load_client
    from contracts.runner import Runner
    from contracts.stage import Stage
    from mockserver.scenario import BadScenario

    try:
        if options.output is not None:
            options.output.touch()
        checks = _chosen(CHECKS, options.only, options.skip)
        example = None if options.example is None else _example(options.example)
        if (options.client is None) == (options.program is None):
            raise BadClient("name one client: MODULE:ATTRIBUTE, or --command COMMAND")
        client: Client = CommandClient(options.program) if options.program else load_client(options.client)
        subject = f"--command {shlex.quote(options.program)}" if options.program else options.client
    except OSError as problem:
        print(f"runware-mock: --output: {options.output} cannot be written ({problem.strerror})", file=sys.stderr)
        return USAGE_ERROR
    except (BadClient, ValueError) as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    try:
        # What a client prints is no part of the report.
        with redirect_stdout(sys.stderr), Stage(client) as stage:
            runner = Runner(stage, checks, options.profile, options.seed, _progress)
            report = runner.run() if example is None else runner.replay(example["task"], example["behaviour"])
    except (BadClient, BadScenario) as problem:
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


def _chosen(known: Collection[str], only: Sequence[str] | None, skipped: Sequence[str] | None) -> Collection[str]:
    for name in [*(only or ()), *(skipped or ())]:
        if name not in known:
            near = nearest(name, tuple(known))
            hint = f"did you mean {near}?" if near else "runware-mock checks lists them"
            raise ValueError(f"there is no check {name!r}; {hint}")
    chosen = [name for name in only or known if name not in (skipped or ())]
    if not chosen:
        raise ValueError("nothing is left to look at; leave out --skip, or --only")
    return chosen


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
    from contracts.servers.duties import DUTIES

    for title, duties in (("Duties of clients", CHECKS), ("Duties of servers", DUTIES)):
        print(f"{title}\n", file=out)
        for duty in duties.values():
            print(f"{duty.name} ({duty.severity})\n    {duty.about}\n    Source: {duty.source}", file=out)
        print(file=out)
    return 0
