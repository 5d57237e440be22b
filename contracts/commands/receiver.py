"""`runware-mock check receiver`: what of the service's deliveries an address of webhooks or uploads does not take."""

import argparse
import sys
from pathlib import Path
from typing import Any

from contracts.commands.options import chosen, writable
from mockserver.cli import FOUND, USAGE_ERROR, Help
from mockserver.output import Output

KINDS = ("webhook", "upload")
FORMATS = ("text", "json", "junit", "github")


def add(subjects: Any) -> None:
    """Add the command."""
    receiver = subjects.add_parser(
        "receiver",
        usage="%(prog)s [options] URL",
        help="a receiver: an address of yours for webhooks or uploads",
        description="Deliver to an address what the service may deliver: results, failures, the same again, many at\n"
        "once, large ones, with texts and numbers that break things, to the address without its secret. Each\n"
        "differs from a plain delivery in one thing, and must be answered with 2xx in time. What the receiver does\n"
        "with them is seen with --state alone: name one for tests. Nothing else is called. The videos of the\n"
        "results are served on this machine meanwhile.",
        epilog="examples:\n  runware-mock check receiver 'http://127.0.0.1:9000/hooks/runware?token=my-secret'\n"
        "  runware-mock check receiver http://127.0.0.1:9000/hooks --only takes-duplicates --format json\n"
        "  runware-mock check receiver http://127.0.0.1:9000/hooks --task 24cd5dff-cb81-4db5-8506-b72a9425f9d1\n"
        "  runware-mock check receiver --kind upload 'https://bucket.example.com/video.mp4?signature=…'\n\n"
        "Values of the query are in no report. runware-mock checks lists the duties.\n"
        "exit status: 0 nothing is broken, 1 something is, 2 the address or an option cannot be used",
        formatter_class=Help,
    )
    receiver.add_argument("url", metavar="URL", help="where webhooks or uploads are sent to, with its query")
    receiver.add_argument("--kind", choices=KINDS, default="webhook", help="what it receives (default: webhook)")
    receiver.add_argument(
        "--task",
        action="append",
        default=[],
        metavar="UUID",
        help="deliver results of this task, for receivers that know their tasks; repeatable, better several",
    )
    receiver.add_argument(
        "--origin",
        default="",
        metavar="URL",
        help="begin of the addresses of videos, as in https://vm.runware.ai (default: served on this machine)",
    )
    receiver.add_argument(
        "--state",
        default="",
        metavar="URL",
        help="an address that shows what the receiver keeps: compared before and after a delivery that comes again",
    )
    receiver.add_argument(
        "--envelope", choices=("wrapped", "flat"), default="wrapped", help="form of webhooks (default: wrapped)"
    )
    receiver.add_argument("--seed", type=int, default=0, metavar="NUMBER", help="draw other bodies (default: 0)")
    receiver.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="how long an answer is waited for (default: 5 for webhooks, 10 for uploads)",
    )
    receiver.add_argument("--format", choices=FORMATS, default="text", help="form of the report (default: text)")
    receiver.add_argument("--output", type=Path, metavar="FILE", help="write the report to a file")
    receiver.add_argument("--only", action="append", metavar="DUTY", help="look at this duty alone; repeatable")
    receiver.add_argument("--skip", action="append", metavar="DUTY", help="do not look at this duty; repeatable")
    receiver.set_defaults(run=_check_receiver, command=receiver)


def _check_receiver(options: argparse.Namespace, out: Output) -> int:
    import asyncio

    from contracts.receivers.checking import talk_with
    from contracts.receivers.duties import duties_of
    from contracts.receivers.report import FORMATS as REPORTS
    from contracts.receivers.report import report_on
    from contracts.receivers.sending import BadAddress, policy_for
    from mockserver.spec.load import load_spec

    try:
        names = chosen(duties_of(options.kind), options.only, options.skip)
        wanted = _wanted(options)
        place = "URL"
        policy_for(options.url)
        place = "--state"
        policy_for(*([options.state] if options.state else []))
        if options.output is not None:
            writable("--output", options.output)
    except BadAddress as problem:
        print(f"runware-mock: {place}: {problem}", file=sys.stderr)
        return USAGE_ERROR
    except ValueError as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    spec = load_spec(choices={"webhook-envelope": options.envelope})
    try:
        talk = asyncio.run(talk_with(wanted, spec))
    except BadAddress as problem:
        print(f"runware-mock: --state: {problem}", file=sys.stderr)
        return USAGE_ERROR
    report = report_on(talk, names, options.seed)
    told = REPORTS[options.format](report)
    if options.output is None:
        print(told, end="", file=out)
    else:
        options.output.write_text(told, encoding="utf-8")
    return FOUND if report.broken else 0


def _wanted(options: argparse.Namespace) -> Any:
    """Return how the receiver is to be checked.

    Raises:
        ValueError: an option cannot be used; says which and how to mend it.
    """
    import re

    from contracts.receivers.checking import Wanted

    if options.timeout is not None and not 0 < options.timeout <= 600:
        raise ValueError("--timeout: seconds from 0 to 600 are expected, such as 5")
    if options.origin and not re.fullmatch(r"https?://[^\s/?#]+", options.origin):
        raise ValueError(f"--origin: {options.origin!r} is no begin of an address such as https://vm.runware.ai")
    for uuid in options.task:
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", uuid):
            raise ValueError(f"--task: {uuid!r} is no UUID such as 24cd5dff-cb81-4db5-8506-b72a9425f9d1")
    return Wanted(options.kind, options.url, options.seed, options.timeout, options.origin, options.task, options.state)
