"""The address of a receiver: what in it is secret, how it is shown, how a stranger would write it."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

#: What stands in reports where a secret was.
HIDDEN = "…"
#: Shorter values are not looked for in answers: they stand for something else there.
_LEAST_SOUGHT = 4
#: A part of a path that nobody guesses: letters and digits, many of them.
_UNGUESSABLE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_~-]{16,}")


def has_query(url: str) -> bool:
    """Say whether an address has parameters with values, of which one may be secret."""
    return any(value for _, _, value in _pairs(url))


def has_secret_path(url: str) -> bool:
    """Say whether a part of the path is one that nobody guesses."""
    return any(_UNGUESSABLE.fullmatch(part) for part in _path_of(url).split("/"))


def shown_address(url: str) -> str:
    """Return an address without its secrets: the values of its query, and parts of its path that nobody guesses."""
    begin, mark, _ = url.partition("?")
    pairs = "&".join(f"{name}{sign}{HIDDEN if value else ''}" for name, sign, value in _pairs(url))
    return hide(begin, [part for part in _path_of(url).split("/") if _UNGUESSABLE.fullmatch(part)]) + mark + pairs


def secrets_of(url: str) -> list[str]:
    """Return what of an address must not be shown, the longest first."""
    parts = [part for part in _path_of(url).split("/") if _UNGUESSABLE.fullmatch(part)]
    values = [
        form for _, _, value in _pairs(url) for form in (value, unquote_plus(value)) if len(form) >= _LEAST_SOUGHT
    ]
    return sorted({*parts, *values}, key=len, reverse=True)


def hide(text: str, secrets: list[str]) -> str:
    """Return a text without some secrets."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def without_query(url: str) -> str:
    """Return an address without its query."""
    return url.partition("?")[0]


def with_other_values(url: str) -> str:
    """Return an address whose query has the same parameters, each with another value of the same length."""
    begin, _, _ = url.partition("?")
    return begin + "?" + "&".join(f"{name}{sign}{_other(value)}" for name, sign, value in _pairs(url))


def _pairs(url: str) -> Iterator[tuple[str, str, str]]:
    """Yield the parameters of a query as they are written: name, "=" or nothing, value."""
    query = url.partition("#")[0].partition("?")[2]
    for part in query.split("&") if query else ():
        yield part.partition("=")


def _path_of(url: str) -> str:
    return url.partition("://")[2].partition("?")[0].partition("#")[0].partition("/")[2]


def _other(value: str) -> str:
    """Return another value of the same kind: each letter and digit the next one; escapes stay."""
    return re.sub(r"%[0-9A-Fa-f]{2}|[A-Za-z0-9]", lambda found: _next(found[0]), value)


def _next(word: str) -> str:
    if len(word) > 1:
        return word
    return {"9": "0", "z": "a", "Z": "A"}.get(word) or chr(ord(word) + 1)
