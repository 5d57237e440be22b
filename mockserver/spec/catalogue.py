"""The error codes of the API: status, sentence and family of each, as `schema/errors.json` has them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from mockserver.spec.problem import SchemaProblem

#: Keyword that stands for a schema of `false`, which no keyword names.
FORBIDDEN = "false"


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error of the API.

    Attributes:
        code: the code on the wire.
        http: HTTP status when it answers a request by itself.
        category: what official clients file it under, such as "validation" or "provider".
        template: its sentence; {reason}, itself a sentence, {parameter} and {name} are filled in.
        fields: further members that the error always has, by wire name.
        confidence: "stated", "observed" or "assumed".
    """

    code: str
    http: int
    category: str
    template: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    confidence: str = "assumed"

    def say(self, **facts: str) -> str:
        """Return the sentence with its facts, and with words for one that is missing."""
        sentence = self.template
        if "{" not in sentence:
            return sentence
        for fact in UNSAID.keys() - facts.keys():
            sentence = sentence.replace(f"'{{{fact}}}'", UNSAID[fact]).replace(f"{{{fact}}}", UNSAID[fact])
        return sentence.format_map(facts)


#: What stands in a sentence, without quotes, for a fact that nobody gave.
UNSAID: Mapping[str, str] = MappingProxyType(
    {"reason": "No reason is given.", "parameter": "(which one is not said)", "name": "(which one is not said)"}
)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Every error code, by name, and the families that name the codes of broken rules."""

    named: Mapping[str, ApiError]
    families: Mapping[str, ApiError]

    def error(self, name: str) -> ApiError:
        """Return a named error.

        Raises:
            KeyError: the catalogue has no such name; our mistake, since code only asks for names it checked.
        """
        return self.named[name]

    def for_rule(self, keyword: str, parameter: str) -> ApiError:
        """Return the error that a broken keyword becomes where the schema names none.

        The family words it; status and category are the code's own where the catalogue has the code by itself, as
        for the key of an authentication.

        Args:
            keyword: the broken keyword.
            parameter: name of the last member on the way to the place, such as "outputQuality".
        """
        family = self.families.get(keyword) or self.families["*"]
        code = family.code.format(Parameter=parameter[:1].upper() + parameter[1:])
        kind = self.named.get(code, family)
        return ApiError(code, kind.http, kind.category, family.template)

    def failures(self, parameters: Iterable[str]) -> Mapping[str, ApiError]:
        """Return every error that a generation can be made to fail with, by the name that provokes it.

        Args:
            parameters: names of parameters, which make the codes of the families.
        """
        family_codes = {
            error.code: error
            for parameter in parameters
            for error in (_of(self.for_rule(keyword, parameter), parameter) for keyword in self.families)
        }
        return {**family_codes, **self.named}


def _of(error: ApiError, parameter: str) -> ApiError:
    """Return an error of a family as it is for one parameter."""
    sentence = error.template.replace("{parameter}", parameter)
    return replace(error, template=sentence, fields={"parameter": parameter, **error.fields})


_ENTRY = {"http": int, "category": str, "message": str, "confidence": str, "from": list}
_OPTIONAL = {"code": str, "fields": dict, "keywords": list}
CONFIDENCES = ("stated", "observed", "assumed")


def read_catalogue(document: Any) -> Catalogue:
    """Read `errors.json`.

    Raises:
        SchemaProblem: an entry lacks a member, has one too many or of the wrong type.
    """
    place = "errors.json"
    if not isinstance(document, Mapping) or not {"families", "codes"} <= document.keys():
        raise SchemaProblem(place, "families and codes are missing", "write both")
    named = {name: _read_entry(f"{place}#/codes/{name}", name, entry) for name, entry in document["codes"].items()}
    families: dict[str, ApiError] = {}
    for index, entry in enumerate(document["families"]):
        error = _read_entry(f"{place}#/families/{index}", "", entry)
        families.update(dict.fromkeys(entry.get("keywords", ()), error))
    if "*" not in families:
        raise SchemaProblem(f"{place}#/families", "no family takes the other keywords", 'give one the keyword "*"')
    return Catalogue(named, families)


def _read_entry(place: str, name: str, entry: Any) -> ApiError:
    if not isinstance(entry, Mapping):
        raise SchemaProblem(place, "an entry is an object", "write one")
    for key, kind in _ENTRY.items():
        if not isinstance(entry.get(key), kind):
            raise SchemaProblem(f"{place}/{key}", "missing or of the wrong type", f"write a {kind.__name__}")
    for key in entry.keys() - _ENTRY.keys():
        if key not in _OPTIONAL:
            raise SchemaProblem(f"{place}/{key}", "nothing reads this", f"use one of {sorted(_ENTRY | _OPTIONAL)}")
    if entry["confidence"] not in CONFIDENCES:
        raise SchemaProblem(f"{place}/confidence", "unknown", f"use one of {list(CONFIDENCES)}")
    code = entry.get("code", name)
    if not re.fullmatch(r"[A-Za-z{}]+", code):
        raise SchemaProblem(f"{place}/code", f"{code!r} is not a code", "use letters only")
    return ApiError(
        code, entry["http"], entry["category"], entry["message"], entry.get("fields", {}), entry["confidence"]
    )
