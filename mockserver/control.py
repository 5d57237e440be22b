"""What can be asked of a running mock, and done to it, that the real service does not have: the control API.

Every operation is described in `schema/control.json`; here each has a method. Framing, tokens and hosts are left to
`transports/control.py`.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import jsonschema_rs

from mockserver.asked import Asked, Refused, checked, read_expected, read_members, read_query
from mockserver.calls import Call, Told
from mockserver.engine.results import overall, statuses_at
from mockserver.engine.values import Task
from mockserver.faults import FAULTS
from mockserver.faults.base import ANSWER
from mockserver.faults.reading import settings_of
from mockserver.har import har
from mockserver.inquiry import Expected, Item, Verdict, as_json, instant, items_of, read_filter, verdict
from mockserver.journal import Entry, Journal
from mockserver.places import BadYaml, read_yaml
from mockserver.plans import Play
from mockserver.platform.storage import drop
from mockserver.ports import Key, Shelf
from mockserver.runtime import Runtime
from mockserver.scenario import BadScenario, read_scenario
from mockserver.spec.publish import control_document
from mockserver.spec.suggest import nearest
from mockserver.steering import CannotMove, Steering

_SECOND_MS = 1000


class Control:
    """Carries out calls. One for each mock.

    Args:
        runtime: the mock.
        journal: what was exchanged, or None where it is switched off.
        version: version of the mock.
        in_step: waits until all processes that share the mock's state know what any of them did.
        has_company: says whether there are others that share it.
    """

    def __init__(
        self,
        runtime: Runtime,
        journal: Journal | None,
        version: str,
        in_step: Callable[[], Awaitable[None]],
        has_company: Callable[[], bool],
    ) -> None:
        self._runtime = runtime
        self._desk = runtime.desk
        self._kept_journal = journal
        self._version = version
        self._in_step = in_step
        self._has_company = has_company
        self._steering = Steering(runtime)

    async def answer(self, call: Call) -> Told:
        """Carry out one call. What is wrong with it is told in the answer."""
        methods = operations().get(call.path.rstrip("/"))
        if methods is None:
            near = nearest(call.path, tuple(operations()))
            hint = f"did you mean {near}?" if near else "GET /_mock lists what there is"
            return _failed(404, "unknownAddress", f"there is nothing at {call.path}; {hint}")
        if call.method not in methods:
            allowed = (*methods, "HEAD") if "GET" in methods else tuple(methods)
            told = _failed(405, "unsupportedMethod", f"{call.path} takes {', '.join(allowed)}, not {call.method}")
            return Told(told.status, told.body, allowed)
        operation = methods[call.method]
        try:
            body = call.body if operation.check is None else checked(call.body, operation.check)
            asked = Asked(self._owner(call.key), body, read_members(call.query), call.base_url)
            await self._in_step()
            made = operation.carry_out(self, asked)
            told = made if isinstance(made, Told) else await made
            self._desk.store.keep()
            if call.method != "GET":
                await self._in_step()
        except Refused as problem:
            return Told(problem.status, {"errors": problem.errors})
        except BadScenario as problem:
            place = f"{problem.where}: " if problem.where else ""
            return _failed(400, "badScenario", f"{place}{problem.problem}", problem.place)
        except CannotMove as problem:
            return _failed(409, "cannotMove", str(problem))
        return told

    def _owner(self, key: str | None) -> str | None:
        if key is None:
            return None
        owner = self._desk.keyring.owner(key)
        if owner is None:
            raise Refused(400, "unknownKey", "the key in the header X-Mock-Key is none that the mock accepts")
        return owner

    @property
    def _journal(self) -> Journal:
        if self._kept_journal is None:
            raise Refused(409, "noJournal", "the journal is switched off; start the mock without --journal 0")
        return self._kept_journal

    # How things stand

    def overview(self, asked: Asked) -> Told:
        """Say what there is to control, and how things stand."""
        paths = control_document()["paths"]
        operations = {
            f"{method.upper()} {path}": about["summary"]
            for path, methods in paths.items()
            for method, about in methods.items()
        }
        last = {} if self._kept_journal is None else {"lastEntry": self._kept_journal.last_number}
        tasks, owed = len(self._tasks(asked.owner)), self._runtime.dispatch.owed
        return Told(200, {"clock": self._time(), "tasks": tasks, "owed": owed, **last, "operations": operations})

    def faults(self, _asked: Asked) -> Told:
        """List every fault and error that can be provoked."""
        faults = [
            {
                "name": name,
                "about": inspect.getdoc(fault),
                "spoilsAnswers": fault.moments >= ANSWER,
                "settings": {
                    each: {"default": setting.default, "about": setting.metadata["about"]}
                    for each, setting in settings_of(fault).items()
                },
            }
            for name, fault in FAULTS.items()
        ]
        return Told(200, {"faults": faults, "errors": sorted(self._desk.spec.failures)})

    def tasks(self, asked: Asked) -> Told:
        """List the tasks that are kept."""
        now_ms = self._desk.clock.now_ms()
        return Told(200, {"tasks": [_task(task, now_ms) for _, task in self._tasks(asked.owner)]})

    def _tasks(self, owner: str | None) -> list[tuple[Key, Task]]:
        return [(key, task) for key, task in self._desk.store.scan(Shelf.TASKS) if owner in (None, key[0])]

    # Time

    def clock(self, _asked: Asked) -> Told:
        """Say what time it is for the mock."""
        return Told(200, self._time())

    def set_clock(self, asked: Asked) -> Told:
        """Let time pass at another rate."""
        self._refuse_if_shared()
        clock = self._desk.clock
        set_rate: Callable[[float], None] | None = getattr(clock, "set_rate", None)
        if set_rate is None:
            raise Refused(409, "cannotMove", f"a {type(clock).__name__} has no rate")
        set_rate(float(asked.body["rate"]))
        return Told(200, self._time())

    async def advance(self, asked: Asked) -> Told:
        """Let time pass at once."""
        self._refuse_if_shared()
        match asked.body:
            case {"ms": by_ms}:
                await self._steering.advance(int(by_ms))
            case {"untilFinished": uuid}:
                await self._steering.advance_until_finished(self._key(asked.owner, uuid.lower()))
            case _:
                await self._steering.advance_until_idle()
        return Told(200, self._time())

    def _refuse_if_shared(self) -> None:
        if self._has_company():
            problem = "several processes share the state of this mock, and each has a clock: none of them can be moved"
            raise Refused(409, "cannotMove", problem)

    def _key(self, owner: str | None, uuid: str) -> Key:
        """Return the key of the newest task under a UUID."""
        keys = [key for key, _ in self._tasks(owner) if key[1] == uuid]
        if not keys:
            raise Refused(409, "noSuchTask", f"there is no task {uuid}, or it is no longer kept", "/untilFinished")
        return keys[-1]

    def _time(self) -> dict[str, Any]:
        clock = self._desk.clock
        now_ms = clock.now_ms()
        next_ms = getattr(clock, "next_at_ms", None)
        rate = getattr(clock, "rate", 0.0 if hasattr(clock, "advance_to") else 1.0)
        return {
            "now": instant(now_ms),
            "nowMs": now_ms,
            "rate": rate,
            **({} if next_ms is None else {"nextAtMs": next_ms}),
        }

    # Rules

    def scenario(self, asked: Asked) -> Told:
        """Say which rules are in force, and how often each took a task."""
        play = self._runtime.plans.played(asked.owner)
        if play is None:
            whose = "" if asked.owner is None else " for this key alone; those for all are told without X-Mock-Key"
            raise Refused(404, "noScenario", f"no scenario is played{whose}; PUT one")
        return Told(200, _played(play))

    def play(self, asked: Asked) -> Told:
        """Play a scenario in place of the one before."""
        try:
            data, places = read_yaml(asked.body.decode())
        except UnicodeDecodeError as problem:
            raise Refused(400, "unreadable", f"the body is not UTF-8 ({problem.reason})") from None
        except BadYaml as problem:
            raise Refused(
                400, "unreadable", f"line {problem.line}, column {problem.column}: {problem.problem}"
            ) from None
        try:
            read = read_scenario(data, self._desk.spec.failures, self._desk.spec.models)
        except BadScenario as problem:
            line, column = places.near(problem.place)
            where = f"line {line}, column {column}"
            raise BadScenario(problem.place, problem.problem, where) from None
        self._runtime.plans.play(read, asked.owner)
        return self.scenario(asked)

    def stop_playing(self, asked: Asked) -> Told:
        """Play no scenario."""
        self._runtime.plans.play(None, asked.owner)
        return Told(204)

    # The journal

    def journal(self, asked: Asked) -> Told:
        """Tell what was asked, answered and delivered."""
        entries = self._entries(asked)
        return Told(200, {"entries": [*map(as_json, entries)], "lastEntry": self._journal.last_number})

    def har(self, asked: Asked) -> Told:
        """Tell the same as an HTTP Archive."""
        return Told(200, har(self._entries(asked), asked.base_url, self._version))

    def forget_journal(self, asked: Asked) -> Told:
        """Drop the entries."""
        self._journal.forget(asked.owner)
        return Told(204)

    def _entries(self, asked: Asked) -> list[Entry]:
        query = read_query(asked.query)
        entries = self._journal.entries(asked.owner, query.after)
        if query.filters is not None:
            fitting = [item.entry.number for item in items_of(entries) if query.filters.fits(item)]
            numbers = frozenset(fitting)
            entries = [entry for entry in entries if entry.number in numbers]
        return [*entries][-query.limit :] if query.limit else [*entries]

    def verify(self, asked: Asked) -> Told:
        """Hold the journal against what is expected."""
        expected = [read_expected(data, f"/expect/{index}") for index, data in enumerate(asked.body["expect"])]
        items = items_of(self._journal.entries(asked.owner))
        verdicts = [verdict(each, items) for each in expected]
        counts = [len(each.found) for each in verdicts]
        if all(each.is_met for each in verdicts):
            return Told(200, {"counts": counts})
        errors = [
            {"code": "notVerified", "message": str(each), "pointer": f"/expect/{index}"}
            for index, each in enumerate(verdicts)
            if not each.is_met
        ]
        return Told(409, {"errors": errors, "counts": counts})

    async def wait(self, asked: Asked) -> Told:
        """Wait until the journal has what is expected."""
        body = asked.body
        where, count = read_filter(body["where"], "/where"), body.get("count", 1)
        expected = Expected(where, count, None)
        within_ms = body.get("withinMs", 10 * _SECOND_MS)
        found = await self._found(expected, asked.owner, within_ms / _SECOND_MS)
        if not found.is_met:
            raise Refused(409, "notInTime", f"{found} within {within_ms} ms of real time{self._why_not()}", "/where")
        entries = {item.entry.number: item.entry for item in found.found}
        return Told(200, {"entries": [*map(as_json, entries.values())], "lastEntry": self._journal.last_number})

    async def _found(self, expected: Expected, owner: str | None, within_s: float) -> Verdict:
        """Return the verdict as soon as it is good, or when time is up."""
        found: list[Item] = [item for item in items_of(self._journal.entries(owner)) if expected.where.fits(item)]
        are_there = asyncio.Event()

        def see(entry: Entry) -> None:
            if owner in (None, entry.owner):
                found.extend(item for item in items_of([entry]) if expected.where.fits(item))
            if len(found) >= expected.at_least:
                are_there.set()

        stop = self._journal.watch(see)
        try:
            if len(found) < expected.at_least:
                async with asyncio.timeout(within_s):
                    await are_there.wait()
            return Verdict(expected, found, ())
        except TimeoutError:
            return verdict(expected, items_of(self._journal.entries(owner)))
        finally:
            stop()

    def _why_not(self) -> str:
        return "; the clock stands still, advance it" if not self._time()["rate"] else ""

    # Beginning anew

    def reset(self, asked: Asked) -> Told:
        """Forget what belongs to a key, or everything that tasks left behind."""
        owner, store = asked.owner, self._desk.store
        self._runtime.dispatch.forget(owner)
        self._runtime.plans.forget(owner)
        if owner is None:
            self._runtime.plans.play(self._runtime.plans.first)
        self._desk.dice.forget(owner)
        for uuid, media in store.scan(Shelf.MEDIA):
            if owner in (None, media.owner):
                drop(self._desk, uuid[0], media)
        for name, session in store.scan(Shelf.SESSIONS):
            if owner in (None, session.owner):
                store.drop(Shelf.SESSIONS, name)
        for shelf in _OWNED:
            for key, _ in store.scan(shelf):
                if owner in (None, key[0]):
                    store.drop(shelf, key)
        if self._kept_journal is not None:
            self._kept_journal.forget(owner)
        return Told(204)


#: Shelves whose keys begin with the owner.
_OWNED = (Shelf.TASKS, Shelf.REFUSALS, Shelf.PLANS, Shelf.ACCOUNTS)

#: What carries an operation out, by its name in schema/control.json.
_METHODS: Mapping[str, Callable[[Control, Asked], Told | Awaitable[Told]]] = MappingProxyType(
    {
        "overview": Control.overview,
        "clock": Control.clock,
        "setClock": Control.set_clock,
        "advance": Control.advance,
        "scenario": Control.scenario,
        "play": Control.play,
        "stopPlaying": Control.stop_playing,
        "faults": Control.faults,
        "tasks": Control.tasks,
        "journal": Control.journal,
        "forgetJournal": Control.forget_journal,
        "har": Control.har,
        "verify": Control.verify,
        "wait": Control.wait,
        "reset": Control.reset,
    }
)


def _failed(status: int, code: str, message: str, pointer: str | None = None) -> Told:
    return Told(status, {"errors": Refused(status, code, message, pointer).errors})


def _task(task: Task, now_ms: int) -> dict[str, Any]:
    statuses = statuses_at(task, now_ms)
    return {
        "taskUUID": task.uuid,
        "taskType": task.task_type,
        "model": task.air,
        "status": overall(statuses).value,
        "results": [status.value for status in statuses],
        "submittedAtMs": task.submitted_at_ms,
        "dueAtMs": task.due_at_ms,
        "faults": [planned.fault for planned in task.faults],
    }


def _played(play: Play) -> dict[str, Any]:
    rules = [
        {"name": rule.name, "lookedAt": tally.looked_at, "fitted": tally.fitted, "took": tally.took}
        for rule, tally in zip(play.scenario.rules, play.tallies, strict=True)
    ]
    return {"scenario": play.scenario.data, "rules": rules}


class Operation(NamedTuple):
    """Something that can be called.

    Attributes:
        carry_out: does it.
        check: yields what is wrong with a body, or None where it is no JSON of a known form.
    """

    carry_out: Callable[[Control, Asked], Told | Awaitable[Told]]
    check: Callable[[Any], Iterator[Any]] | None


@lru_cache(maxsize=1)
def operations() -> Mapping[str, Mapping[str, Operation]]:
    """Return every operation by address and method, as schema/control.json has them."""
    document = control_document()
    return {
        path: {method.upper(): _operation(document, about) for method, about in methods.items()}
        for path, methods in document["paths"].items()
    }


def _operation(document: Mapping[str, Any], about: Mapping[str, Any]) -> Operation:
    carry_out = _METHODS[about["operationId"]]
    schema = about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" not in schema:
        return Operation(carry_out, None)
    whole = {"$ref": schema["$ref"], "components": document["components"]}
    return Operation(carry_out, jsonschema_rs.Draft202012Validator(whole).iter_errors)
