"""The commands of the kit: `runware-mock check`, `checks` and `coverage`, beside those of the mock."""

from collections.abc import Sequence
from typing import Any

from contracts.commands import client, coverage, listing, receiver, server
from mockserver.cli import Help, Parser
from mockserver.cli import main as run_mock

EXAMPLES = "  runware-mock check client my_app.videos:make_video\n  runware-mock coverage http://127.0.0.1:8080\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, with the commands of the mock and of the kit.

    Args:
        arguments: the words after the command's name; those of the process unless given.

    Returns:
        The exit status: 0 when all went well, 1 when something was found, 2 when the command could not run.
    """
    return run_mock(arguments, _add_commands, EXAMPLES)


def _add_commands(commands: Any) -> None:
    check = commands.add_parser(
        "check",
        help="find out what in a client would break against the real service",
        description="Find out what in a client would break against the real service.",
        epilog="examples:\n  runware-mock check client my_app.videos:make_video\n"
        "  runware-mock check server http://127.0.0.1:8080/v1\n"
        "  runware-mock check receiver http://127.0.0.1:9000/hook\n",
        formatter_class=Help,
    )
    subjects = check.add_subparsers(title="what is checked", metavar="SUBJECT", required=True, parser_class=Parser)
    check.set_defaults(command=check)
    for subject in (client, server, receiver):
        subject.add(subjects)
    listing.add(commands)
    coverage.add(commands)
