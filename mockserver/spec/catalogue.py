"""The error codes of the API: status, sentence and family of each, as `schema/errors.json` has them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from string import Formatter
from types import MappingProxyType
from typing import Any

from mockserver.spec.keywords import RULES
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.shapes import TEXT, TEXTS, Shape, members, named
from mockserver.spec.wording import listed

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


CONFIDENCES = ("stated", "observed", "assumed")

_STATUS = {"type": "integer", "minimum": 200, "maximum": 599, "x-expects": "an HTTP status from 200 to 599"}
_ENTRY = {
    "http": _STATUS,
    "category": TEXT,
    "message": TEXT,
    "confidence": {"enum": list(CONFIDENCES)},
    "from": TEXTS,
}
_KEYWORDS = {"type": "array", "items": {"enum": [*RULES, FORBIDDEN, "*"]}, "minItems": 1}
CATALOGUE = Shape(
    members(
        {
            "families": {"type": "array", "items": members({**_ENTRY, "keywords": _KEYWORDS, "code": TEXT})},
            "codes": named(members(_ENTRY, {"code": TEXT, "fields": {"type": "object"}})),
        },
        {"title": TEXT},
    )
)

#: Errors that code asks for by name, so that no catalogue may lack them.
NEEDED = frozenset(
    {
        # Answers of the mock itself.
        *("arrayTooLarge", "conflictTaskUUID", "internalServerError", "invalidApiKey", "invalidBody", "invalidJSON"),
        *("invalidMedia", "invalidModel", "mediaExpired", "mediaNotFound", "missingApiKey", "modelNotFound"),
        *("routeNotFound", "taskNotFound", "timeout", "unsupportedMediaType", "unsupportedMethod"),
        *("unsafeContentDetected", "unsupportedTaskType", "uploadFailed", "valueTooLarge"),
        # What ends a connection.
        *("headersTooLarge", "invalidHTTP", "requestTimeout", "tooManyConnections"),
        # What may be wrong with a picture.
        *("downloadFailed", "invalidFrameImageHeight", "invalidFrameImageRatio", "invalidFrameImageWidth"),
        "invalidImage",
        # What faults make of an answer or a generation.
        *("inferenceRateLimitExceeded", "insufficientCredits", "invalidProviderContent", "providerBadGateway"),
        *("providerError", "rateLimitExceeded", "serviceUnavailable", "timeoutProvider"),
    }
)


def read_catalogue(document: Any) -> Catalogue:
    """Read `errors.json`.

    Raises:
        SchemaProblem: an entry lacks a member, has one too many or of the wrong type, or an error is missing.
    """
    place = "errors.json"
    CATALOGUE.check(place, document)
    missing = NEEDED - document["codes"].keys()
    if missing:
        raise SchemaProblem(f"{place}#/codes/{min(missing)}", "missing, and the mock answers with it", "write it")
    named = {name: _read_entry(f"{place}#/codes/{name}", name, entry) for name, entry in document["codes"].items()}
    families: dict[str, ApiError] = {}
    for index, entry in enumerate(document["families"]):
        error = _read_entry(f"{place}#/families/{index}", "", entry)
        families.update(dict.fromkeys(entry.get("keywords", ()), error))
    if "*" not in families:
        raise SchemaProblem(f"{place}#/families", "no family takes the other keywords", 'give one the keyword "*"')
    return Catalogue(named, families)


def _read_entry(place: str, name: str, entry: Mapping[str, Any]) -> ApiError:
    code = entry.get("code", name)
    if not re.fullmatch(r"[A-Za-z]+" if name else r"[A-Za-z]*({Parameter})?[A-Za-z]*", code):
        raise SchemaProblem(f"{place}/code", f"{code!r} is not a code", "use letters only")
    _check_template(f"{place}/message", entry["message"])
    return ApiError(
        code, entry["http"], entry["category"], entry["message"], entry.get("fields", {}), entry["confidence"]
    )


def _check_template(place: str, template: str) -> None:
    allowed = listed([f"{{{fact}}}" for fact in UNSAID])
    try:
        parts = [part for part in Formatter().parse(template) if part[1] is not None]
    except ValueError as problem:
        raise SchemaProblem(place, f"{template!r} is no sentence with facts ({problem})", f"use {allowed}") from problem
    for _, fact, form, conversion in parts:
        if fact not in UNSAID or form or conversion:
            raise SchemaProblem(place, f"no fact is called {fact!r}", f"use {allowed}")
