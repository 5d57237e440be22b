"""`runware-mock coverage`: what of the API was exercised at a running mock, or in an HTTP archive."""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.commands.options import writable
from mockserver.cli import FOUND, USAGE_ERROR, Help
from mockserver.output import Output
from mockserver.settings import VARIABLES
from mockserver.spec.suggest import nearest

if TYPE_CHECKING:
    from contracts.coverage.sources import Heard

FORMATS = ("text", "json", "html")
#: Where the token of the control API may come from, as for the mock itself.
TOKEN = f"{VARIABLES}CONTROL_TOKEN"
#: How long the mock may take to say what it imitates, in seconds.
PATIENCE_S = 10.0


def add(commands: Any) -> None:
    """Add the command."""
    coverage = commands.add_parser(
        "coverage",
        usage="%(prog)s [options] URL | FILE",
        help="show what of the API was exercised at a running mock",
        description="Show which parameters, values, boundaries, rules, error codes and life-cycle paths were\n"
        "exercised by what was said to a running mock, or by what an HTTP archive (HAR) holds.",
        epilog="examples:\n  runware-mock coverage http://127.0.0.1:8080\n"
        "  runware-mock coverage http://127.0.0.1:8080 --fail-under 50 --fail-under parameters=90\n"
        "  runware-mock coverage journal.har --format html --output coverage.html\n\n"
        "A mock says itself what it imitates; for an archive say --profile and --choice as the mock was started.\n"
        "exit status: 0 all went well, 1 less was exercised than --fail-under wants, 2 the input or an option cannot\n"
        "be used",
        formatter_class=Help,
    )
    coverage.add_argument("source", metavar="URL | FILE", help="address of a mock, or an HTTP archive")
    coverage.add_argument("--format", choices=FORMATS, default="text", help="form of the report (default: text)")
    coverage.add_argument("--output", type=Path, metavar="FILE", help="write the report to a file")
    coverage.add_argument(
        "--fail-under",
        action="append",
        default=[],
        metavar="[AREA=]PERCENT",
        help="end with 1 where less was exercised, of everything or of an area such as parameters; repeatable",
    )
    coverage.add_argument(
        "--model", action="append", metavar="MODEL", help="tell of this model; repeatable (default: those asked for)"
    )
    coverage.add_argument("--token", metavar="TOKEN", help=f"the control token (default: {TOKEN})")
    coverage.add_argument("--profile", metavar="NAME", help="profile of the schemas (default: the mock's, or strict)")
    coverage.add_argument("--choice", action="append", default=[], metavar="NAME=VALUE", help="a choice; repeatable")
    coverage.add_argument("--schema", type=Path, metavar="FOLDER", help="folder with further data files")
    coverage.set_defaults(run=_coverage, command=coverage)


class _Unusable(Exception):
    """Something cannot be used; the message says what and how to mend it."""


def _coverage(options: argparse.Namespace, out: Output) -> int:
    from contracts.coverage import FORMATS as FORMS
    from contracts.coverage.words import shortfalls

    try:
        wanted = [_wanted(text) for text in options.fail_under]
        if options.output is not None:
            _writable(options.output)
        measured = _measure(options)
    except _Unusable as problem:
        return _refuse(str(problem))
    told = FORMS[options.format](measured)
    if options.output is None:
        print(told, end="", file=out)
    else:
        options.output.write_text(told, encoding="utf-8")
    short = shortfalls(measured, wanted)
    for each in short:
        print(f"runware-mock: {each}", file=sys.stderr)
    return FOUND if short else 0


def _refuse(problem: str) -> int:
    print(f"runware-mock: {problem}", file=sys.stderr)
    return USAGE_ERROR


def _writable(path: Path) -> None:
    try:
        writable("--output", path)
    except ValueError as problem:
        raise _Unusable(str(problem)) from None


def _wanted(text: str) -> tuple[str | None, float]:
    """Read how much is wanted, of what."""
    from contracts.coverage.points import COUNTED

    name, equals, number = text.rpartition("=")
    if equals and name not in COUNTED:
        near = nearest(name, COUNTED)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(COUNTED)}"
        raise _Unusable(f"--fail-under: there is no area {name!r}; {hint}")
    try:
        least = float(number)
    except ValueError:
        least = -1.0
    if not 0 <= least <= 100:
        raise _Unusable(f"--fail-under: {number!r} is no percentage; write a number from 0 to 100")
    return name or None, least


def _measure(options: argparse.Namespace) -> Any:
    from contracts.coverage.meter import Meter
    from mockserver.spec.load import load_spec

    choices = dict(_choice(text) for text in options.choice)
    profile = options.profile
    is_mock = re.match(r"https?://", options.source) is not None
    heard = _from_mock(options) if is_mock else _from_file(Path(options.source))
    airs: Sequence[str] = ()
    if is_mock:
        state = _state(options.source)
        airs = state["models"]
        profile = profile or state["profile"]
        choices = {**state["choices"], **choices}
    spec = load_spec(options.schema, profile or "strict", choices)
    known = [model.air for model in spec.all_models]
    for air in airs:
        if air not in known:
            raise _Unusable(f"the mock has the model {air}, whose file is elsewhere; name its folder with --schema")
    for air in options.model or ():
        if air not in known:
            raise _Unusable(f"--model: there is no model {air!r}; there are {', '.join(known)}")
    meter = Meter(spec)
    meter.hear(heard.exchanges)
    measured = meter.coverage(heard.gaps)
    return measured.about(options.model) if options.model else measured.focused()


def _choice(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise _Unusable(f"--choice: {text!r} has no value; write it as in sizes=with-512")
    return name, value


def _from_mock(options: argparse.Namespace) -> "Heard":
    from contracts.coverage.sources import from_journal
    from mockserver.remote import ControlProblem, MockControl

    token = options.token or os.environ.get(TOKEN)
    try:
        with MockControl(_base(options.source), token) as control:
            return from_journal(control.journal())
    except ControlProblem as problem:
        raise _Unusable(f"{options.source}: {problem}") from None


def _base(url: str) -> str:
    return url.rstrip("/").removesuffix("/v1")


def _state(url: str) -> Mapping[str, Any]:
    """Return what a mock says of itself."""
    import httpx

    try:
        state = httpx.get(f"{_base(url)}/health", timeout=PATIENCE_S, trust_env=False).json()
    except (httpx.TransportError, ValueError) as problem:
        raise _Unusable(f"{url}: the mock does not say what it imitates ({problem})") from None
    match state:
        case {"models": list(), "profile": str(), "choices": dict()}:
            told: Mapping[str, Any] = state
            return told
    raise _Unusable(f"{url}: the mock does not say what it imitates; is it of another version?")


def _from_file(path: Path) -> "Heard":
    from contracts.coverage.sources import BadArchive, from_archive

    try:
        # Browsers begin their archives with a byte order mark.
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        hint = "; an address begins with http://" if ":" in str(path) else ""
        raise _Unusable(f"{path}: it cannot be read ({problem.strerror}){hint}") from None
    except (ValueError, RecursionError) as problem:
        raise _Unusable(f"{path}: it is no JSON ({problem}); an HTTP archive is expected") from None
    try:
        return from_archive(document)
    except BadArchive as problem:
        raise _Unusable(f"{path}: {problem}") from None
