"""Where the sources leave room: which answer the mock gives, as chosen from `schema/dialect.json`.

A choice acts in one of two ways: it patches the schemas before they are loaded, or code reads it from `Dialect`.
One that does neither is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from mockserver.spec.catalogue import CONFIDENCES
from mockserver.spec.keywords import RULES
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.rewrites import PLACES
from mockserver.spec.shapes import TEXT, TEXTS, Shape, members, named
from mockserver.spec.suggest import nearest

_REWRITE = {
    "type": "object",
    "properties": {"op": {"enum": list(PLACES)}},
    "required": ["op"],
    "allOf": [
        {
            "if": {"properties": {"op": {"const": op}}, "required": ["op"]},
            "then": members({"op": TEXT, **dict.fromkeys(places, TEXT)}),
        }
        for op, places in PLACES.items()
    ],
}
#: What a value of a choice can do.
EFFECTS = {
    "patch": named({"type": "object"}),
    "rewrites": {"type": "array", "items": _REWRITE, "minItems": 1},
    "drop": {"enum": list(RULES)},
}
_VALUE = members({"about": TEXT}, {"means": TEXT, **EFFECTS})
_CHOICE = members(
    {"about": TEXT, "default": TEXT, "values": named(_VALUE)},
    {"contradiction": TEXT, "confidence": {"enum": list(CONFIDENCES)}, "from": TEXTS},
)
DIALECT = Shape(
    members(
        {"choices": named(_CHOICE), "profiles": named(members({"about": TEXT, "choices": named(TEXT)}))},
        {"title": TEXT},
    )
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The choices that code acts on. `schema/dialect.json` says what each value means and where it comes from."""

    webhook_envelope: str = "wrapped"
    failed_result: str = "errors"
    failed_poll_status: str = "bad-request"
    unknown_task: str = "error"
    rejected_data: str = "empty"
    running_status: str = "processing"
    auth_item: str = "shown"
    image_upload_data: str = "list"
    video_path: str = "/video/os/a12d13/ws/5/vi/"
    socket_errors_key: str = "errors"
    reasons: str = "all"
    error_pointer: str = "shown"
    reuse_after_success: str = "conflict"
    picture_fit: str = "cover"
    upload_failure: str = "log"
    unsafe_content: str = "mark"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A complete set of choices and what follows from it.

    Attributes:
        profile: name of the profile that the choices start from.
        choices: the value of every choice, by name.
        dialect: the choices that code acts on.
        patches: merge patches by file, in the order of the choices.
        rewrites: what is done to a task before it is held against its schema.
        dropped: keywords that are taken out of every request schema.
    """

    profile: str
    choices: Mapping[str, str]
    dialect: Dialect
    patches: Sequence[Mapping[str, Any]]
    rewrites: Sequence[Mapping[str, str]]
    dropped: frozenset[str]


class UnknownChoice(Exception):
    """Somebody chose what is not on offer.

    Attributes:
        name: the choice, or "profile".
        value: what was wanted.
        offered: what there is.
    """

    def __init__(self, name: str, value: str, offered: Sequence[str]) -> None:
        super().__init__(name, value, offered)
        self.name = name
        self.value = value
        self.offered = tuple(offered)

    def __str__(self) -> str:
        return f"{self.name}: there is no {self.value!r}; choose from {', '.join(self.offered)}"


def check_dialect(document: Any) -> None:
    """Refuse what is no dialect: a choice without values, a profile that chooses what is not on offer.

    Raises:
        SchemaProblem: names the first place that is wrong.
    """
    DIALECT.check("dialect.json", document)
    _check_choices(document["choices"])
    _check_profiles(document)


def choose(document: Mapping[str, Any], profile: str = "strict", wanted: Mapping[str, str] | None = None) -> Chosen:
    """Take the defaults, the profile's choices and then the wanted ones.

    Args:
        document: `dialect.json`.
        profile: "strict" or "compat", or any other that the document has.
        wanted: choices by name that differ from the profile's.

    Raises:
        UnknownChoice: the profile, a choice or a value does not exist.
        SchemaProblem: the document is no dialect, or holds a choice that nothing acts on.
    """
    check_dialect(document)
    offered, profiles = document["choices"], document["profiles"]
    if profile not in profiles:
        raise UnknownChoice("profile", profile, list(profiles))
    choices = {name: choice["default"] for name, choice in offered.items()}
    for name, value in {**profiles[profile]["choices"], **(wanted or {})}.items():
        if name not in offered:
            raise UnknownChoice("set", name, list(offered))
        if value not in offered[name]["values"]:
            raise UnknownChoice(name, value, list(offered[name]["values"]))
        choices[name] = value
    values = [offered[name]["values"][value] for name, value in choices.items()]
    return Chosen(
        profile=profile,
        choices=choices,
        dialect=_dialect(offered, choices),
        patches=[value["patch"] for value in values if "patch" in value],
        rewrites=[rewrite for value in values for rewrite in value.get("rewrites", ())],
        dropped=frozenset(value["drop"] for value in values if "drop" in value),
    )


def changes_rules(value: Mapping[str, Any]) -> bool:
    """Say whether a value of a choice decides which tasks are good, and not only how they are answered.

    Args:
        value: its entry in `dialect.json`.
    """
    return (
        "rewrites" in value or "drop" in value or any(_patches_rules(*each) for each in value.get("patch", {}).items())
    )


def _patches_rules(path: str, patch: Mapping[str, Any]) -> bool:
    """Say whether a patch changes what a request must look like; the answer to a platform task is a definition."""
    return path.startswith(("models/", "shared/")) or (path.startswith("tasks/") and patch.keys() != {"$defs"})


def _dialect(offered: Mapping[str, Any], choices: Mapping[str, str]) -> Dialect:
    names = {field.name for field in fields(Dialect)}
    meant = {
        name.replace("-", "_"): offered[name]["values"][value].get("means", value) for name, value in choices.items()
    }
    return Dialect(**{name: value for name, value in meant.items() if name in names})


def _check_choices(offered: Mapping[str, Any]) -> None:
    names = {field.name for field in fields(Dialect)}
    for name, choice in offered.items():
        if choice["default"] not in choice["values"]:
            raise SchemaProblem(f"dialect.json#/choices/{name}", "the default is no value", "mend the default")
        if len(choice["values"]) < 2:
            raise SchemaProblem(f"dialect.json#/choices/{name}", "there is nothing to choose", "give it a second value")
        for value, effect in choice["values"].items():
            acts = name.replace("-", "_") in names or value == choice["default"] or any(e in effect for e in EFFECTS)
            if not acts:
                place = f"dialect.json#/choices/{name}/values/{value}"
                raise SchemaProblem(place, "nothing acts on this value", f"give it one of {', '.join(EFFECTS)}")


def _check_profiles(document: Mapping[str, Any]) -> None:
    offered = document["choices"]
    for name, profile in document["profiles"].items():
        for choice, value in profile["choices"].items():
            known = offered[choice]["values"] if choice in offered else offered
            wrong = value if choice in offered else choice
            if wrong not in known:
                near = nearest(wrong, known)
                mend = f"did you mean {near!r}?" if near else f"use one of {', '.join(known)}"
                raise SchemaProblem(f"dialect.json#/profiles/{name}/choices/{choice}", f"there is no {wrong!r}", mend)
