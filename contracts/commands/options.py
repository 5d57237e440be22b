"""Options that several commands have: which duties are looked at, where a report goes, which program is the client."""

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

from mockserver.spec.suggest import nearest


def chosen(known: Collection[str], only: Sequence[str] | None, skipped: Sequence[str] | None) -> Collection[str]:
    """Return the names of the duties that are looked at.

    Raises:
        ValueError: a duty is not known, or none is left.
    """
    for name in [*(only or ()), *(skipped or ())]:
        if name not in known:
            near = nearest(name, tuple(known))
            hint = f"did you mean {near}?" if near else "runware-mock checks lists them"
            raise ValueError(f"there is no check {name!r}; {hint}")
    left = [name for name in only or known if name not in (skipped or ())]
    if not left:
        raise ValueError("nothing is left to look at; leave out --skip, or --only")
    return left


def writable(option: str, path: Path) -> Path:
    """Return a file that can be written, which is known before minutes are spent.

    Raises:
        ValueError: it cannot; says why.
    """
    try:
        # A pipe that is opened and closed again has come to its end for its reader.
        if not path.is_fifo():
            path.open("ab").close()
    except OSError as problem:
        raise ValueError(f"{option}: {path} cannot be written ({problem.strerror})") from None
    return path


def named(program: str | Sequence[str]) -> str:
    """Return the option that names a program as the client, as a shell reads it.

    Args:
        program: its command in a line, or the words of it.
    """
    return f"--command {shlex.quote(program if isinstance(program, str) else shlex.join(program))}"
