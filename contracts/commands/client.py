"""`runware-mock check client`: what is wrong with a client."""

import argparse
import json
import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from contracts.commands.choice import chosen
from mockserver.cli import FOUND, USAGE_ERROR, Help
from mockserver.output import Output

PROFILES = ("quick", "ci", "deep")
FORMATS = ("text", "json", "junit", "github")


def add(subjects: Any) -> None:
    """Add the command."""
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
    from contracts.checks import CHECKS
    from contracts.clients.base import Client
    from contracts.clients.command import CommandClient
    from contracts.clients.python import BadClient, load_client
    from contracts.runner import Runner
    from contracts.session import Session
    from contracts.stage import Stage
    from mockserver.scenario import BadScenario

    try:
        if options.output is not None:
            options.output.touch()
        checks = chosen(CHECKS, options.only, options.skip)
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
            if isinstance(example, Session):
                report = runner.replay_session(example)
            else:
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


def _example(text: str) -> Any:
    try:
        example = json.loads(text)
    except ValueError as problem:
        raise ValueError(f"--example: it is no JSON ({problem})") from None
    if isinstance(example, dict) and "steps" in example:
        from contracts.session import read_session

        try:
            return read_session(example)
        except ValueError as problem:
            raise ValueError(f"--example: {problem}") from None
    if not isinstance(example, dict) or not {"task", "behaviour"} <= example.keys():
        raise ValueError("--example: an object with task and behaviour is expected, as a report shows it")
    return example
