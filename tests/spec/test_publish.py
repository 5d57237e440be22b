"""The schemas as others see them: the schema service and OpenAPI."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.strategies import values
from mockserver.spec.checkers import CHECKERS
from mockserver.spec.load import load_spec
from mockserver.spec.publish import openapi, registry, resolve

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
