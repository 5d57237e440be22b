"""YAML as today's editors read it, with the place of every value. Imported when a file is read, not before."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml


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


class Places(NamedTuple):
    """Where the values of a document stand: line and column, from 1, by JSON Pointer."""

    known: dict[str, tuple[int, int]]

    def near(self, pointer: str) -> tuple[int, int]:
        """Return the place of a value, or of the innermost one around it that is there."""
        while pointer and pointer not in self.known:
            pointer = pointer.rpartition("/")[0]
        return self.known.get(pointer, (1, 1))


class _Loader(yaml.SafeLoader):
    """Reads only true and false as truth values, as YAML 1.2 does; `on` and `no` are words."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> tuple[Any, Places]:
    """Read a document.

    Raises:
        BadYaml: it is none.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        reason = getattr(problem, "problem", None) or str(problem).replace("\n", " ")
        raise BadYaml(reason, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from problem
    return data, Places(dict(_places(node, "")) if node else {})


def _places(node: yaml.Node, pointer: str) -> Iterator[tuple[str, tuple[int, int]]]:
    yield pointer, (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _places(value, f"{pointer}/{key.value}")
            yield f"{pointer}/{key.value}", (key.start_mark.line + 1, key.start_mark.column + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _places(value, f"{pointer}/{index}")
