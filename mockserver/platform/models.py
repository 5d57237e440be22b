"""The models on offer: those that have a schema."""

from collections.abc import Mapping
from typing import Any

from mockserver.platform.base import Caller, Desk, good
from mockserver.spec.load import Model
from mockserver.wire import Answer

DEFAULT_LIMIT = 20


def search_models(desk: Desk, _caller: Caller, task: Mapping[str, Any]) -> Answer:
    """Answer the models that match every given condition, sorted by name.

    Source: schema/tasks/modelSearch.json (stated; the members of a model are assumed)
    """
    found = sorted(
        (model for model in desk.spec.all_models if _matches(model, task)),
        key=lambda model: str(model.about["name"]),
        reverse=task.get("sort") == "-name",
    )
    start = int(task.get("offset", 0))
    page = found[start : start + int(task.get("limit", DEFAULT_LIMIT))]
    return good(task, f"{len(found)} found", totalResults=len(found), results=[_describe(model) for model in page])


def _matches(model: Model, task: Mapping[str, Any]) -> bool:
    text = f"{model.air} {model.about['name']} {model.about['slug']}".casefold()
    return (
        all(word in text for word in str(task.get("search", "")).casefold().split())
        and task.get("source", "official") == "official"
        and task.get("visibility", "public") == "public"
        and task.get("category", "checkpoint") == "checkpoint"
        and task.get("architecture", model.about["architecture"]) == model.about["architecture"]
        and set(task.get("capabilities", ())) <= set(model.about["capabilities"])
    )


def _describe(model: Model) -> dict[str, Any]:
    return {
        "air": model.air,
        "name": model.about["name"],
        "category": "checkpoint",
        "architecture": model.about["architecture"],
        "capabilities": model.about["capabilities"],
        "creator": model.about["creator"],
        "private": False,
    }
