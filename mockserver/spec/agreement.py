"""What must hold of the parts of a branch together, beyond the form of each: else a mistake would only show later."""

from collections.abc import Mapping
from typing import Any

from mockserver.spec.catalogue import Catalogue
from mockserver.spec.checkers import CheckerFactory
from mockserver.spec.documents import walk
from mockserver.spec.pictures import PICTURES
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.shapes import TEXT, TEXTS, Schema, Shape, members
from mockserver.spec.wording import listed, show

_WHEN: Schema = {"type": "object"}
_AMOUNT: Schema = {"type": "number", "minimum": 0}
_GENERATION = members({"when": _WHEN, "medianSeconds": _AMOUNT, "sigma": _AMOUNT})
_PRICE = members({"when": _WHEN, "usd": _AMOUNT})


def _table(entry: Schema) -> Schema:
    return {"type": "array", "items": entry, "minItems": 1, "x-expects": "a list of entries"}


#: `x-model`: what a model is called, takes in time and costs, and which pictures it takes.
MODEL = Shape(
    members(
        {
            **dict.fromkeys(("slug", "name", "creator", "architecture"), TEXT),
            "capabilities": TEXTS,
            "documentation": TEXT,
            "result": TEXT,
            "generation": _table(_GENERATION),
            "price": _table(_PRICE),
        },
        {"pictures": PICTURES},
    )
)
#: `x-task`: where a platform task is documented, and which pictures it takes.
TASK = Shape(members({"documentation": TEXT}, {"pictures": PICTURES}))


def read_task(path: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a platform task says of itself.

    Args:
        path: its file.
        schema: the schema of its requests, without references.
    """
    return _read(path, schema, "x-task", TASK)


def read_model(path: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a model says of itself; refuse tables that leave tasks out or test what no task has.

    Args:
        path: its file.
        schema: the schema of its requests, without references.
    """
    about = _read(path, schema, "x-model", MODEL)
    for table in ("generation", "price"):
        place, entries = f"{path}#/x-model/{table}", about[table]
        for index, entry in enumerate(entries):
            for name in entry["when"]:
                if name not in schema["properties"]:
                    raise SchemaProblem(f"{place}/{index}/when/{name}", "there is no such parameter", "mend the name")
        if entries[-1]["when"] != {}:
            raise SchemaProblem(place, "no entry takes the other tasks", 'end with "when": {}')
    for index, entry in enumerate(about["price"]):
        if entry["usd"] != round(entry["usd"], 6):
            place = f"{path}#/x-model/price/{index}/usd"
            raise SchemaProblem(place, f"nobody can be charged {entry['usd']}", "use at most six decimals")
    missing = {"taskType", "taskUUID", "model"} - set(schema.get("required", ()))
    if missing:
        raise SchemaProblem(f"{path}#/required", f"a task may lack {listed(sorted(missing))}", "require it")
    return about


def _read(path: str, schema: Mapping[str, Any], keyword: str, shape: Shape) -> Mapping[str, Any]:
    place = f"{path}#/{keyword}"
    if keyword not in schema:
        raise SchemaProblem(place, "missing", "write an object")
    shape.check(place, schema[keyword])
    about: Mapping[str, Any] = schema[keyword]
    return about


def check_constant(path: str, schema: Mapping[str, Any], name: str) -> str:
    """Return the constant by which tasks choose a branch, or refuse a branch without one."""
    node = schema.get("properties", {}).get(name)
    place = f"{path}#/properties/{name}/const"
    if not isinstance(node, Mapping) or "const" not in node:
        raise SchemaProblem(place, "the constant is missing", "write a string")
    if not isinstance(node["const"], str) or not node["const"]:
        raise SchemaProblem(place, f"found {show(node['const'])}", "write a string")
    return node["const"]


def check_codes(path: str, schema: Any, catalogue: Catalogue) -> None:
    """Refuse names of errors that the catalogue does not have."""
    for pointer, node in walk(schema):
        for keyword, code in node.get("x-errors", {}).items() if isinstance(node, Mapping) else ():
            if code not in catalogue.named:
                raise SchemaProblem(
                    f"{path}#{pointer}/x-errors/{keyword}", f"no error {code!r}", "add it to errors.json"
                )


def check_defaults(path: str, schema: Any, factory: CheckerFactory) -> None:
    """Refuse a default that its own schema refuses."""
    for pointer, node in walk(schema):
        if isinstance(node, Mapping) and "default" in node and not factory(node).accepts(node["default"]):
            shown = show(node["default"])
            raise SchemaProblem(f"{path}#{pointer}/default", f"{shown} breaks the rules beside it", "mend the default")


def find_fault(path: str, schema: Any, factory: CheckerFactory, problem: ValueError) -> SchemaProblem:
    """Return why a library does not take a schema; the form of everything but patterns was looked at before."""
    for pointer, node in walk(schema):
        if isinstance(node, Mapping) and "pattern" in node:
            try:
                factory({"pattern": node["pattern"]})
            except ValueError as fault:
                return SchemaProblem(f"{path}#{pointer}/pattern", _first_line(fault), "mend the pattern")
    return SchemaProblem(path, f"not a valid JSON Schema ({_first_line(problem)})", "mend the file")


def _first_line(problem: ValueError) -> str:
    return str(problem).partition("\n")[0]


def check_unique(path: str, what: str, others: Mapping[str, Any]) -> None:
    """Refuse a second file for what another one describes: only one of them could count."""
    if what in others:
        raise SchemaProblem(
            path, f"{others[what].path} describes {what} too", "take one out; to replace a file, name yours alike"
        )
