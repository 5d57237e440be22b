"""A client of the control API, for tests in Python against a mock that runs elsewhere: in a thread or on a server."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from mockserver.scenario import Scenario

#: How long a call may take beyond what it waits for, in seconds: deliveries end in their own time.
PATIENCE_S = 60.0


#: Codes of the control API's own answers with status 404; any other comes from somebody else.
_MISSING = frozenset({"noScenario", "unknownAddress"})


class ControlProblem(Exception):
    """A call of the control API was refused, or no mock was there to take it.

    Attributes:
        status: HTTP status; 0 where nobody answered.
        errors: objects with code, message and, where one part of the call is to blame, pointer.
    """

    def __init__(self, status: int, errors: Sequence[Mapping[str, str]]) -> None:
        super().__init__(status, errors)
        self.status = status
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(error["message"] for error in self.errors)


class NotVerified(AssertionError):
    """The journal is not as expected, or did not become so in time; says what was found instead."""


class MockControl:
    """Calls the control API of a mock.

    Every call may raise `ControlProblem`.

    Args:
        base_url: scheme and authority of the mock, as in "http://127.0.0.1:8080"; or where tasks are handed in, "…/v1".
        token: the control token, where the mock wants one.
        key: an API key: only what belongs to it is meant. Everybody's unless given.
        transport: carries the calls; the network unless given.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        key: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if token is None else {b"Authorization": f"Bearer {token}".encode()}
        if key is not None:
            headers[b"X-Mock-Key"] = key.encode()
        self._base_url = base_url.rstrip("/").removesuffix("/v1")
        # Certificates take longer to load than a call takes, and plain HTTP needs none.
        verify = not base_url.startswith("http:")
        self._client = httpx.Client(
            base_url=f"{self._base_url}/_mock",
            headers=headers,
            timeout=PATIENCE_S,
            trust_env=False,
            verify=verify,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    # Time

    def now_ms(self) -> int:
        """Return the mock's time, as Unix time in milliseconds."""
        return int(self._call("GET", "/clock")["nowMs"])

    def set_rate(self, rate: float) -> None:
        """Let the mock's time pass at another rate: 1 is real, 0 stands still."""
        self._call("PUT", "/clock", {"rate": rate})

    def advance(self, by_ms: int) -> int:
        """Let time pass at once, with everything that is due in it, and return the time afterwards."""
        return int(self._call("POST", "/clock/advance", {"ms": by_ms})["nowMs"])

    def advance_until_idle(self) -> int:
        """Let time pass until no generation, delivery or answer is due."""
        return int(self._call("POST", "/clock/advance", {"untilIdle": True})["nowMs"])

    def advance_until_finished(self, task_uuid: str) -> int:
        """Let time pass until a task is over."""
        return int(self._call("POST", "/clock/advance", {"untilFinished": task_uuid})["nowMs"])

    # Rules

    def play(self, scenario: Scenario | Mapping[str, Any] | Path | None) -> None:
        """Play a scenario in place of the one before: as a value, as data or from a file; None plays none."""
        match scenario:
            case None:
                self._call("DELETE", "/scenario")
            case Path():
                self._call("PUT", "/scenario", scenario.read_bytes())
            case Scenario():
                self._call("PUT", "/scenario", scenario.as_data())
            case _:
                self._call("PUT", "/scenario", scenario)

    def rules(self) -> Sequence[Mapping[str, Any]]:
        """Return for each rule in force its name and how many tasks it was held against, fitted and took."""
        try:
            rules: Sequence[Mapping[str, Any]] = self._call("GET", "/scenario")["rules"]
        except ControlProblem as problem:
            if problem.errors[0]["code"] == "noScenario":
                return []
            raise
        return rules

    # What happened

    def tasks(self) -> Sequence[Mapping[str, Any]]:
        """Return the tasks that are kept: taskUUID, model, status, results, due times, faults."""
        tasks: Sequence[Mapping[str, Any]] = self._call("GET", "/tasks")["tasks"]
        return tasks

    def journal(self, *, params: Mapping[str, Any] | None = None, **where: str | int) -> Sequence[Mapping[str, Any]]:
        """Return what was asked, answered and delivered, the oldest first.

        Args:
            params: as in `verify`.
            where: kind (all unless given), taskUUID, taskType, transport, status, outcome, error; after, the number of
                an entry; limit, how many of the newest.
        """
        entries: Sequence[Mapping[str, Any]] = self._call("GET", "/journal", query=_query(params, where))["entries"]
        return entries

    def har(self, *, params: Mapping[str, Any] | None = None, **where: str | int) -> Mapping[str, Any]:
        """Return the same as an HTTP Archive."""
        archive: Mapping[str, Any] = self._call("GET", "/journal.har", query=_query(params, where))
        return archive

    def forget_journal(self) -> None:
        """Drop the entries: what a test prepared does not count when it verifies."""
        self._call("DELETE", "/journal")

    def verify(
        self,
        count: int | None = None,
        *,
        at_least: int | None = None,
        at_most: int | None = None,
        params: Mapping[str, Any] | None = None,
        **where: Any,
    ) -> None:
        """Check how many tasks of requests, or attempts at deliveries, there were: some, unless a number is given.

        Args:
            count: exactly so many.
            at_least: so many or more.
            at_most: so many or fewer.
            params: dotted paths of parameters and their values, lists or conditions, as in a scenario.
            where: kind ("request" unless given, "webhook", "upload"), taskUUID, taskType, transport, status,
                outcome, error.

        Raises:
            NotVerified: there were more, or fewer.
        """
        given = {"count": count, "atLeast": at_least, "atMost": at_most}
        numbers = {name: number for name, number in given.items() if number is not None} or {"atLeast": 1}
        self._expecting("/verify", {"expect": [{"where": _where(params, where), **numbers}]})

    def wait(
        self, count: int = 1, *, within_s: float = 10.0, params: Mapping[str, Any] | None = None, **where: Any
    ) -> Sequence[Mapping[str, Any]]:
        """Wait, in real time, until so many entries fit, and return them; those that are there already count.

        Args:
            count: how many.
            within_s: for how long, in seconds.
            params: as in `verify`.
            where: as in `verify`.

        Raises:
            NotVerified: it did not happen in time.
        """
        body = {"where": _where(params, where), "count": count, "withinMs": round(within_s * 1000)}
        entries: Sequence[Mapping[str, Any]] = self._expecting("/wait", body, within_s)["entries"]
        return entries

    def reset(self) -> None:
        """Forget tasks, media, balance, counts and journal."""
        self._call("POST", "/reset")

    def _expecting(self, path: str, body: Mapping[str, Any], within_s: float = 0.0) -> Any:
        try:
            return self._call("POST", path, body, within_s=within_s)
        except ControlProblem as problem:
            if problem.errors[0]["code"] in ("notVerified", "notInTime"):
                raise NotVerified(str(problem)) from None
            raise

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        query: Mapping[str, str | int] | None = None,
        within_s: float = 0.0,
    ) -> Any:
        content = body if isinstance(body, bytes | None) else orjson.dumps(body)
        try:
            answer = self._client.request(method, path, content=content, params=query, timeout=within_s + PATIENCE_S)
        except httpx.TransportError as problem:
            message = f"no mock answers at {self._base_url} ({str(problem) or type(problem).__name__})"
            raise ControlProblem(0, [{"code": "unreachable", "message": message}]) from problem
        told = _told(answer)
        if told is None:
            message = f"{answer.url} answered {answer.status_code}; is it a mock, and its control API on?"
            raise ControlProblem(answer.status_code, [{"code": "noMock", "message": message}])
        if not answer.is_success:
            raise ControlProblem(answer.status_code, told["errors"])
        return told


def _told(answer: httpx.Response) -> Any:
    """Return what the control API told, or None where it was not the one that answered."""
    if answer.status_code == 204:
        return {}
    try:
        told = answer.json()
    except ValueError:
        return None
    if answer.is_success:
        return told if isinstance(told, dict) else None
    match told:
        case {"errors": [{"code": str(code), "message": str()}, *_]} if answer.status_code != 404 or code in _MISSING:
            return told
    return None


def _where(params: Mapping[str, Any] | None, where: Mapping[str, Any]) -> dict[str, Any]:
    return {**where, **({} if params is None else {"params": params})}


def _query(params: Mapping[str, Any] | None, where: Mapping[str, str | int]) -> dict[str, str | int]:
    return {**where, **{f"params.{path}": orjson.dumps(value).decode() for path, value in (params or {}).items()}}
