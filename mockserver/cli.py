"""The command line: `runware-mock serve` and `runware-mock validate`."""

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

from mockserver.config import BadSetting, MockConfig, read_config
from mockserver.output import NoOutput, Output
from mockserver.reports import REPORTS
from mockserver.settings import VARIABLES, Setting, all_settings
from mockserver.spec.dialect import UnknownChoice
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.suggest import nearest

FOUND, USAGE_ERROR = 1, 2
#: What a shell shows for a program that ended because its reader went away: 128 and the number of SIGPIPE.
CLOSED_PIPE = 141
#: The same for Ctrl-C, before there is anything to end in good order.
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the words, and end."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\nTry '{self.prog} --help'.\n")


def main(
    arguments: Sequence[str] | None = None, extend: Callable[[Any], None] | None = None, examples: str = ""
) -> int:
    """Run the command line.

    Args:
        arguments: the words after the command's name; those of the process unless given.
        extend: adds further commands to a parser's.
        examples: lines that show those, for the help.

    Returns:
        The exit status: 0 when all went well, 1 when something was found, 2 when the command could not run, 130
        when it was interrupted before it began, 141 when whoever read its output went away.
    """
    out = Output(sys.stdout)
    try:
        with redirect_stdout(out):
            status = _run(arguments, out, extend, examples)
        out.check()
    except KeyboardInterrupt:
        return INTERRUPTED
    except NoOutput as problem:
        _let_go_of_output()
        if problem.is_closed:
            return CLOSED_PIPE
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR
    return status


def _run(arguments: Sequence[str] | None, out: Output, extend: Callable[[Any], None] | None, examples: str) -> int:
    try:
        options, unknown = _make_parser(extend, examples).parse_known_args(arguments)
        if unknown:
            options.command.error(_unknown(options.command, unknown[0]))
        return int(options.run(options, out))
    except SystemExit as end:
        return int(end.code or 0)
    except (BadSetting, UnknownChoice, SchemaProblem) as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR


def _unknown(command: argparse.ArgumentParser, word: str) -> str:
    """Return what to say of a word that a command does not take."""
    if not word.startswith("-"):
        return f"unexpected {word!r}"
    name = word.partition("=")[0]
    near = nearest(name.lstrip("-"), re.findall(r"--([a-z][a-z-]+)", command.format_help()))
    return f"there is no option {name}; did you mean --{near}?" if near else f"there is no option {name}"


def _let_go_of_output() -> None:
    """Leave nothing to be written when the process ends, which would fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _make_parser(extend: Callable[[Any], None] | None, examples: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog="runware-mock",
        description="A mock of the Runware video API: offline, quick, spec-driven.",
        epilog="examples:\n  runware-mock serve\n  runware-mock serve --port 9000 --speed instant\n"
        f"  runware-mock validate task.json\n{examples}",
        formatter_class=Help,
    )
    parser.add_argument("--version", action=_ShowVersion)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    _add_serve(commands)
    _add_validate(commands)
    if extend is not None:
        extend(commands)
    return parser


class Help(argparse.RawDescriptionHelpFormatter):
    """Leaves descriptions as they are and breaks no word at its hyphen: a setting is copied whole."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False, break_long_words=False)


class _ShowVersion(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from mockserver.release import VERSION

        print(f"runware-mock {VERSION}")
        parser.exit(0)


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser(
        "serve",
        usage="%(prog)s [options]",
        help="serve the mock over HTTP and WebSocket",
        description="Serve the mock over HTTP and WebSocket until Ctrl-C.",
        epilog="examples:\n  runware-mock serve\n  runware-mock serve --speed instant --seed 7 --log json\n"
        "  runware-mock serve --profile compat --api-key key-one --api-key key-two\n"
        "  runware-mock serve --state mock.db --workers 2\n"
        "  runware-mock serve --state redis://127.0.0.1:6379/0 --max-running 1000\n"
        "  RUNWARE_MOCK_PORT=9000 runware-mock serve --config runware-mock.toml\n\n"
        f"Every setting can also come from a variable ({VARIABLES}MAX_TASKS=50) or from the\n"
        "TOML file (max-tasks = 50); a flag counts before a variable, a variable before the file.",
        formatter_class=Help,
    )
    _add_settings(serve, all_settings())
    serve.set_defaults(run=_serve, command=serve)


def _add_settings(parser: argparse.ArgumentParser, settings: Mapping[str, Setting]) -> None:
    parser.add_argument(
        "--config", metavar="FILE", help=f"read settings from this TOML file, or the one {VARIABLES}CONFIG names"
    )
    plain = parser.add_argument_group("settings")
    choices = parser.add_argument_group("choices, where sources contradict each other")
    for setting in settings.values():
        about = f"{setting.about} (default: {setting.default}; for example: {setting.example})".replace("%", "%%")
        (choices if setting.is_choice else plain).add_argument(
            f"--{setting.name}",
            dest=f"set_{setting.name}",
            metavar=setting.placeholder,
            action="append" if setting.is_list else "store",
            help=about,
        )


def _config(options: argparse.Namespace) -> MockConfig:
    file = options.config or os.environ.get(f"{VARIABLES}CONFIG")
    flags = {name.removeprefix("set_"): value for name, value in vars(options).items() if name.startswith("set_")}
    return read_config(flags, os.environ, Path(file) if file else None)


def _serve(options: argparse.Namespace, out: Output) -> int:
    from mockserver.app import make_mock
    from mockserver.scenario import BadScenario
    from mockserver.serve import PortTaken, serve

    config = _config(options)
    try:
        if config.workers > 1:
            from mockserver.workers import serve_with_workers

            return serve_with_workers(config, out)
        return serve(make_mock(config), out)
    except (PortTaken, BadScenario) as problem:
        print(f"runware-mock: {problem}", file=sys.stderr)
        return USAGE_ERROR


def _add_validate(commands: Any) -> None:
    validate = commands.add_parser(
        "validate",
        usage="%(prog)s [options] FILE ...",
        help="check tasks in files against the schemas, without sending them",
        description="Check tasks in files: one task, a list of tasks, or one task a line (JSON lines).",
        epilog="examples:\n  runware-mock validate task.json\n  runware-mock validate --profile compat tasks.jsonl\n"
        "  my-client --dry-run | runware-mock validate -\n  runware-mock validate --format github tasks/*.json\n\n"
        "exit status: 0 every task is good, 1 something is wrong with a task, 2 a file or an option cannot be used",
        formatter_class=Help,
    )
    validate.add_argument("files", nargs="+", metavar="FILE", help="file to check; - is standard input")
    validate.add_argument(
        "--format",
        choices=tuple(REPORTS),
        default="text",
        help="report for people, programs, GitHub workflows or code scanners (default: text)",
    )
    shared = ("profile", "validator", "schema")
    settings = {name: setting for name, setting in all_settings().items() if name in shared or setting.is_rule}
    _add_settings(validate, settings)
    validate.set_defaults(run=_validate, command=validate)


def _validate(options: argparse.Namespace, out: Output) -> int:
    from mockserver.spec.load import load_spec
    from mockserver.validate import validate

    config = _config(options)
    spec = load_spec(config.schema, config.profile, config.choices, config.validator)
    outcome = validate(spec, options.files, options.format, out)
    for problem in outcome.unread:
        print(f"runware-mock: {problem}", file=sys.stderr)
    if outcome.unread:
        return USAGE_ERROR
    return FOUND if outcome.has_found else 0
