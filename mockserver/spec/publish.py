"""The schemas as others see them: the schema service that official clients ask, and the OpenAPI description."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from mockserver.spec.catalogue import Catalogue
from mockserver.spec.documents import read_json, shipped_root
from mockserver.spec.keywords import RULES, Holds
from mockserver.spec.load import Branch, Model, Spec

#: Rules that older dialects read differently: there a lower bound of zero on `contains` does not exist.
_UNPORTABLE = frozenset({"contains", "minContains", "maxContains"})


def portable(schema: Any) -> Any:
    """Return a schema as the real schema service writes it: without our own keywords, enumerations as oneOf.

    Official clients read it as JSON Schema 2019-09 and as draft 07; rules that mean something else there are
    left out, so the published schema may accept a little more than the mock does.

    Source: schema/sources.json, SCHEMA-SERVICE (observed)
    """
    if not isinstance(schema, Mapping):
        return schema
    shown: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword.startswith(("x-", "$")) or keyword in _UNPORTABLE:
            continue
        if keyword == "enum":
            shown["oneOf"] = [_constant(each, schema.get("x-values", {})) for each in value]
        else:
            shown[keyword] = _members(keyword, value, portable)
    return shown


def _constant(value: Any, meanings: Mapping[str, str]) -> dict[str, Any]:
    meaning = meanings.get(str(value))
    return {"const": value, "description": meaning} if meaning else {"const": value}


def _members(keyword: str, value: Any, convert: Any) -> Any:
    match RULES.get(keyword):
        case Holds.SCHEMA:
            return convert(value)
        case Holds.SCHEMAS:
            return [convert(member) for member in value]
        case Holds.NAMED_SCHEMAS:
            return {name: convert(member) for name, member in value.items()}
        case _:
            return value


def plain(schema: Any) -> Any:
    """Return a schema without our own keywords and without `$schema` and `$id`."""
    if not isinstance(schema, Mapping):
        return schema
    return {
        keyword: _members(keyword, value, plain)
        for keyword, value in schema.items()
        if not keyword.startswith(("x-", "$"))
    }


def resolve(model: Model) -> dict[str, Any]:
    """Return what the schema service answers for a model.

    Source: schema/sources.json, SCHEMA-SERVICE (observed)
    """
    return {
        "requestSchema": portable(model.schema),
        "responseSchema": portable(model.answer),
        "documentation": model.documentation,
    }


def registry(spec: Spec) -> dict[str, Any]:
    """Return the list of models that the schema service answers.

    Source: schema/sources.json, SCHEMA-SERVICE (observed)
    """
    models = spec.all_models
    return {
        "version": spec.documents["sources.json"]["schemaVersion"],
        "models": {model.air: {"taskType": model.task_type, "id": model.about["slug"]} for model in models},
        "architectureTaskTypes": {model.about["architecture"]: model.task_type for model in models},
        "modalityTaskTypes": {model.task_type.removesuffix("Inference"): model.task_type for model in models},
    }


@lru_cache(maxsize=1)
def control_document() -> Mapping[str, Any]:
    """Return the description of the control API: paths and components, as OpenAPI has them.

    Raises:
        SchemaProblem: the file cannot be read.
    """
    document: Mapping[str, Any] = read_json(shipped_root() / "control.json")
    return document


def openapi(spec: Spec, version: str, control: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return an OpenAPI 3.1 description of the API, with the schemas as they are.

    Args:
        spec: what the schemas say.
        version: version of the mock.
        control: description of the control API, where it is served.
    """
    added = control or {"paths": {}, "components": {"schemas": {}}}
    branches = (*spec.all_models, *spec.tasks.values())
    schemas = {_component(branch): plain(branch.schema) for branch in branches}
    refusals = _refusals(spec.catalogue)
    shapes = {"Answer": plain(spec.wire("answer")), "Error": plain(spec.wire("error")), "Health": _HEALTH}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "runware-mock",
            "version": version,
            "description": "A mock of the Runware video API. Every operation is a task in the list of one POST.",
        },
        "paths": {
            "/v1": {"post": _operation(branches, refusals, "Hand in tasks", "handIn")},
            "/": {"post": _operation(branches, refusals, "Hand in tasks, at the older address", "handInAtRoot")},
            **_watched(),
            "/registry.json": {"get": _get("Models on offer, as the schema service lists them", _JSON)},
            "/resolve/{model}": {
                "get": {
                    **_get("Schemas of one model, as the schema service gives them", _JSON, {"404": _NO_MODEL}),
                    "operationId": "resolveModel",
                    "parameters": [{"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}],
                }
            },
            **_tagged(added["paths"]),
        },
        "components": {
            **added["components"],
            "schemas": {**schemas, **shapes, **added["components"]["schemas"]},
            "securitySchemes": {"apiKeyAuth": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"apiKeyAuth": []}],
    }


#: How the mock is.
_HEALTH: Mapping[str, Any] = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"enum": ["ok", "unavailable"]},
        "checks": {
            "description": "How each thing is that has to be good: ok, or in a word what is wrong.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
        "version": {"type": "string"},
        "profile": {"type": "string"},
        "models": {"type": "array", "items": {"type": "string"}},
        "choices": {"description": "Choices that differ from the default.", "type": "object"},
    },
}


def _watched() -> dict[str, Any]:
    """Describe what is asked by whoever watches a mock."""
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
    unready = {"503": {"description": "The mock is stopping, or cannot do its work", "content": body}}
    page = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "/health": {"get": _get("How the mock is, and what it imitates", body, unready)},
        "/health/live": {"get": _get("Whether the mock answers", body)},
        "/health/ready": {"get": _get("Whether the mock can do its work", body, unready)},
        "/metrics": {"get": _get("What the mock did, as Prometheus reads it", page)},
    }


def _tagged(paths: Mapping[str, Any]) -> dict[str, Any]:
    """Return the paths of the control API, in a group of their own and without the key of the API."""
    return {
        path: {method: {**about, "tags": ["control"], "security": []} for method, about in methods.items()}
        for path, methods in paths.items()
    }


def _component(branch: Branch) -> str:
    return "".join(char if char.isalnum() else "_" for char in branch.name)


#: How an answer leads on to the poll of its first task.
_POLL: Mapping[str, Any] = {
    "operationId": "handIn",
    "description": "Ask how far the first task is that was taken on.",
    "requestBody": [{"taskType": "getResponse", "taskUUID": "$response.body#/data/0/taskUUID"}],
}


#: How many codes of one status are named.
_MOST_NAMED = 6


def _refusals(catalogue: Catalogue) -> dict[str, Any]:
    """Describe what tasks are refused with, by status: every one that a code of the catalogue has."""
    codes: dict[int, dict[str, None]] = {}
    for error in catalogue.named.values():
        codes.setdefault(error.http, {})[error.code] = None
    return {
        str(status): {"description": f"{_phrase(status)}: {_named(tuple(codes[status]))}", **_ANSWER}
        for status in sorted(codes)
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def _named(codes: Sequence[str]) -> str:
    more = len(codes) - _MOST_NAMED
    return ", ".join(codes[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _operation(branches: tuple[Branch, ...], refusals: Mapping[str, Any], summary: str, name: str) -> dict[str, Any]:
    kinds = [{"$ref": f"#/components/schemas/{_component(branch)}"} for branch in branches]
    examples = {
        _component(branch): {"summary": branch.name, "value": [branch.schema["examples"][0]]}
        for branch in branches
        if branch.schema.get("examples")
    }
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "array", "minItems": 1, "items": {"anyOf": kinds}},
                    "examples": examples,
                }
            },
        },
        "responses": {
            "200": {"description": "At least one task went well", **_ANSWER, "links": {"poll": _POLL}},
            **refusals,
        },
    }


_ANSWER: Mapping[str, Any] = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}}
_NO_MODEL: Mapping[str, Any] = {"description": "There is no such model", **_ANSWER}


_JSON: Mapping[str, Any] = {"application/json": {"schema": {"type": "object"}}}


def _get(summary: str, content: Mapping[str, Any], others: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Describe what is read without a key.

    Args:
        summary: what it is.
        content: what it holds, by media type.
        others: what else it may be answered with, by status.
    """
    good = {"description": summary, "content": content}
    return {"summary": summary, "responses": {"200": good, **others}, "security": []}
