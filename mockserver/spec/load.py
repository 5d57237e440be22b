"""What the schemas say, as values: which tasks there are, which models, and what each must look like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.spec.agreement import (
    check_codes,
    check_constant,
    check_defaults,
    check_unique,
    find_fault,
    read_model,
    read_task,
)
from mockserver.spec.catalogue import ApiError, Catalogue, read_catalogue
from mockserver.spec.checkers import CHECKERS, Checker
from mockserver.spec.deliveries import Manner, read_manners
from mockserver.spec.dialect import Chosen, Dialect, choose
from mockserver.spec.documents import (
    TABLES,
    apply_patches,
    inline,
    is_schema_file,
    read_documents,
    shipped_root,
    walk,
)
from mockserver.spec.grammar import check_schema
from mockserver.spec.pictures import PictureRules, read_picture_rules
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.sources import check_claims


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
        pictures: which pictures are good in a request.
    """

    name: str
    path: str
    task_type: str
    schema: Mapping[str, Any]
    answer: Mapping[str, Any]
    documentation: str
    checker: Checker
    rewrites: Sequence[Mapping[str, str]] = ()
    pictures: PictureRules = field(default_factory=PictureRules)

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
            `when` agrees with the task counting; what `pictures` says of them is read.
    """

    air: str
    about: Mapping[str, Any]

    @cached_property
    def deciding(self) -> tuple[str, ...]:
        """The parameters on which time and price of a generation depend."""
        tables = (*self.about["generation"], *self.about["price"])
        return tuple(dict.fromkeys(name for entry in tables for name in entry["when"]))


@dataclass(frozen=True)
class Spec:
    """Everything that the data files say, for one set of choices.

    Attributes:
        chosen: profile and choices it was loaded with.
        documents: the data files after patching, by path.
        tasks: branches that need no model, by task type.
        models: branches by task type and model.
        catalogue: the error codes.
        manners: how each kind of delivery is made.
    """

    chosen: Chosen
    documents: Mapping[str, Any]
    tasks: Mapping[str, Branch]
    models: Mapping[str, Mapping[str, Model]]
    catalogue: Catalogue
    manners: Mapping[str, Manner]

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
    read = _read(extra)
    chosen = choose(read["dialect.json"], profile, choices)
    documents = apply_patches(read, chosen.patches)
    for path, document in documents.items():
        if is_schema_file(path):
            check_schema(path, document)
    builder = _Builder(documents, chosen, validator, read_catalogue(documents["errors.json"]))
    models: dict[str, dict[str, Model]] = {}
    tasks: dict[str, Branch] = {}
    for path in documents:
        if path.startswith("tasks/"):
            branch = builder.task(path)
            check_unique(path, branch.task_type, tasks)
            tasks[branch.task_type] = branch
    for path in documents:
        if path.startswith("models/"):
            model = builder.model(path)
            check_unique(path, model.task_type, tasks)
            family = models.setdefault(model.task_type, {})
            check_unique(path, model.air, family)
            family[model.air] = model
    manners = read_manners(documents["deliveries.json"])
    return Spec(chosen, documents, tasks, models, builder.catalogue, manners)


def _read(extra: Path | None) -> dict[str, Any]:
    """Read the shipped files and the further ones. Claims are not held against files of a folder that makes none."""
    shipped = read_documents(shipped_root())
    added = read_documents(extra) if extra else {}
    read = {**shipped, **added}
    for table in sorted(TABLES):
        if table not in read:
            raise SchemaProblem(table, "the file is missing", "put it back")
    check_claims(read, replaced=() if "sources.json" in added else added.keys())
    return read


@dataclass(frozen=True)
class _Builder:
    documents: Mapping[str, Any]
    chosen: Chosen
    validator: str
    catalogue: Catalogue

    def task(self, path: str) -> Branch:
        schema = self._request(path)
        task_type = check_constant(path, schema, "taskType")
        about = read_task(path, schema)
        return Branch(
            name=task_type,
            path=path,
            task_type=task_type,
            schema=schema,
            answer=inline(self.documents, path, "/$defs/answer"),
            documentation=about["documentation"],
            checker=self._checker(path, schema),
            pictures=read_picture_rules(about),
        )

    def model(self, path: str) -> Model:
        schema = self._request(path)
        task_type, air = check_constant(path, schema, "taskType"), check_constant(path, schema, "model")
        about = read_model(path, schema)
        if about["result"] not in self.documents:
            raise SchemaProblem(f"{path}#/x-model/result", "there is no such file", "name one such as wire/video.json")
        return Model(
            name=f"{task_type} {air}",
            path=path,
            task_type=task_type,
            schema=schema,
            answer=inline(self.documents, about["result"]),
            documentation=about["documentation"],
            checker=self._checker(path, schema),
            rewrites=self.chosen.rewrites,
            pictures=read_picture_rules(about),
            air=air,
            about=about,
        )

    def _request(self, path: str) -> Mapping[str, Any]:
        schema = inline(self.documents, path)
        check_codes(path, schema, self.catalogue)
        for _, node in walk(schema):
            if isinstance(node, dict):
                for keyword in self.chosen.dropped:
                    node.pop(keyword, None)
        return MappingProxyType(schema)

    def _checker(self, path: str, schema: Mapping[str, Any]) -> Checker:
        factory = CHECKERS[self.validator]()
        try:
            checker = factory(dict(schema))
        except ValueError as problem:
            raise find_fault(path, schema, factory, problem) from problem
        check_defaults(path, schema, CHECKERS["fast"]())
        return checker
