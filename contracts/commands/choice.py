"""Which duties of a family are looked at, by the options that are common to all commands."""

from collections.abc import Collection, Sequence

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
