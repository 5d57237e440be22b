"""From files to schemas: read, patch, refuse what nobody acts on, put references in their place.

Here stands everything that is done to the data before a task is held against it. What the data means is kept out.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from mockserver.spec.keywords import NOTES, RULES, STRUCTURE, Holds
from mockserver.spec.problem import SchemaProblem

#: Folders whose files are JSON Schemas, and the files that are tables of our own.
SCHEMA_FOLDERS = ("shared", "models", "tasks", "wire")
TABLES = frozenset({"deliveries.json", "dialect.json", "errors.json", "sources.json"})
#: Files that say nothing of the API: the form of scenarios and of reports, and the control API of the mock.
APART = frozenset({"scenario.json", "control.json", "report.json"})
#: Most lists and objects inside each other in a file, and most references that lead from one to the next.
MAX_DEPTH, MOST_REFERENCES = 64, 8

Schema = Mapping[str, Any] | bool
Documents = Mapping[str, Any]


def shipped_root() -> Path:
    """Return the folder of the data files: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_schema"
    return inside if inside.is_dir() else package.parent / "schema"


def read_documents(*roots: Path) -> dict[str, Any]:
    """Read every JSON file below the roots.

    Args:
        roots: folders in order; a file of a later one takes the place of its namesake in an earlier one.

    Returns:
        The parsed files by their path below the root, with forward slashes.

    Raises:
        SchemaProblem: a root is no folder or is not laid out like `schema/`, or a file is not JSON.
    """
    found: dict[str, Any] = {}
    for root in roots:
        if not root.is_dir():
            raise SchemaProblem(str(root), "there is no such folder", "name a folder laid out like schema/")
        files = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*.json"))}
        if root == shipped_root():
            files = {name: path for name, path in files.items() if name not in APART}
        _check_layout(root, files)
        for name, path in files.items():
            found[name] = read_json(path)
    return found


def _check_layout(root: Path, names: Collection[str]) -> None:
    """Refuse a folder of data files in which nothing would be found, or not everything."""
    astray = [name for name in names if name not in TABLES and not is_schema_file(name)]
    if root.name in SCHEMA_FOLDERS and astray:
        raise SchemaProblem(str(root), "its files are looked for one level higher", f"name {root.parent} instead")
    for name in astray:
        mend = f"put it into one of {', '.join(f'{folder}/' for folder in SCHEMA_FOLDERS)}, or take it out"
        raise SchemaProblem(str(root / name), "nothing reads a file at this place", mend)
    if not names:
        raise SchemaProblem(str(root), "the folder holds no data files", "lay it out like schema/: models/NAME.json")


def read_json(path: Path) -> Any:
    """Read one JSON file: strictly, since what a parser lets pass is a mistake that nobody hears of.

    Raises:
        SchemaProblem: it cannot be read, is not JSON, says something twice, or is nested too deeply.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise _too_deep(str(path)) from None
    except (OSError, ValueError) as problem:
        raise SchemaProblem(str(path), f"the file cannot be read as JSON ({problem})", "mend the file") from problem
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [member for value in level for member in _held(value)]
    if level:
        raise _too_deep(str(path))
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{max(names, key=names.count)!r} is there twice in one object")
    return members


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep(place: str) -> SchemaProblem:
    return SchemaProblem(place, f"more than {MAX_DEPTH} lists and objects lie inside each other", "make it flatter")


def merge(target: Any, patch: Any) -> Any:
    """Return the target with a JSON Merge Patch (RFC 7396) applied; neither is changed."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def apply_patches(documents: Documents, patches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the documents with patches applied in order.

    Args:
        documents: files by path.
        patches: merge patches by path; the path "models/*" stands for every model.

    Raises:
        SchemaProblem: a patch names a file that is not there.
    """
    patched = dict(documents)
    for patch in patches:
        for place, change in patch.items():
            paths = [path for path in patched if PurePosixPath(path).match(place)]
            if not paths:
                raise SchemaProblem(f"dialect.json: {place}", "no such file to patch", "name a file below schema/")
            for path in paths:
                patched[path] = merge(patched[path], change)
    return patched


def is_schema_file(path: str) -> bool:
    """Say whether a file holds a JSON Schema, from the folder it lies in."""
    return "/" in path and path.split("/", 1)[0] in SCHEMA_FOLDERS


def walk(schema: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every schema below and including this one, with its JSON Pointer."""
    yield place, schema
    if not isinstance(schema, Mapping):
        return
    for keyword, value in schema.items():
        holds = RULES.get(keyword) or STRUCTURE.get(keyword)
        if holds is Holds.SCHEMA:
            yield from walk(value, f"{place}/{keyword}")
        elif holds is Holds.SCHEMAS:
            for index, member in enumerate(value):
                yield from walk(member, f"{place}/{keyword}/{index}")
        elif holds is Holds.NAMED_SCHEMAS:
            for name, member in value.items():
                yield from walk(member, f"{place}/{keyword}/{escape(name)}")


def escape(name: str) -> str:
    """Return a name as a JSON Pointer segment (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape(segment: str) -> str:
    """Return the name that a JSON Pointer segment stands for."""
    return segment.replace("~1", "/").replace("~0", "~")


def look_up(document: Any, pointer: str) -> Any:
    """Return what a JSON Pointer names.

    Raises:
        LookupError: there is nothing at that place.
    """
    here = document
    for segment in pointer.split("/")[1:]:
        name = unescape(segment)
        if isinstance(here, Mapping):
            here = here[name]
        elif isinstance(here, list) and name.isdecimal():
            here = here[int(name)]
        else:
            raise LookupError(pointer)
    return here


def inline(documents: Documents, path: str, pointer: str = "") -> Any:
    """Return a schema with every reference replaced by what it points at, and without its definitions.

    Notes that stand beside a reference win over those of what it points at.

    Raises:
        SchemaProblem: a reference leads nowhere, in a circle, or stands beside a rule.
    """
    return _inline(documents, path, _target(documents, path, pointer, path), ())


def _inline(documents: Documents, path: str, node: Any, trail: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inline(documents, path, member, trail) for member in node]
    if not isinstance(node, Mapping):
        return node
    if "$ref" in node:
        return _follow(documents, path, node, trail)
    inlined: dict[str, Any] = {}
    for keyword, value in node.items():
        holds = RULES.get(keyword)
        if keyword == "$defs":
            continue
        if holds is Holds.NAMED_SCHEMAS:
            inlined[keyword] = {name: _inline(documents, path, member, trail) for name, member in value.items()}
        elif holds in (Holds.SCHEMA, Holds.SCHEMAS):
            inlined[keyword] = _inline(documents, path, value, trail)
        else:
            inlined[keyword] = value
    return inlined


def _follow(documents: Documents, path: str, node: Mapping[str, Any], trail: tuple[str, ...]) -> Any:
    reference = str(node["$ref"])
    beside = {keyword: value for keyword, value in node.items() if keyword != "$ref"}
    if not NOTES.keys() >= beside.keys():
        raise SchemaProblem(f"{path}: {reference}", "a rule stands beside a reference", "put both into allOf")
    file, _, pointer = reference.partition("#")
    target_path = _join(path, file) if file else path
    name = f"{target_path}#{pointer}"
    if name in trail:
        raise SchemaProblem(f"{path}: {reference}", "the references run in a circle", "break the circle")
    if len(trail) >= MOST_REFERENCES:
        raise SchemaProblem(
            f"{path}: {reference}", f"{MOST_REFERENCES} references lead from one to the next", "cut some"
        )
    target = _target(documents, target_path, pointer, f"{path}: {reference}")
    inlined = _inline(documents, target_path, target, (*trail, name))
    return {**inlined, **beside} if isinstance(inlined, Mapping) else inlined


def _join(path: str, file: str) -> str:
    parts = list(PurePosixPath(path).parent.parts)
    for part in PurePosixPath(file).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)


def _target(documents: Documents, path: str, pointer: str, place: str) -> Any:
    try:
        return look_up(documents[path], pointer)
    except LookupError as problem:
        raise SchemaProblem(place, f"there is nothing at {path}#{pointer}", "mend the reference") from problem
