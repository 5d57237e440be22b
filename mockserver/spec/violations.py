"""From broken rules to reasons: every violation of a task, in document order, each with its mend and its API error.

Here stands which branch a task chose, which of several broken rules at one place is the telling one, and what the
reason says. How the rules are checked is the checkers' business, how a reason travels is the wire's.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.spec.catalogue import FORBIDDEN, ApiError, Catalogue
from mockserver.spec.checkers.base import Breach, Path
from mockserver.spec.documents import escape
from mockserver.spec.keywords import RULES
from mockserver.spec.load import Branch, Spec
from mockserver.spec.rewrites import rewrite
from mockserver.spec.suggest import alike, holding, nearest
from mockserver.spec.wording import HIDDEN, expects, kind, listed, mend, show, type_name


@dataclass(frozen=True, slots=True, eq=False)
class Violation:
    """One reason why a task is refused.

    Attributes:
        pointer: JSON Pointer of the place, from the task on; of the missing member where one is missing.
        parameter: dotted name of the parameter, or several names where they clash.
        keyword: the broken keyword of the schema.
        limit: the value of that keyword.
        value: the offending value as JSON, shortened; "" where a member is missing.
        message: what was expected, what came, and how to mend it.
        suggestion: what was probably meant, or None.
        error: the API error that the violation becomes.
        facts: further members of that error: type, min, max, multiplier, allowedValues, default.
    """

    pointer: str
    parameter: str | tuple[str, ...]
    keyword: str
    limit: Any
    value: str
    message: str
    suggestion: str | None
    error: ApiError
    facts: Mapping[str, Any] = field(default_factory=dict)


class Checked(NamedTuple):
    """A task held against the branch that it chose.

    Attributes:
        branch: the branch, or None where the task chose none that exists.
        task: the task in today's spelling.
        violations: why it is refused, in document order; empty for a good task.
        notes: what was respelt, for the log.
    """

    branch: Branch | None
    task: Mapping[str, Any]
    violations: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()


def check_task(spec: Spec, task: Mapping[str, Any]) -> Checked:
    """Hold a task against the branch that it chose.

    Args:
        spec: what the schemas say.
        task: parsed JSON.

    Returns:
        What was found. No violation speaks of a branch that was not chosen; one place has one reason.
    """
    branch = spec.branch(task.get("taskType"), task.get("model"))
    if branch is None:
        return Checked(None, task, _misrouted(spec, task))
    notes: tuple[str, ...] = ()
    if branch.rewrites:
        rewritten = rewrite(task, branch.rewrites)
        task, notes = rewritten.task, rewritten.notes
    if branch.checker.accepts(task):
        return Checked(branch, task, (), notes)
    return Checked(branch, task, _reasons(spec.catalogue, branch, task), notes)


def reject(
    spec: Spec, branch: Branch, path: Path, value: Any, why: str, code: str | None = None, **facts: Any
) -> Violation:
    """Word a reason that no schema can hold: what is behind a value, not its form.

    Args:
        spec: what the schemas say.
        branch: what the task chose.
        path: where the value stands in the task.
        value: the offending value.
        why: a sentence that says what is wrong and how to mend it.
        code: name of the API error in the catalogue, or None for the one of a value of wrong form.
        facts: further members of the API error.
    """
    parameter = dotted(path)
    name = next(step for step in reversed(path) if isinstance(step, str))
    error = spec.catalogue.error(code) if code else spec.catalogue.for_rule("format", name)
    said = error.say(parameter=parameter, name=name, reason=why)
    message = said if "{reason}" in error.template else f"{said} {why}"
    pointer = pointer_to(path)
    told = {**_facts(_declared(branch.schema, path), _paragraph(branch, parameter)), **facts}
    return Violation(pointer, parameter, "format", None, show(value), message, None, error, told)


def _misrouted(spec: Spec, task: Mapping[str, Any]) -> tuple[Violation, ...]:
    """Say why no branch was chosen, from the two members that choose it."""
    task_type = task.get("taskType")
    if "taskType" not in task:
        return (_choice_missing(spec, "taskType", spec.task_types),)
    if task_type not in spec.task_types:
        return (_task_type_wrong(spec, task_type),)
    airs = tuple(spec.models[task_type])
    if "model" not in task:
        return (_choice_missing(spec, "model", airs),)
    return (_model_wrong(spec, airs, task["model"]),)


def _choice_missing(spec: Spec, name: str, allowed: Sequence[str]) -> Violation:
    error = spec.catalogue.for_rule("required", name)
    message = f"{error.say(parameter=name)} Add it: {listed(allowed)}."
    return Violation(f"/{name}", name, "required", [name], "", message, None, error, {"type": "string"})


#: A task type is a misspelt one only if it is very alike: imageInference is a task type of its own.
_ALIKE_TASK_TYPES = 0.85


def _task_type_wrong(spec: Spec, value: Any) -> Violation:
    error, known = spec.catalogue.error("unsupportedTaskType"), spec.task_types
    near = nearest(value, known, _ALIKE_TASK_TYPES) if isinstance(value, str) else None
    what = f"This mock answers {listed(known, last='and')} alone, not {show(value)}."
    return _choice_wrong(error, "taskType", known, value, near, what)


def _model_wrong(spec: Spec, known: Sequence[str], value: Any) -> Violation:
    near = nearest(value, known) if isinstance(value, str) else None
    what = f"Expected {listed(known)}, got {show(value)}."
    return _choice_wrong(spec.catalogue.error("invalidModel"), "model", known, value, near, what)


def _choice_wrong(
    error: ApiError, name: str, allowed: Sequence[str], value: Any, near: str | None, what: str
) -> Violation:
    hint = f" Did you mean {show(near)}?" if near else ""
    message = f"{error.say(parameter=name)} {what}{hint}"
    facts = {"allowedValues": list(allowed)}
    return Violation(f"/{name}", name, "enum", list(allowed), show(value), message, near, error, facts)


#: Of two broken rules at one place the more basic one is told: unconditional before conditional, then in this order.
_TELLING = (
    *("type", FORBIDDEN, "const", "multipleOf", "enum", "minimum", "maximum", "maxItems", "minItems"),
    *("minLength", "maxLength", "pattern", "format", "contains"),
)
_CONDITIONAL = frozenset({"then", "else", "contains"})

Order = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    """One keyword of a branch, with everything that can be said of it before a value breaks it."""

    branch: Branch
    catalogue: Catalogue
    node: Mapping[str, Any]
    keyword: str
    limit: Any
    rank: Order
    because: str

    def error(self, name: str) -> ApiError:
        """Return the API error that this rule becomes at a parameter of that name."""
        code = self.node.get("x-errors", {}).get(self.keyword)
        return self.catalogue.error(code) if code else self.catalogue.for_rule(self.keyword, name)

    @property
    def is_joint(self) -> bool:
        """Say whether the rule speaks of several parameters at once: its schema names an error of its own."""
        return self.keyword in self.node.get("x-errors", {})


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """One rule at one place of the document: what is the same for every value that breaks it there."""

    pointer: str
    parameter: str
    error: ApiError
    opening: str
    wanted: str
    facts: Mapping[str, Any]
    hidden: bool


def _reasons(catalogue: Catalogue, branch: Branch, task: Mapping[str, Any]) -> tuple[Violation, ...]:
    """Return the telling reason of each place, in document order."""
    members, others = branch.checker.sift(task)
    names = list(task)
    best: dict[str, _Ranked] = {}
    for name in members:
        value = task[name]
        if _is_small(value):
            rank, violation = _repeated(branch, catalogue, name, value)
            best[violation.pointer] = ((names.index(name),), rank, violation)
        else:
            _tell(branch, catalogue, task, branch.checker.member_breaches(name, value), best)
    _tell(branch, catalogue, task, others, best)
    return tuple([entry[2] for entry in sorted(best.values(), key=_ORDER)])


#: Where in the document a reason stands, how telling it is (less is more), and the reason.
_Ranked = tuple["Order", "Order", Violation]
_ORDER = itemgetter(0, 1)


def _tell(
    branch: Branch, catalogue: Catalogue, task: Any, breaches: Iterable[Breach], best: dict[str, _Ranked]
) -> None:
    """Tell of broken rules, each where it is more telling than what is known of its place."""
    for instance, path in breaches:
        rule = _rule(branch, catalogue, path)
        order, value = _locate(task, instance)
        teller = _TELLERS.get(rule.keyword)
        told = ((order, _reason(rule, instance, value)),) if teller is None else teller(rule, instance, order, value)
        for place, violation in told:
            known = best.get(violation.pointer)
            if known is None or rule.rank < known[1]:
                best[violation.pointer] = (place, rule.rank, violation)


#: The same mistake is made again and again; a reason is worded once and kept, unless its value is long.
@lru_cache(maxsize=2048, typed=True)
def _repeated(branch: Branch, catalogue: Catalogue, name: str, value: Any) -> tuple["Order", Violation]:
    """Return why a scalar is wrong as a member of that name, whatever the others are: one place, so one reason."""
    best: dict[str, _Ranked] = {}
    _tell(branch, catalogue, {name: value}, branch.checker.member_breaches(name, value), best)
    [(_, rank, violation)] = best.values()
    return rank, violation


LONGEST_REPEATED = 256
_SCALARS = frozenset({str, int, float, bool, type(None)})


def _is_small(value: Any) -> bool:
    """Say whether a value is a scalar that is not too long to be remembered."""
    return type(value) in _SCALARS and (type(value) is not str or len(value) <= LONGEST_REPEATED)


@lru_cache(maxsize=1024)
def _rule(branch: Branch, catalogue: Catalogue, path: Path) -> _Rule:
    path = (*path[:-1], "contains") if path[-1] in ("minContains", "maxContains") else path
    holders: list[Any] = [branch.schema]
    for step in path:
        holders.append(holders[-1][step])
    keyword = path[-1]
    forbidden = holders[-1] is False and keyword not in RULES
    node = {} if forbidden else holders[-2]
    word = FORBIDDEN if forbidden else str(keyword)
    conditions = [index for index, step in enumerate(path) if step in _CONDITIONAL]
    because = holders[conditions[0]].get("description", "") if conditions else ""
    telling = _TELLING.index(word) if word in _TELLING else len(_TELLING)
    return _Rule(branch, catalogue, node, word, holders[-1], (len(conditions), telling), because)


def _word_site(rule: _Rule, path: Path) -> _Site:
    parameter = dotted(path)
    name = next((step for step in reversed(path) if isinstance(step, str)), "task")
    error = rule.error(name)
    declared = _declared(rule.branch.schema, path)
    opening = error.say(parameter=parameter, name=name)
    told_of = {} if rule.keyword in _TELLERS else rule.node
    # A parameter that does not exist has no paragraph on the page.
    is_unknown = rule.keyword == "additionalProperties"
    return _Site(
        pointer=pointer_to(path),
        parameter=parameter,
        error=error,
        opening=f"{opening} {rule.because}" if rule.because else opening,
        wanted="" if rule.keyword in ("contains", FORBIDDEN) else expects(rule.node),
        facts=_facts(
            {**declared, **told_of}, rule.branch.documentation if is_unknown else _paragraph(rule.branch, parameter)
        ),
        hidden=bool(declared.get("writeOnly")),
    )


_site = lru_cache(maxsize=1024)(_word_site)


def pointer_to(path: Path) -> str:
    """Return a place as a JSON Pointer."""
    return "".join(f"/{escape(str(step))}" for step in path)


def dotted(path: Path) -> str:
    """Return a place as the API names it: inputs.frameImages[0].image."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _declared(schema: Any, path: Path) -> Mapping[str, Any]:
    """Return what the schema declares for a place, whatever conditions say; empty where nothing is declared."""
    here = schema
    for step in path:
        member = here.get("items") if isinstance(step, int) else here.get("properties", {}).get(step)
        if not isinstance(member, Mapping):
            return {}
        here = member
    return here if isinstance(here, Mapping) else {}


_FACTS = (
    ("min", ("minimum", "minLength", "minItems")),
    ("max", ("maximum", "maxLength", "maxItems")),
    ("multiplier", ("multipleOf",)),
    ("default", ("default",)),
)


def _facts(node: Mapping[str, Any], documentation: str) -> Mapping[str, Any]:
    facts: dict[str, Any] = {}
    name = type_name(node)
    if name:
        facts["type"] = name
    for fact, keywords in _FACTS:
        for keyword in keywords:
            if keyword in node:
                facts[fact] = node[keyword]
    if "enum" in node or "const" in node:
        facts["allowedValues"] = node.get("enum", [node.get("const")])
    return {**facts, "documentation": documentation}


def _paragraph(branch: Branch, parameter: str) -> str:
    """Return where the page of a branch explains a parameter."""
    anchor = re.sub(r"\[\d+\]", "", parameter).replace(".", "-").lower()
    return f"{branch.documentation}#request-{anchor}"


Told = Iterable[tuple[Order, Violation]]


def _reason(rule: _Rule, path: Path, value: Any) -> Violation:
    """Tell of a value that is there and wrong."""
    site = _site(rule, path)
    shown = HIDDEN if site.hidden else show(value)
    got = f" Expected {site.wanted}, got {shown}{_but(rule.keyword, value)}." if site.wanted else ""
    how = mend(rule.keyword, rule.node, value) if not site.hidden else ""
    suggestion = how.removeprefix("Did you mean ").removesuffix("?") if how.startswith("Did you mean") else None
    message = f"{site.opening}{got} {how}" if how else f"{site.opening}{got}"
    return Violation(
        site.pointer, site.parameter, rule.keyword, rule.limit, shown, message, suggestion, site.error, site.facts
    )


def _but(keyword: str, value: Any) -> str:
    """Return of what type a value is, where what is shown of it leaves that open."""
    return f" ({kind(value)})" if keyword == "type" and isinstance(value, str | int | float) else ""


def _tell_missing(rule: _Rule, path: Path, order: Order, value: Any) -> Told:
    """Tell of members that are required and missing: one reason each, or one for all where they go together."""
    missing = [name for name in rule.limit if name not in value]
    for name in missing[:1] if rule.is_joint else missing:
        site = _site(rule, (*path, name))
        parameter = tuple(dotted((*path, each)) for each in rule.limit) if rule.is_joint else site.parameter
        wanted = _declared(rule.branch.schema, (*path, name))
        how = f"Add {_quoted(missing)}." if rule.is_joint or not wanted else f"Add it: {expects(wanted)}."
        yield (*order, _rank_of_missing(rule, path, value, name)), _missing(rule, site, parameter, rule.limit, how)


def _tell_lonely(rule: _Rule, path: Path, order: Order, value: Any) -> Told:
    """Tell of members that another one needs beside it."""
    for trigger, needed in rule.limit.items():
        for name in [name for name in needed if name not in value] if trigger in value else []:
            site = _site(rule, (*path, name))
            parameter = (dotted((*path, trigger)), site.parameter)
            how = f"Add {_quoted([name])}, or leave out {_quoted([trigger])}."
            yield (*order, _rank_of_missing(rule, path, value, name)), _missing(rule, site, parameter, needed, how)


def _missing(rule: _Rule, site: _Site, parameter: str | tuple[str, ...], needed: Sequence[str], how: str) -> Violation:
    message = f"{site.opening} {how}"
    return Violation(site.pointer, parameter, rule.keyword, list(needed), "", message, None, site.error, site.facts)


def _rank_of_missing(rule: _Rule, path: Path, value: Mapping[str, Any], name: str) -> int:
    """Return where a missing member comes: after all that are there, in the order of the schema."""
    known = list(_declared(rule.branch.schema, path).get("properties", ()))
    return len(value) + (known.index(name) if name in known else len(known))


def _tell_unknown(rule: _Rule, path: Path, order: Order, value: Any) -> Told:
    """Tell of members that the schema does not have."""
    known = rule.node.get("properties", {})
    unknown = [(position, name) for position, name in enumerate(value) if name not in known]
    required = _required(rule)
    missing = () if required <= value.keys() else tuple([name for name in rule.node["required"] if name not in value])
    for position, name in unknown:
        tell = _unknown if len(name) <= LONGEST_NAME else _word_unknown
        near = _alike(rule, name[: LONGEST_NAME + 1])
        taken = tuple(sorted([each for each in near if each in value]))
        yield (*order, position), tell(rule, path, name, show(value[name]), taken, missing)


@lru_cache(maxsize=1024)
def _required(rule: _Rule) -> frozenset[str]:
    return frozenset(rule.node.get("required", ()))


@lru_cache(maxsize=1024)
def _alike(rule: _Rule, name: str) -> frozenset[str]:
    return frozenset(alike(name, rule.node.get("properties", {})))


def _word_unknown(
    rule: _Rule, path: Path, name: str, shown: str, taken: Sequence[str], missing: Sequence[str]
) -> Violation:
    """Word the reason for an unknown member; `taken` may be meant but is there, `missing` is required and is not."""
    known = [each for each in rule.node.get("properties", {}) if each not in taken]
    site = _site(rule, (*path, name)) if len(name) <= LONGEST_NAME else _long_site(rule, path, name)
    suggestion, how = _meant(rule.branch, known, missing, path, name)
    message = f"{site.opening} {how}"
    return Violation(
        site.pointer, site.parameter, rule.keyword, False, shown, message, suggestion, site.error, site.facts
    )


_unknown = lru_cache(maxsize=2048)(_word_unknown)

LONGEST_NAME, LONGEST_POINTED = 64, 256


def _long_site(rule: _Rule, path: Path, name: str) -> _Site:
    """Return the site of a member with a very long name, which the sentence cuts; past 256 the holder is pointed at."""
    site = _word_site(rule, (*path, f"{name[:LONGEST_NAME]}…"))
    return replace(site, pointer=pointer_to((*path, name) if len(name) <= LONGEST_POINTED else path))


def _meant(
    branch: Branch, known: Sequence[str], missing: Sequence[str], path: Path, name: str
) -> tuple[str | None, str]:
    """Return what an unknown member was probably meant to be, and a sentence for it."""
    elsewhere = branch.parameters.get(name)
    if elsewhere and elsewhere != dotted((*path, name)):
        return elsewhere, f"It belongs at '{elsewhere}'."
    near = nearest(name, known) or holding(name, missing)
    if near:
        return near, f"Did you mean '{near}'?"
    return None, "Leave it out: this task has no such parameter."


def _tell_forbidden(rule: _Rule, path: Path, order: Order, value: Any) -> Told:
    """Tell of a member that may not be there at all."""
    site = _site(rule, path)
    message = f"{site.opening} Leave it out."
    yield (
        order,
        Violation(
            site.pointer, site.parameter, rule.keyword, False, show(value), message, None, site.error, site.facts
        ),
    )


_TELLERS: Mapping[str, Callable[[_Rule, Path, Order, Any], Told]] = MappingProxyType(
    {
        "required": _tell_missing,
        "dependentRequired": _tell_lonely,
        "additionalProperties": _tell_unknown,
        FORBIDDEN: _tell_forbidden,
    }
)


def _locate(task: Any, path: Path) -> tuple[Order, Any]:
    """Return where a value stands in the document, level by level, and the value."""
    order: list[int] = []
    here = task
    for step in path:
        order.append(step if isinstance(step, int) else list(here).index(step))
        here = here[step]
    return tuple(order), here


def _quoted(names: Sequence[str]) -> str:
    return listed([f"'{name}'" for name in names], last="and")
