"""The schemas as others see them: the schema service and OpenAPI."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.strategies import values
from mockserver.control import operations
from mockserver.spec.checkers import CHECKERS
from mockserver.spec.load import load_spec
from mockserver.spec.publish import control_document, openapi, registry, resolve

SPEC = load_spec()
MODEL = SPEC.models["videoInference"]["minimax:3@1"]
PUBLISHED = resolve(MODEL)


def keywords(schema: Any) -> set[str]:
    """Return every keyword that a schema uses, wherever."""
    if isinstance(schema, list):
        return {word for member in schema for word in keywords(member)}
    if not isinstance(schema, dict):
        return set()
    named = {word for member in schema.get("properties", {}).values() for word in keywords(member)}
    below = {word for name, member in schema.items() if name != "properties" for word in keywords(member)}
    return {*schema, *named, *below}


def test_a_published_schema_has_the_parts_that_official_clients_read() -> None:
    """Enumerations are lists of constants, the task type is a constant, conditions stand in allOf."""
    schema = PUBLISHED["requestSchema"]
    assert schema["properties"]["deliveryMethod"]["oneOf"][0]["const"] == "async"
    assert schema["properties"]["taskType"]["const"] == "videoInference"
    assert {"taskUUID", "model"} <= set(schema["required"])
    assert "then" in schema["allOf"][0]
    assert PUBLISHED["documentation"] == "https://runware.ai/docs/models/minimax-hailuo-02"
    assert "videoUUID" in PUBLISHED["responseSchema"]["required"]


def test_nothing_of_our_own_is_published() -> None:
    """Neither our keywords nor our addresses leave the house."""
    for schema in (
        PUBLISHED["requestSchema"],
        PUBLISHED["responseSchema"],
        *openapi(SPEC, "1")["components"]["schemas"].values(),
    ):
        assert not {word for word in keywords(schema) if word.startswith(("x-", "$"))}


@given(values(MODEL.schema))
def test_what_the_mock_accepts_keeps_the_published_schema(task: Any) -> None:
    """A client that validates before sending never refuses what the mock would take."""
    assert ACCEPTS(task)


ACCEPTS = CHECKERS["fast"]()(PUBLISHED["requestSchema"]).accepts


def test_the_registry_lists_every_model() -> None:
    """With task type and slug, as the official clients read it."""
    listed = registry(SPEC)
    assert listed["version"].isdecimal()
    assert listed["models"]["minimax:3@1"] == {"taskType": "videoInference", "id": "minimax-hailuo-02"}
    assert listed["modalityTaskTypes"] == {"video": "videoInference"}


@given(st.sampled_from(["getResponse", "mediaStorage", "modelSearch", "accountManagement"]))
def test_openapi_describes_every_task(task_type: str) -> None:
    """Each task is a component, and its example is one of the operation's."""
    document = openapi(SPEC, "1.2.3")
    assert document["info"]["version"] == "1.2.3"
    body = document["paths"]["/v1"]["post"]["requestBody"]["content"]["application/json"]
    assert {"$ref": f"#/components/schemas/{task_type}"} in body["schema"]["items"]["anyOf"]
    [example] = body["examples"][task_type]["value"]
    assert CHECKERS["fast"]()(document["components"]["schemas"][task_type]).accepts(example)


def test_openapi_tells_every_status_that_a_task_can_be_refused_with() -> None:
    """Each with the codes of the catalogue that have it: a fault can bring about any of them."""
    told = openapi(SPEC, "1")["paths"]["/v1"]["post"]["responses"]
    statuses = {str(error.http) for error in SPEC.catalogue.named.values()}
    assert told.keys() == {"200", *statuses}
    assert {"405", "408", "410", "413", "429", "431", "500", "503"} <= told.keys()
    assert told["429"]["description"].startswith("Too Many Requests: rateLimitExceeded, ")
    assert told["431"]["description"] == "Request Header Fields Too Large: headersTooLarge"
    assert told["400"]["description"].endswith(" more")


# The control API


DOCUMENT = openapi(SPEC, "1", control_document())
BARE = openapi(SPEC, "1")


def references(here: Any) -> Iterator[str]:
    """Yield every reference in a document."""
    if isinstance(here, dict):
        if isinstance(here.get("$ref"), str):
            yield here["$ref"]
        for member in here.values():
            yield from references(member)
    elif isinstance(here, list):
        for member in here:
            yield from references(member)


def responses() -> Iterator[tuple[str, Any]]:
    """Yield every response of the control API with a name for it."""
    for path, methods in control_document()["paths"].items():
        for method, about in methods.items():
            for status, response in about["responses"].items():
                yield f"{method} {path} {status}", response


def test_every_operation_that_is_described_is_there_and_the_other_way_round() -> None:
    """Addresses and methods of the description are those that are answered, each under a name of its own."""
    described = {path: {*map(str.upper, methods)} for path, methods in control_document()["paths"].items()}
    assert {path: {*methods} for path, methods in operations().items()} == described
    names = [about["operationId"] for methods in control_document()["paths"].values() for about in methods.values()]
    assert len(names) == len({*names})


def test_the_description_adds_the_control_api_and_takes_nothing_away() -> None:
    """Where it is switched off the description is as it was."""
    added = DOCUMENT["paths"].keys() - BARE["paths"].keys()
    assert added == control_document()["paths"].keys()
    assert all(DOCUMENT["paths"][path] == about for path, about in BARE["paths"].items())
    assert BARE["components"]["schemas"].items() <= DOCUMENT["components"]["schemas"].items()
    assert BARE["components"].keys() == {"schemas", "securitySchemes"}
    clash = control_document()["components"]["schemas"].keys() & BARE["components"]["schemas"].keys()
    assert not clash


def test_calls_of_the_control_api_need_no_key_of_the_api() -> None:
    """They stand in a group of their own."""
    for path in control_document()["paths"]:
        for about in DOCUMENT["paths"][path].values():
            assert (about["tags"], about["security"]) == (["control"], [])


@pytest.mark.parametrize("document", [DOCUMENT, BARE])
def test_every_reference_leads_somewhere(document: Any) -> None:
    """Within the document, to a part of the right kind."""
    for reference in references(document):
        _, first, kind, name = reference.split("/")
        assert (first, reference[0]) == ("components", "#")
        assert name in document["components"][kind], reference


#: What OpenAPI 3.1 asks of the parts that the mock publishes. The schemas in them are checked by themselves.
OPENAPI = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "paths": {
            "type": "object",
            "patternProperties": {"^/": {"$ref": "#/$defs/path"}},
            "additionalProperties": False,
        },
        "components": {"propertyNames": {"enum": ["schemas", "responses", "parameters", "securitySchemes"]}},
    },
    "additionalProperties": False,
    "patternProperties": {"^(security|tags|servers)$": {}},
    "$defs": {
        "path": {
            "type": "object",
            "propertyNames": {"enum": ["get", "put", "post", "delete", "head", "options", "patch", "trace"]},
            "additionalProperties": {"$ref": "#/$defs/operation"},
        },
        "operation": {
            "type": "object",
            "required": ["summary", "responses"],
            "properties": {
                "operationId": {"type": "string"},
                "parameters": {"type": "array", "items": {"$ref": "#/$defs/parameter"}},
                "requestBody": {"type": "object", "required": ["content"]},
                "responses": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": "^([1-5][0-9][0-9]|default)$"},
                    "additionalProperties": {"anyOf": [{"required": ["description"]}, {"required": ["$ref"]}]},
                },
            },
        },
        "parameter": {
            "anyOf": [
                {"required": ["$ref"]},
                {
                    "required": ["name", "in", "schema"],
                    "properties": {"in": {"enum": ["query", "header", "path", "cookie"]}},
                },
            ]
        },
    },
}


@pytest.mark.parametrize("document", [DOCUMENT, BARE])
def test_the_description_is_one_that_openapi_has(document: Any) -> None:
    """Its parts are as OpenAPI 3.1 wants them, and every schema in it is a schema."""
    plain = json.loads(json.dumps(document))
    jsonschema.Draft202012Validator(OPENAPI).validate(plain)
    for schema in plain["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert len({*map(str, plain["paths"])}) == len(plain["paths"])


@pytest.mark.parametrize(("name", "response"), [*responses()])
def test_every_answer_of_the_control_api_is_described(name: str, response: Any) -> None:
    """With a sentence, and with a schema unless it has no body."""
    if "$ref" not in response:
        assert response["description"], name
        assert ("content" in response) == (not name.endswith("204")), name
