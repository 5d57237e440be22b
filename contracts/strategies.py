"""Valid tasks of every shape, drawn from the schemas.

The schema is the only source: a further model, or another choice, needs nothing here. Boundaries and awkward texts are
favoured; conditional rules are met by drawing again what they forbid, not by throwing tasks away.
"""

import string
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from math import ceil, floor
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from contracts.pictures import GOOD, as_base64, as_data_uri
from mockserver.spec.checkers import CHECKERS, Checker
from mockserver.spec.load import Branch

Strategy = st.SearchStrategy[Any]
Draw = Callable[[Strategy], Any]

#: Most rounds in which conditional rules are met; each may set off another.
MOST_ROUNDS = 6

#: Most orders in which the members of an object may come; 0 is that of the schema.
MOST_ORDERS = 999

#: Texts that clients tend to spoil: blanks at the ends, characters beyond 16 bits, right-to-left, both ways to write
#: an accent, a zero-width joiner, what looks like an escape or a template.
AWKWARD = (
    "  a lighthouse  ",
    "\ta tab and a\nnew line\r\n",
    "𝔞 𝔩𝔦𝔤𝔥𝔱𝔥𝔬𝔲𝔰𝔢 🌊🗼",
    "منارة عند الغروب",
    "caf\u00e9 and cafe\u0301",
    "👩\u200d🚀 floats",
    '"quoted" \\backslash\\ {{braces}} %20 &amp; \\u0041',
    "<b>null</b>",
    "0",
)


def valid_tasks(branch: Branch, **fixed: Any) -> Strategy:
    """Return a strategy for requests that keep every rule of a branch.

    Args:
        branch: which task.
        fixed: members that always have these values; they must be valid.
    """
    drawn = values(branch.schema)
    return (drawn.map(lambda task: {**task, **fixed}) if fixed else drawn).filter(branch.checker.accepts)


#: The first example of a strategy is always its simplest one, whatever the seed.
_LOOKS = 4


def drawn(strategy: Strategy, chance: int) -> Any:
    """Return one value of a strategy, the same for the same seed."""
    found: list[Any] = []

    @seed(chance)
    @settings(
        max_examples=_LOOKS,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    return found[-1]


def values(schema: Mapping[str, Any] | bool) -> Strategy:
    """Return a strategy for values that keep a schema of our subset, without references in it."""
    if isinstance(schema, bool) or not schema:
        return st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(list(schema["enum"]))
    types = schema.get("type", ())
    if isinstance(types, list):
        return st.one_of([values({**schema, "type": name, **_shape(schema, name)}) for name in types])
    if types == "array":
        return _lists(schema).filter(_checker(schema).accepts)
    return _BY_TYPE[types](schema) if types else values({})


def _shape(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what a schema of several types says of one of them: the `then` behind a test for that type."""
    for member in schema.get("allOf", ()):
        if member.get("if", {}).get("type") == name:
            then: Mapping[str, Any] = member["then"]
            return then
    return {}


def _strings(schema: Mapping[str, Any]) -> Strategy:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if schema.get("contentMediaType") == "image/*":
        return pictures()
    if schema.get("format") == "uri":
        return web_addresses()
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].removesuffix("$") + r"\Z", fullmatch=True)
    return texts(least, most)


def texts(least: int, most: int | None) -> Strategy:
    """Return a strategy for texts of so many code points, the awkward ones and both limits among them."""
    awkward = [text for text in AWKWARD if least <= len(text) <= (most or len(text))]
    limits = [least, *([most] if most else [])]
    plain = st.text(
        st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=least, max_size=min(most or 40, 40)
    )
    at_limits = st.sampled_from([character * size for size in limits for character in "aé🌊"])
    return st.one_of(plain, at_limits, *([st.sampled_from(awkward)] if awkward else []))


_LABELS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
#: The end of a host name begins with a letter, or it would be an odd spelling of an IP address.
_DOMAINS = ("a", "example", "s3.example", "blob.core.example")
_SEGMENTS = ("v", "videos", "0", "a%20b", "a%2Fb", "%C3%A9", "50%25", "x.mp4", "~a", "a+b", "")
#: Pairs of a query as signatures have them, and as programs tend to write them anew.
_PAIRS = (
    "a=1",
    "token=s3cr3t",
    "X-Amz-Signature=0a%2B9%2F%3D",
    "sig=0a%2b9%2f%3d",
    "name=a%20b",
    "name=a+b",
    "empty=",
    "flag",
    "a=2",
    "u=%C3%A9",
    "p=%25",
    "l=a,b;c",
)


#: The parts of an address. Made once: a strategy that is made while another draws costs more than what it draws.
_ADDRESSES = st.tuples(
    st.sampled_from(["https://", "http://", "HTTPS://"]),
    st.one_of(st.just(""), _LABELS.map(lambda label: f"{label}.")),
    st.sampled_from(_DOMAINS),
    st.one_of(st.just(""), st.integers(1, 65535).map(lambda number: f":{number}")),
    st.lists(st.sampled_from(_SEGMENTS), max_size=3).map(lambda segments: "/" + "/".join(segments)),
    st.lists(st.sampled_from(_PAIRS), max_size=3).map(lambda pairs: "?" * bool(pairs) + "&".join(pairs)),
).map("".join)


def web_addresses() -> Strategy:
    """Return a strategy for addresses like those of webhooks and presigned uploads: every byte of them counts."""
    return _ADDRESSES


def pictures() -> Strategy:
    """Return a strategy for pictures that every model takes, by address or as they are. UUIDs need an upload first."""
    names = st.sampled_from(sorted(GOOD))
    return st.one_of(web_addresses(), names.map(_data_uri), names.map(_base64))


def _data_uri(name: str) -> str:
    return as_data_uri(*GOOD[name])


def _base64(name: str) -> str:
    return as_base64(GOOD[name][1])


def _integers(schema: Mapping[str, Any]) -> Strategy:
    least, most = schema.get("minimum", -(2**31)), schema.get("maximum", 2**31)
    return st.one_of(st.integers(least, most), st.sampled_from([least, most]))


def _numbers(schema: Mapping[str, Any]) -> Strategy:
    least, most = schema.get("minimum", -1e6), schema.get("maximum", 1e6)
    step = schema.get("multipleOf")
    if step:
        return st.integers(ceil(least / step), floor(most / step)).map(lambda number: number * step)
    return st.floats(least, most)


def _lists(schema: Mapping[str, Any]) -> Strategy:
    least = schema.get("minItems", 0)
    return st.lists(values(schema.get("items", {})), min_size=least, max_size=schema.get("maxItems", least + 3))


def _objects(schema: Mapping[str, Any]) -> Strategy:
    nodes = {name: node for name, node in schema.get("properties", {}).items() if node is not False}
    return _object(schema, {name: values(node) for name, node in nodes.items()})


@st.composite
def _object(draw: Draw, schema: Mapping[str, Any], members: Mapping[str, Strategy]) -> dict[str, Any]:
    """Draw an object: every required member, any of the others, in any order; then meet the conditional rules."""
    required = [name for name in schema.get("required", ()) if name in members]
    optional = [name for name in members if name not in required]
    # Two choices, not two for each member: drawing would take longer than playing what is drawn.
    taken, order = draw(st.integers(0, 2 ** len(optional) - 1)), draw(st.integers(0, MOST_ORDERS))
    # Large numbers are drawn less often than small ones, so no member has the first or the last place for ever.
    chosen = [*required, *(name for place, name in enumerate(optional) if taken >> (place + order) % len(optional) & 1)]
    if order:
        Random(order).shuffle(chosen)  # noqa: S311 - the order is drawn, and the same again for a number
    found = {name: draw(members[name]) for name in chosen}
    settle(draw, schema, found)
    return found


def settle(draw: Draw, schema: Mapping[str, Any], found: dict[str, Any]) -> None:
    """Meet the conditional rules of an object by adding what they need and drawing again what they forbid."""
    for _ in range(MOST_ROUNDS):
        if not _meet_rules(draw, schema, found):
            return


def _meet_rules(draw: Draw, schema: Mapping[str, Any], found: dict[str, Any]) -> bool:
    """Go through the rules once and say whether anything was changed."""
    changed = False
    properties = schema.get("properties", {})
    for name in _needed(schema, found):
        if name not in found and properties.get(name, False) is not False:
            found[name] = draw(values(properties[name]))
            changed = True
    for rule in consequences(schema, found):
        for name, node in rule.get("properties", {}).items():
            if name in found and not _checker(node).accepts(found[name]):
                if node is False:
                    del found[name]
                else:
                    found[name] = draw(values({**properties[name], **node}))
                changed = True
    return changed


def _needed(schema: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the members that others, or conditional rules, need beside them."""
    needed = [
        name for trigger, names in schema.get("dependentRequired", {}).items() if trigger in found for name in names
    ]
    return [*needed, *(name for rule in consequences(schema, found) for name in rule.get("required", ()))]


def consequences(schema: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that conditional rules put on an object as it stands."""
    for rule in (schema, *schema.get("allOf", ())):
        if isinstance(rule, Mapping) and "if" in rule:
            told = rule.get("then" if _checker(rule["if"]).accepts(dict(found)) else "else", {})
            if isinstance(told, Mapping):
                yield told


_CHECKERS: dict[int, tuple[Any, Checker]] = {}


def _checker(schema: Mapping[str, Any] | bool) -> Checker:
    """Return a checker for a schema, made once for each."""
    if id(schema) not in _CHECKERS:
        _CHECKERS[id(schema)] = (schema, _factory()(dict(schema) if isinstance(schema, Mapping) else schema))
    return _CHECKERS[id(schema)][1]


@lru_cache(maxsize=1)
def _factory() -> Any:
    return CHECKERS["fast"]()


_BY_TYPE: Mapping[str, Callable[[Mapping[str, Any]], Strategy]] = {
    "string": _strings,
    "integer": _integers,
    "number": _numbers,
    "object": _objects,
    "array": _lists,
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
}
