"""What rivals are told of the API: the mock's own OpenAPI description, cut to what the load needs.

Of ten kinds of tasks they get the one that is sent, and of the answers the good one: a rival that need not find out
which schema a task belongs to is quicker, and Prism gives its reasons only where a document describes no refusal.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.spec.load import load_spec
from mockserver.spec.publish import openapi
from tests.bench.traffic import TASK

COMPONENT = "videoInference_minimax_3_1"
ANSWER = {"data": [{"taskType": "videoInference", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"}]}
#: Rules that mean something else, or nothing, in draft 07 of JSON Schema.
_NOT_IN_DRAFT_07 = frozenset({"contains", "minContains", "maxContains"})


def cut_openapi() -> dict[str, Any]:
    """Return the description with one path, one kind of task and one answer; schemas are as they are."""
    whole = openapi(load_spec(), "0")
    names = {"taskType": {"type": "string"}, "taskUUID": {"type": "string"}}
    answer = {
        "type": "object",
        "properties": {"data": {"type": "array", "items": {"type": "object", "properties": names}}},
        "example": ANSWER,
    }
    return {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "paths": {
            "/v1": {
                "post": {
                    "requestBody": {"required": True, "content": {"application/json": {"schema": list_of_tasks()}}},
                    "responses": {
                        "200": {
                            "description": "The task was taken on",
                            "content": {"application/json": {"schema": answer, "example": ANSWER}},
                        }
                    },
                }
            }
        },
    }


def list_of_tasks() -> dict[str, Any]:
    """Return the schema of a whole body, as JSON Schema 2020-12."""
    task = openapi(load_spec(), "0")["components"]["schemas"][COMPONENT]
    if task["properties"]["model"]["const"] != TASK["model"]:
        raise AssertionError(f"{COMPONENT} is not about the model of the load")
    return {"type": "array", "minItems": 1, "items": task}


def draft_07(schema: Any) -> Any:
    """Return a schema for checkers that know draft 07 and refuse keywords of later ones.

    `dependentRequired` gets its older name. Rules about how many items of a list are of a kind are left out, so that
    pictures may claim one frame twice; the load has no pictures.
    """
    if isinstance(schema, list):
        return [draft_07(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    renamed = {"dependentRequired": "dependencies"}
    return {
        renamed.get(keyword, keyword): _members(keyword, value)
        for keyword, value in schema.items()
        if keyword not in _NOT_IN_DRAFT_07
    }


def _members(keyword: str, value: Any) -> Any:
    """Return the value of a keyword; what `properties` names are no keywords."""
    if keyword == "properties":
        return {name: draft_07(each) for name, each in value.items()}
    return value if keyword in ("enum", "const", "examples", "default") else draft_07(value)
