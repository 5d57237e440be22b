"""The life cycle as a diagram, drawn from the table: `python -m tests.engine.diagram` prints what the guide shows."""

from collections.abc import Mapping

from mockserver.engine.life import REFUSALS, TRANSITIONS
from mockserver.engine.values import Command, Status

Ways = Mapping[Status | None, Mapping[type[Command], tuple[Status, ...]]]


def draw(transitions: Ways = TRANSITIONS) -> str:
    """Return a Mermaid state diagram: one arrow between two statuses, with the commands that lead along it."""
    lines = ["stateDiagram-v2"]
    for status, commands in transitions.items():
        follow = list(dict.fromkeys(after for statuses in commands.values() for after in statuses))
        for after in follow:
            names = [command.__name__ for command, statuses in commands.items() if after in statuses]
            lines.append(f"    {status.value if status else '[*]'} --> {after.value}: {', '.join(names)}")
    return "\n".join(lines) + "\n"


def refusals() -> str:
    """Return a table of what a command is answered with that the diagram does not let through."""
    rows = [f"| {command.__name__} | `{error}` |" for command, error in REFUSALS.items()]
    return "\n".join(["| command | answer |", "| --- | --- |", *rows]) + "\n"


if __name__ == "__main__":
    print(f"{draw()}\n{refusals()}")
