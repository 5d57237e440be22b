"""`runware-mock check server`: how something that claims to be the API deviates from it."""

import argparse
import math
import os
import re
import sys
from typing import Any

from contracts.commands.options import chosen
from mockserver.cli import FOUND, USAGE_ERROR, Help
from mockserver.output import Output


def add(subjects: Any) -> None:
    """Add the command."""
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
        key = _usable(options)
        names = chosen(DUTIES, options.only, options.skip)
    except ValueError as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    asker = Asker(options.url, key, options.seed)
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
    if not any(turn.status for turn in turns):
        print(f"runware-mock: {options.url}: nobody answers there ({turns[0].problem})", file=sys.stderr)
        return USAGE_ERROR
    found = deviations(talk, names)
    is_json = options.format == "json"
    report = as_json(found, talk, options.url, names, key) if is_json else told(found, talk, names, key)
    print(report, end="", file=out)
    return FOUND if found else 0


def _usable(options: argparse.Namespace) -> str:
    """Return the key that is shown.

    Raises:
        ValueError: the address, the key or the budget cannot be used; says which and how to mend it.
    """
    if not _is_address(options.url):
        raise ValueError(f"{options.url!r} is no address such as https://api.runware.ai/v1")
    if not (math.isfinite(options.spend) and options.spend >= 0):
        raise ValueError(f"--spend: {options.spend} is no sum; write US dollars from 0 on, such as 0.3")
    key: str = options.key or os.environ.get("RUNWARE_API_KEY") or "mock-key"
    if not re.fullmatch(r"[!-~]+", key):
        place = "--key" if options.key else "RUNWARE_API_KEY"
        raise ValueError(
            f"{place}: a key is of ASCII letters, digits and signs, without blanks; this one cannot be sent"
        )
    return key


def _is_address(text: str) -> bool:
    import httpx

    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    is_whole = re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text) is not None
    return is_whole and bool(url.host) and 0 < (url.port or 80) <= 65535
