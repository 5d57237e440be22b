"""`runware-mock check client`: what is wrong with a client."""

import argparse
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.commands.options import chosen, named, writable
from mockserver.cli import FOUND, USAGE_ERROR, Help
from mockserver.output import Output
from mockserver.spec.wording import listed

if TYPE_CHECKING:
    from contracts.recording import Recording
    from contracts.report import Report

PROFILES = ("quick", "ci", "deep")
FORMATS = ("text", "html", "json", "junit", "github", "har")
#: Those that have a place for what was exercised.
WITH_COVERAGE = ("text", "html", "json")


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
        '  runware-mock check client --command "node client.mjs"\n'
        "  runware-mock check client my_app.videos:make_video --known known.yaml --also html=report.html\n\n"
        "exit status: 0 nothing is broken but what is known, 1 something is, 2 the client or an option cannot be used",
        formatter_class=Help,
    )
    client.add_argument(
        "client", metavar="MODULE:ATTRIBUTE", nargs="?", help="the client; the module may be in this folder"
    )
    client.add_argument("--command", dest="program", metavar="COMMAND", help="the program that is the client")
    client.add_argument(
        "--profile", choices=PROFILES, default="ci", help="how much is tried: some 10 s, a minute, 10 minutes"
    )
    client.add_argument(
        "--over",
        choices=("sockets", "respx"),
        default="sockets",
        help="how asynchronous clients of httpx reach the service: respx is quicker (default: sockets)",
    )
    client.add_argument("--seed", type=int, metavar="NUMBER", help="draw the same examples again (default: random)")
    client.add_argument("--format", choices=FORMATS, default="text", help="form of the report (default: text)")
    client.add_argument("--output", type=Path, metavar="FILE", help="write the report to a file")
    client.add_argument(
        "--also",
        action="append",
        metavar="FORMAT=FILE",
        help="write a report of the same run in another form; repeatable",
    )
    client.add_argument(
        "--known", type=Path, metavar="FILE", help="duties that are known to be broken, with reasons; others alone fail"
    )
    client.add_argument("--only", action="append", metavar="CHECK", help="look at this duty alone; repeatable")
    client.add_argument("--skip", action="append", metavar="CHECK", help="do not look at this duty; repeatable")
    client.add_argument(
        "--coverage",
        action="store_true",
        help=f"tell what of the API was exercised, in the forms {', '.join(WITH_COVERAGE)}",
    )
    client.add_argument("--example", metavar="JSON", help="play this example alone, as a report shows it")
    client.set_defaults(run=_check_client, command=client)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the options ask for.

    Attributes:
        client: the client.
        subject: the words that name it.
        checks: the duties that are looked at.
        known: reasons why duties may be broken, by name.
        example: the example that is played alone, or None.
        is_metered: whether what was exercised is told.
        files: names of formats, and where reports in them are written.
    """

    client: Any
    subject: str
    checks: Collection[str]
    known: Mapping[str, str]
    example: Any
    is_metered: bool
    files: Sequence[tuple[str, Path]]


def _check_client(options: argparse.Namespace, out: Output) -> int:
    from contracts import reports
    from contracts.clients.python import BadClient
    from contracts.known import BadKnown
    from mockserver.scenario import BadScenario

    try:
        asked = _asked(options)
    except (BadClient, BadKnown, ValueError) as problem:
        return _unusable(problem)
    try:
        report = _played(asked, options.profile, options.seed, is_short=options.over == "respx")
    except (BadClient, BadScenario) as problem:
        return _unusable(problem)
    for form, path in asked.files:
        path.write_text(reports.FORMATS[form](report, asked.subject), encoding="utf-8")
    if options.output is None and options.format == "text":
        reports.show(report, asked.subject, out)
    elif options.output is None:
        print(reports.FORMATS[options.format](report, asked.subject), end="", file=out)
    return FOUND if report.new else 0


def _unusable(problem: Exception) -> int:
    print(f"runware-mock: {problem}", file=sys.stderr)
    return USAGE_ERROR


def _asked(options: argparse.Namespace) -> _Asked:
    """Read the options.

    Raises:
        BadClient: there is no such client.
        BadKnown: the file of known findings cannot be used.
        ValueError: another option cannot.
    """
    from contracts.checks import CHECKS
    from contracts.clients.base import Client
    from contracts.clients.command import CommandClient
    from contracts.clients.python import BadClient, load_client
    from contracts.known import load_known

    files = [_also(each) for each in options.also or ()]
    if options.output is not None:
        files.append((options.format, writable("--output", options.output)))
    checks = chosen(CHECKS, options.only, options.skip)
    known = {} if options.known is None else load_known(options.known, CHECKS)
    example = None if options.example is None else _example(options.example)
    if (options.client is None) == (options.program is None):
        raise BadClient("name one client: MODULE:ATTRIBUTE, or --command COMMAND")
    client: Client = CommandClient(options.program) if options.program else load_client(options.client)
    subject = named(options.program) if options.program else options.client
    forms = (
        [form for form, _ in files] if options.output is not None else [options.format, *(form for form, _ in files)]
    )
    if options.coverage and not set(forms) & {*WITH_COVERAGE}:
        raise ValueError(f"--coverage: no place for it in {listed(forms)}; use {listed(WITH_COVERAGE)}")
    return _Asked(client, subject, checks, known, example, options.coverage, files)


def _played(asked: _Asked, profile: str, seed: int | None, *, is_short: bool) -> "Report":
    """Play examples, or the one that is asked for.

    Raises:
        BadClient: it is a program that never answered.
    """
    from contracts.clients.python import BadClient
    from contracts.commands.progress import Bar
    from contracts.coverage.meter import Meter
    from contracts.runner import PROFILES as PLANS
    from contracts.runner import Runner, kinds_for
    from contracts.session import Session
    from contracts.stage import Stage

    bar = Bar(sys.stderr, len(kinds_for(asked.client.is_inside)) * len(PLANS[profile].rounds))
    # What a client prints is no part of the report.
    with redirect_stdout(sys.stderr), Stage(asked.client, is_short=is_short) as stage, bar.shown():
        meter = Meter(stage.spec) if asked.is_metered else None

        def heed(recording: "Recording") -> None:
            bar.play(recording)
            if meter is not None:
                meter.heed(recording)

        runner = Runner(stage, asked.checks, profile, seed, bar.begin, heed, bar.find)
        example = asked.example
        if isinstance(example, Session):
            report = runner.replay_session(example)
        else:
            report = runner.run() if example is None else runner.replay(example["task"], example["behaviour"])
    if why := getattr(asked.client, "why_unusable", ""):
        raise BadClient(f"{asked.subject}: {why}; it has to answer each line that it reads with a line")
    return replace(report, known=asked.known, coverage=meter.coverage().focused() if meter else None)


def _also(text: str) -> tuple[str, Path]:
    form, _, name = text.partition("=")
    if form not in FORMATS or not name:
        raise ValueError(f"--also: {text!r} is no FORMAT=FILE, such as html=report.html; formats: {', '.join(FORMATS)}")
    return form, writable("--also", Path(name))


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
    match example:
        case {"task": dict(), "behaviour": dict()}:
            return example
    raise ValueError("--example: an object with the objects task and behaviour is expected, as a report shows it")
