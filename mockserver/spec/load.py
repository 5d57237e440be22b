"""What the schemas say, as values: which tasks there are, which models, and what each must look like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.spec.catalogue import ApiError, Catalogue, read_catalogue
from mockserver.spec.checkers import CHECKERS, Checker
from mockserver.spec.dialect import Chosen, Dialect, choose
from mockserver.spec.documents import (
    apply_patches,
    check_keywords,
    inline,
    is_schema_file,
    read_documents,
    shipped_root,
    walk,
)
from mockserver.spec.problem import SchemaProblem


def _members(prefix: str, schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of an object schema, or of the objects in a list schema, with their dotted places."""
    if not isinstance(schema, Mapping):
        return
    for name, node in schema.get("properties", {}).items():
        yield f"{prefix}.{name}" if prefix else name, node
    if prefix:
        yield from _members(f"{prefix}[0]", schema.get("items"))
        for part in (schema.get("then"), *schema.get("allOf", ())):
            yield from _members(prefix, part)


@dataclass(frozen=True, kw_only=True, eq=False)
class Branch:
    """One kind of task: what a request of it must look like and what answers it.

    Attributes:
        name: the task type, and for a generation the model too, as in "videoInference minimax:3@1".
        path: the file that describes it.
        task_type: wire name of the task type.
        schema: schema of the request, without references.
        answer: schema of one item of the answer.
        documentation: address of the page that explains the parameters.
        checker: holds requests against the schema.
        rewrites: what is done to a request first.
    """

    name: str
    path: str
    task_type: str
    schema: Mapping[str, Any]
    answer: Mapping[str, Any]
    documentation: str
    checker: Checker
    rewrites: Sequence[Mapping[str, str]] = ()

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Dotted places of all parameters, by bare name; the outermost of a name, the first of a list."""
        found: dict[str, str] = {}
        level: list[tuple[str, Any]] = [("", self.schema)]
        while level:
            members = [member for prefix, node in level for member in _members(prefix, node)]
            for dotted, _ in members:
                found.setdefault(dotted.rsplit(".", 1)[-1], dotted)
            level = members
        return found

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """The value of each top-level parameter that has one when it is left out."""
        properties: Mapping[str, Any] = self.schema["properties"]
        return {
            name: node["default"]
            for name, node in properties.items()
            if isinstance(node, Mapping) and "default" in node
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Model(Branch):
    """A branch that generates media with one model.

    Attributes:
        air: identifier of the model, as in "minimax:3@1".
        about: the model's own data, `x-model` in its file: slug, name, creator, architecture,
            capabilities, generation (medianSeconds, sigma) and price (usd), the first entry whose
            `when` agrees with the task counting.
    """

    air: str
    about: Mapping[str, Any]


@dataclass(frozen=True)
class Spec:
    """Everything that the data files say, for one set of choices.

    Attributes:
        chosen: profile and choices it was loaded with.
        documents: the data files after patching, by path.
        tasks: branches that need no model, by task type.
        models: branches by task type and model.
        catalogue: the error codes.
    """

    chosen: Chosen
    documents: Mapping[str, Any]
    tasks: Mapping[str, Branch]
    models: Mapping[str, Mapping[str, Model]]
    catalogue: Catalogue

    @property
    def dialect(self) -> Dialect:
        """The choices that code acts on."""
        return self.chosen.dialect

    @cached_property
    def task_types(self) -> tuple[str, ...]:
        """Every task type that is answered."""
        return (*self.models, *self.tasks)

    @cached_property
    def all_models(self) -> tuple[Model, ...]:
        """Every model, whatever its task type."""
        return tuple(model for family in self.models.values() for model in family.values())

    @cached_property
    def failures(self) -> Mapping[str, ApiError]:
        """Every error that a generation can be made to end with, by the name that provokes it."""
        return self.catalogue.failures(name for model in self.all_models for name in model.parameters)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every parameter name of the API: what a refusal may repeat of a body that cannot be read."""
        return frozenset(name for branch in (*self.tasks.values(), *self.all_models) for name in branch.parameters)

    def branch(self, task_type: Any, air: Any) -> Branch | None:
        """Return the branch that a task chose, or None where it chose none that exists."""
        if type(task_type) is not str:
            return None
        family = self.models.get(task_type)
        if family is None:
            return self.tasks.get(task_type)
        return family.get(air) if type(air) is str else None

    def wire(self, name: str) -> Any:
        """Return the schema of a wire shape, such as "answer" or "error"."""
        return inline(self.documents, f"wire/{name}.json")


def load_spec(
    extra: Path | None = None,
    profile: str = "strict",
    choices: Mapping[str, str] | None = None,
    validator: str = "fast",
) -> Spec:
    """Read the data files and build everything that is held against a task.

    Args:
        extra: a folder laid out like `schema/`; its files add to the shipped ones or take their place.
        profile: bundle of choices to start from.
        choices: choices that differ from the profile's.
        validator: which checker does the work, "fast" or "reference".

    Raises:
        SchemaProblem: a data file cannot be used; says which, where, and what to do.
        UnknownChoice: the profile or a choice does not exist.
    """
    read = read_documents(shipped_root(), *([extra] if extra else []))
    chosen = choose(read["dialect.json"], profile, choices)
    documents = apply_patches(read, chosen.patches)
    for path, document in documents.items():
        if is_schema_file(path):
            check_keywords(path, document)
    builder = _Builder(documents, chosen, validator)
    models: dict[str, dict[str, Model]] = {}
    tasks: dict[str, Branch] = {}
    for path in documents:
        if path.startswith("models/"):
            model = builder.model(path)
            models.setdefault(model.task_type, {})[model.air] = model
        elif path.startswith("tasks/"):
            branch = builder.task(path)
            tasks[branch.task_type] = branch
    catalogue = read_catalogue(documents["errors.json"])
    for branch in (*tasks.values(), *(model for family in models.values() for model in family.values())):
        _check_codes(branch, catalogue)
    return Spec(chosen, documents, tasks, models, catalogue)


@dataclass(frozen=True)
class _Builder:
    documents: Mapping[str, Any]
    chosen: Chosen
    validator: str

    def task(self, path: str) -> Branch:
        schema = self._request(path)
        return Branch(
            name=_constant(path, schema, "taskType"),
            path=path,
            task_type=_constant(path, schema, "taskType"),
            schema=schema,
            answer=inline(self.documents, path, "/$defs/answer"),
            documentation=_note(path, schema, "x-task")["documentation"],
            checker=self._checker(path, schema),
        )

    def model(self, path: str) -> Model:
        schema = self._request(path)
        about = _note(path, schema, "x-model")
        _check_about(path, about)
        task_type, air = _constant(path, schema, "taskType"), _constant(path, schema, "model")
        return Model(
            name=f"{task_type} {air}",
            path=path,
            task_type=task_type,
            schema=schema,
            answer=inline(self.documents, about["result"]),
            documentation=about["documentation"],
            checker=self._checker(path, schema),
            rewrites=self.chosen.rewrites,
            air=air,
            about=about,
        )

    def _request(self, path: str) -> Mapping[str, Any]:
        schema = inline(self.documents, path)
        for _, node in walk(schema):
            if isinstance(node, dict):
                for keyword in self.chosen.dropped:
                    node.pop(keyword, None)
        return MappingProxyType(schema)

    def _checker(self, path: str, schema: Mapping[str, Any]) -> Checker:
        try:
            return CHECKERS[self.validator]()(dict(schema))
        except ValueError as problem:
            raise SchemaProblem(path, f"not a valid JSON Schema ({problem})", "mend the file") from problem


#: Members of `x-model` and their types.
_ABOUT: Mapping[str, type] = {
    "slug": str,
    "name": str,
    "creator": str,
    "architecture": str,
    "capabilities": list,
    "documentation": str,
    "result": str,
    "generation": list,
    "price": list,
}


def _check_about(path: str, about: Any) -> None:
    place = f"{path}#/x-model"
    for key, kind in _ABOUT.items():
        if not isinstance(about.get(key), kind):
            raise SchemaProblem(f"{place}/{key}", "missing or of the wrong type", f"write a {kind.__name__}")
    for key in about.keys() - _ABOUT.keys():
        raise SchemaProblem(f"{place}/{key}", "nothing reads this", f"use one of {sorted(_ABOUT)}")
    for table, figures in (("generation", ("medianSeconds", "sigma")), ("price", ("usd",))):
        entries = about[table]
        if not entries or entries[-1].get("when") != {}:
            raise SchemaProblem(f"{place}/{table}", "no entry takes the other tasks", 'end with "when": {}')
        for entry in entries:
            if entry.keys() != {"when", *figures} or not all(isinstance(entry[f], int | float) for f in figures):
                raise SchemaProblem(f"{place}/{table}", f"cannot read {entry}", f"write when, {', '.join(figures)}")


def _constant(path: str, schema: Mapping[str, Any], name: str) -> str:
    try:
        return str(schema["properties"][name]["const"])
    except (KeyError, TypeError) as problem:
        raise SchemaProblem(f"{path}#/properties/{name}", "the constant is missing", 'write "const"') from problem


def _note(path: str, schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    note = schema.get(keyword)
    if not isinstance(note, Mapping):
        raise SchemaProblem(f"{path}#/{keyword}", "missing", "write an object")
    return note


def _check_codes(branch: Branch, catalogue: Catalogue) -> None:
    for place, node in walk(branch.schema):
        if isinstance(node, Mapping):
            for code in node.get("x-errors", {}).values():
                if code not in catalogue.named:
                    raise SchemaProblem(
                        f"{branch.path}#{place}/x-errors", f"no error {code!r}", "add it to errors.json"
                    )
