"""YAML as today's editors read it, with the place of every value. Imported when a file is read, not before."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any

import orjson
import yaml

from mockserver.spec.documents import escape


class BadYaml(Exception):
    """A text is not YAML.

    Attributes:
        problem: why.
        line: where, 1 being the first.
        column: where, 1 being the first.
    """

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem, line, column)
        self.problem = problem
        self.line = line
        self.column = column


class Places:
    """Where the values of a document stand: line and column, from 1, by JSON Pointer.

    Args:
        find: finds all of them; is called when somebody asks.
    """

    def __init__(self, find: Callable[[], Mapping[str, tuple[int, int]]]) -> None:
        self._find = find

    def near(self, pointer: str) -> tuple[int, int]:
        """Return the place of a value, or of the innermost one around it that is there."""
        known = self._find()
        while pointer and pointer not in known:
            pointer = pointer.rpartition("/")[0]
        return known.get(pointer, (1, 1))


class _Loader(yaml.SafeLoader):
    """Reads only true and false as truth values, as YAML 1.2 does; `on` and `no` are words, and dates are texts."""


_TAG = "tag:yaml.org,2002:"
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != f"{_TAG}timestamp" and (tag != f"{_TAG}bool" or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

_RESOLVER = _Loader("")

#: How long a document may be that is no JSON: it is read at some hundred thousand characters a second.
MOST_CHARACTERS = 256 * 1024
#: How many values a document may have, those behind each alias counted every time, and how deep they may be nested.
MOST_VALUES, MOST_DEEP, LONGEST_NAME = 50_000, 32, 256
#: Whole numbers with more digits are none that JSON tools agree on.
_MOST_DIGITS = 18


def read_yaml(text: str) -> tuple[Any, Places]:
    """Read a document. It has values as JSON has them, and no more of them than somebody would write.

    What is JSON is read as JSON: tabs and numbers such as 1e-05 are no YAML of that kind.

    Raises:
        BadYaml: it is none.
    """
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        data, known = _read_slowly(text)
        return data, Places(lambda: known)
    if _is_deeper(data, MOST_DEEP):
        raise _too_deep(1, 1)
    return data, Places(lambda: _found(text))


def _is_deeper(value: Any, levels: int) -> bool:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(member, levels - 1) for member in members)


def _found(text: str) -> Mapping[str, tuple[int, int]]:
    """Return where the values of a JSON document stand, or nothing where that cannot be said."""
    try:
        return _read_slowly(text)[1]
    except BadYaml:
        return {}


def _read_slowly(text: str) -> tuple[Any, Mapping[str, tuple[int, int]]]:
    if len(text) > MOST_CHARACTERS:
        raise BadYaml(f"it is too long: at most {MOST_CHARACTERS:,} characters, or any number as JSON", 1, 1)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        places = [*islice(_places(node, "", 0, _start(node)), MOST_VALUES + 1)] if node else []
        if len(places) > MOST_VALUES:
            raise BadYaml(f"it has too many values: at most {MOST_VALUES:,}, those behind each alias included", 1, 1)
        return (loader.construct_document(node) if node else None), dict(places)
    except RecursionError:
        raise _too_deep(1, 1) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        reason = getattr(problem, "problem", None) or str(problem).replace("\n", " ")
        raise BadYaml(reason, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from problem


def _places(node: yaml.Node, pointer: str, depth: int, at: tuple[int, int]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield where each value stands; a member stands where its name does.

    Raises:
        BadYaml: one is none that JSON has, or nested too deeply.
    """
    if depth > MOST_DEEP:
        raise _too_deep(*_start(node))
    if node.tag not in _PLAIN[type(node)]:
        raise _tagged(node)
    yield pointer, at
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _check_name(key)
            yield from _places(value, f"{pointer}/{escape(key.value)}", depth + 1, _start(key))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _places(value, f"{pointer}/{index}", depth + 1, _start(value))
    elif isinstance(node, yaml.ScalarNode):
        _check_scalar(node)


#: What the values of each kind of node may be.
_PLAIN: Mapping[type[yaml.Node], frozenset[str]] = MappingProxyType(
    {
        yaml.MappingNode: frozenset({f"{_TAG}map"}),
        yaml.SequenceNode: frozenset({f"{_TAG}seq"}),
        yaml.ScalarNode: frozenset(f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str")),
    }
)


def _check_name(key: yaml.Node) -> None:
    """Refuse what is no name of a member."""
    if not isinstance(key, yaml.ScalarNode) or key.tag not in (f"{_TAG}str", f"{_TAG}merge") or not key.value:
        raise BadYaml("the name of a member is expected; put it into quotes if it looks like a number", *_start(key))
    key.value = _whole_text(key)
    if len(key.value) > LONGEST_NAME:
        raise BadYaml(f"a name has at most {LONGEST_NAME} characters", *_start(key))


def _check_scalar(node: yaml.ScalarNode) -> None:
    """Refuse what only looks like a value."""
    node.value = _whole_text(node)
    if node.tag == f"{_TAG}str":
        return
    # The stubs of PyYAML leave this method untyped.
    plain: str = _RESOLVER.resolve(yaml.ScalarNode, node.value, (True, False))  # type: ignore[no-untyped-call]
    if node.tag != plain:
        raise _tagged(node)
    if node.tag == f"{_TAG}float" and node.value[-1] in "fFnN":
        raise BadYaml(f"{node.value} is no number that JSON has", *_start(node))
    if node.tag == f"{_TAG}int" and len(node.value) > _MOST_DIGITS:
        raise BadYaml(f"a whole number has at most {_MOST_DIGITS} digits", *_start(node))


def _whole_text(node: yaml.ScalarNode) -> str:
    """Return a text in which the halves of characters that JSON writes as two are put together."""
    try:
        text: str = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise BadYaml("half a character stands alone: a surrogate without its other half", *_start(node)) from None
    return text


def _tagged(node: yaml.Node) -> BadYaml:
    return BadYaml(f"the tag {node.tag.replace(_TAG, '!!')} is not read; write the value plainly", *_start(node))


def _too_deep(line: int, column: int) -> BadYaml:
    return BadYaml(f"it is nested too deeply: at most {MOST_DEEP} levels", line, column)


def _start(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
