"""How a file gets into the mock: out of the request itself, or from an address in it."""

from base64 import b64decode
from functools import partial

from mockserver.media.pictures import BadPicture
from mockserver.outbound import Reach
from mockserver.platform.addresses import is_address
from mockserver.platform.base import Desk
from mockserver.platform.storage import File, content_of, digest_of, use_at
from mockserver.ports import NotAllowed, TooLarge
from mockserver.spec.checkers.base import Path
from mockserver.spec.load import Branch
from mockserver.spec.violations import Violation, reject

#: How much of an offending value is told of it.
LONGEST_TOLD = 64


class Outside(str):
    """Why a file was not fetched, and what would open its address."""

    __slots__ = ()


async def take_in(desk: Desk, value: str, most_bytes: int) -> File | Outside:
    """Return the file that a value of a request stands for.

    Args:
        desk: fetches and decodes.
        value: an address, a data URI or bare base64, as its schema made sure.
        most_bytes: how large the file may be.

    Returns:
        The file; or why it was not fetched, where its address is not open and that is no mistake.

    Raises:
        BadPicture: it cannot be had.
        Busy: too much is waiting.
    """
    if not is_address(value):
        return await desk.darkroom.work(len(value), partial(_read_inline, value))
    stored = use_at(desk, value)
    content = content_of(desk, stored) if stored else None
    if stored and content is not None:
        return File(content, "", stored.digest)
    verdict = desk.outbound.judge(value)
    if verdict.reach is not Reach.OPEN:
        return _outside(desk, verdict.reason)
    try:
        fetched = await desk.fetcher.fetch(value, most_bytes)
    except NotAllowed as problem:
        return _outside(desk, problem.reason)
    except TooLarge:
        raise BadPicture("valueTooLarge", f"the file at the address has more than {most_bytes:,} bytes.") from None
    except OSError as problem:
        raise BadPicture("downloadFailed", f"From its address: {problem}.") from problem
    digest = await desk.darkroom.work(len(fetched.content), partial(digest_of, fetched.content))
    return File(fetched.content, "", digest)


def _outside(desk: Desk, reason: str) -> Outside:
    if desk.refuses_outside:
        raise BadPicture("downloadFailed", f"From its address: {reason}.")
    return Outside(reason)


def _read_inline(value: str) -> File:
    declared, _, text = value.removeprefix("data:").rpartition(",")
    content = b64decode(text)
    return File(content, declared.partition(";")[0], digest_of(content))


def refuse(desk: Desk, branch: Branch, path: Path, value: str, problem: BadPicture) -> Violation:
    """Word why a picture is refused."""
    return reject(desk.spec, branch, path, value[:LONGEST_TOLD], problem.why, problem.code, **problem.facts)
