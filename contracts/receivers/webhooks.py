"""What a receiver of webhooks gets, step by step: each delivery differs from a plain one in one thing."""

from collections.abc import Callable, Iterator

import orjson
from hypothesis import strategies as st

from contracts.receivers.address import has_query, with_other_values, without_query
from contracts.receivers.bodies import Bodies
from contracts.receivers.talk import Kind, Probe, Step
from contracts.strategies import AWKWARD
from mockserver.faults.add_unknown_fields import UNKNOWN
from mockserver.spec.wording import count

#: How many plain deliveries there are, how many at a time, and how many of the same.
PLAIN, AT_ONCE, COPIES = 3, 16, 4
#: Sizes of large bodies, in bytes: more than frameworks take unless told otherwise, and what most gateways take.
LARGE_BYTES = (200_000, 950_000)
#: Seeds that are no whole numbers of 32 bits, or of 53 as JavaScript has them; the last is the greatest one.
#: Source: documentation of video inference, October 2025: seeds reach 2^63 (stated)
SEEDS = (2**31, 2**53 + 1, 2**63 - 1)
#: Costs that no float of 32 bits and no two decimals hold.
COSTS = (0.30000000000000004, 0.123456789012345, 1e-7)
#: What is no delivery, though it comes as one.
GARBAGE = (
    b"",
    b"{",
    b"nothing",
    b"\xff\xfe{}",
    b"[]",
    b"null",
    b"{}",
    b'{"data": [null]}',
    b'{"data": "a text"}',
)
#: The same for receivers that look for errors.
GARBAGE_OF_ERRORS = (b'{"errors": [[]]}', b'{"errors": {}}')

_PLAIN, _FAILURE = frozenset({Kind.PLAIN}), frozenset({Kind.PLAIN, Kind.FAILURE})


def webhook_steps(bodies: Bodies, url: str, slow_video: Callable[[], str] | None) -> Iterator[Step]:
    """Yield everything that is delivered.

    Args:
        bodies: words it.
        url: the address of the receiver.
        slow_video: returns an address whose download takes longer than any receiver may, or None where none is served.
    """
    first = bodies.result(bodies.plain())
    yield _vital(first)
    yield _one(Kind.AGAIN, "the same result again", first)
    for _ in range(PLAIN - 1):
        yield _vital(bodies.result(bodies.plain()))
    yield from _others(bodies)
    yield from _several(bodies)
    if slow_video is not None:
        slow = bodies.with_members(bodies.result(bodies.plain()), {"videoURL": slow_video()})
        yield Step((Probe(Kind.SLOW_VIDEO, "a result whose video downloads slowly", slow),), _PLAIN, is_rough=True)
    yield from _failures(bodies)
    yield _one(Kind.AGAIN, "the first result again, much later", first)
    yield from _crowds(bodies)
    yield from _rough(bodies)
    yield from _strangers(bodies, url)


def plain_result(bodies: Bodies, after: str) -> Probe:
    """Return a plain delivery that shows whether a receiver is still there after something."""
    return Probe(Kind.PULSE, f"a finished result after {after}", bodies.result(bodies.plain()))


def _vital(body: bytes) -> Step:
    return Step((Probe(Kind.PLAIN, "a finished result", body),), is_vital=True)


def _one(kind: Kind, about: str, body: bytes, needs: frozenset[Kind] = _PLAIN) -> Step:
    return Step((Probe(kind, about, body),), needs)


def _others(bodies: Bodies) -> Iterator[Step]:
    """Results with other members than most have, or with other values."""
    yield _one(Kind.OPTIONAL, "a result without cost", bodies.result(bodies.task()))
    for is_flagged in (False, True):
        checked = bodies.task(includeCost=True, safety={"mode": "fast"}, is_flagged=is_flagged)
        yield _one(Kind.OPTIONAL, "a result with NSFWContent", bodies.result(checked))
    for number in range(3):
        yield _one(Kind.OPTIONAL, "a result of a task from the schemas", bodies.result(bodies.drawn_task(number)))
    status = bodies.with_members(bodies.result(bodies.plain()), {"status": "success"})
    yield _one(Kind.UNKNOWN, "a result with a status", status)
    unknown = bodies.with_members(bodies.result(bodies.plain()), UNKNOWN)
    yield _one(Kind.UNKNOWN, "a result with members that nobody knows", unknown)
    beside = bodies.in_envelope(bodies.result(bodies.plain()), UNKNOWN)
    yield _one(Kind.UNKNOWN, "a body with members that nobody knows", beside)
    for seed in (*SEEDS, bodies.draw(st.integers(SEEDS[0], SEEDS[-1]))):
        large = bodies.with_members(bodies.result(bodies.plain()), {"seed": seed})
        yield _one(Kind.NUMBERS, f"a result with the seed {seed}", large)
    for cost in COSTS:
        long = bodies.with_members(bodies.result(bodies.plain()), {"cost": cost})
        yield _one(Kind.NUMBERS, f"a result with the cost {cost}", long)


def _several(bodies: Bodies) -> Iterator[Step]:
    """Several results of one task, each in a call of its own, the last first."""
    task = bodies.plain()
    for index in (2, 1, 0):
        body = bodies.result(task, index)
        yield _one(Kind.SEVERAL, f"result {index + 1} of a task with three, the last first", body)


def _failures(bodies: Bodies) -> Iterator[Step]:
    """Failures, alone and beside results of the same task."""
    for name in bodies.failures:
        yield _one(Kind.FAILURE, f"a failure ({name})", bodies.failure(name))
    nested = {"responseContent": {"message": "server busy", "data": {"task_status": "Fail"}}, "responseStatusCode": 502}
    told = bodies.with_members(bodies.failure("providerError"), nested)
    yield _one(Kind.FAILURE, "a failure with an object as the provider's answer", told)
    again = bodies.failure("providerError")
    yield _one(Kind.FAILURE, "a failure (providerError)", again)
    yield _one(Kind.AGAIN, "the same failure again", again, _FAILURE)
    unknown = bodies.with_members(bodies.failure("providerError"), UNKNOWN)
    yield _one(Kind.UNKNOWN, "a failure with members that nobody knows", unknown, _FAILURE | {Kind.UNKNOWN})
    for text in (*AWKWARD, bodies.draw(_TEXTS)):
        for is_ascii in (False, True):
            body = bodies.with_members(bodies.failure("providerError"), {"message": text}, is_ascii=is_ascii)
            yield _one(Kind.TEXTS, f"a failure with the message {text!r}", body, _FAILURE)
    task, other = bodies.plain(), bodies.plain()
    needs = _FAILURE | {Kind.SEVERAL}
    for about, body in (
        ("a result of a task with two", bodies.result(task)),
        ("a failure after a result of the same task", bodies.failure("providerError", task)),
        ("a failure of a task with two", bodies.failure("providerError", other)),
        ("a result after a failure of the same task", bodies.result(other)),
    ):
        yield _one(Kind.MIXED, about, body, needs)
    if not bodies.is_flat:
        third = bodies.plain()
        both = bodies.in_envelope(bodies.result(third), orjson.loads(bodies.failure("providerError", third)))
        yield _one(Kind.BESIDE, "a result beside an error in one body", both, needs | {Kind.MIXED})


#: Texts of which each character is one that people write.
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=20, max_size=200)


def _crowds(bodies: Bodies) -> Iterator[Step]:
    """Many deliveries at once."""
    crowd = [Probe(Kind.AT_ONCE, f"{AT_ONCE} results at once", bodies.result(bodies.plain())) for _ in range(AT_ONCE)]
    yield Step(crowd, _PLAIN, is_rough=True)
    same = bodies.result(bodies.plain())
    copies = [Probe(Kind.AGAIN_AT_ONCE, f"the same result {COPIES} times at once", same) for _ in range(COPIES)]
    yield Step(copies, frozenset({Kind.AGAIN, Kind.AT_ONCE}), is_rough=True)


def _rough(bodies: Bodies) -> Iterator[Step]:
    """What gateways, providers and strangers send."""
    for size_bytes in LARGE_BYTES:
        page = {"responseContent": "<p>Bad Gateway</p>" * (size_bytes // 18)}
        large = bodies.with_members(bodies.failure("providerError"), page)
        about = f"a failure of {size_bytes // 1000} kB"
        yield Step((Probe(Kind.LARGE, about, large),), _FAILURE, is_rough=True)
    for bad, needs in ((GARBAGE, _PLAIN), (GARBAGE_OF_ERRORS, _FAILURE)):
        for body in bad:
            about = f"a body of {count(len(body), 'byte')} that is no delivery: {body.decode(errors='replace')!r}"
            yield Step((Probe(Kind.GARBAGE, about, body),), needs, is_rough=True)
    broken = bodies.result(bodies.plain())
    yield Step((Probe(Kind.CUT, "a request that breaks off", broken, is_cut=True),), _PLAIN, is_rough=True)


def _strangers(bodies: Bodies, url: str) -> Iterator[Step]:
    """Deliveries of somebody who does not know the secret."""
    for about, address in strangers(url):
        body = bodies.result(bodies.plain())
        yield Step((Probe(Kind.STRANGER, f"a result {about}", body, url=address),), _PLAIN)


def strangers(url: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses that somebody would guess who does not know the query, each with what is wrong with it."""
    if has_query(url):
        yield "to the address without its query", without_query(url)
        if with_other_values(url) != url:
            yield "to the address with other values in its query", with_other_values(url)
