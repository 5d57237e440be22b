"""Asks a server: first what it must refuse, which costs nothing; then, within a budget, for a video."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any
from uuid import uuid4

import httpx

from contracts.mistakes import mistakes
from contracts.servers.talk import Kind, Turn
from contracts.strategies import drawn
from mockserver.engine.account import MICRO
from mockserver.engine.plan import figures_of
from mockserver.spec.load import Model, Spec, load_spec
from mockserver.spec.violations import check_task

#: How long an answer is waited for, in seconds.
PATIENCE_S = 30.0
#: How long a video is waited for, and how long between polls, in seconds.
VIDEO_S, PAUSE_S = 20 * 60.0, 2.0
#: Requests that are no JSON at all, or no tasks.
BROKEN = (b"{", b"[{]", b"nothing", b'[{"taskType": "videoInference"')


class TooDear(Exception):
    """What would be asked for costs more than may be spent."""


class Asker:
    """Asks one server.

    Args:
        url: where tasks are handed in, as in "https://api.runware.ai/v1".
        api_key: the key to show.
        seed: what chance is drawn from.
        pause_s: pause between polls, in seconds.
    """

    def __init__(self, url: str, api_key: str, seed: int = 0, pause_s: float = PAUSE_S) -> None:
        self._url = url
        self._key = api_key
        self._seed = seed
        self._spec = _shipped()
        self._pause_s = pause_s
        self._began_s = time.monotonic()
        self._client = httpx.Client(timeout=PATIENCE_S, headers={"Content-Type": "application/json"})

    @property
    def _model(self) -> Model:
        return self._spec.all_models[0]

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def refusals(self) -> Iterator[Turn]:
        """Ask for what must be refused, and for what costs nothing."""
        for turn in _wrong(self._seed):
            yield self._ask(turn)
        good = self._good()
        yield self._ask(
            Turn(Kind.NO_KEY, "no Authorization", _body(good), frozenset({"missingApiKey", "invalidApiKey"})), key=""
        )
        for body in BROKEN:
            yield self._ask(Turn(Kind.BROKEN, body.decode(), body))
        unknown = {"taskType": "getResponse", "taskUUID": str(uuid4())}
        yield self._ask(Turn(Kind.UNKNOWN, "", _body(unknown), frozenset({"taskNotFound", "invalidTaskUUID"})))
        authentication = {"taskType": "authentication", "apiKey": self._key}
        yield self._ask(Turn(Kind.FREE, "authentication", _body(authentication)))

    def video(self, spend_usd: float, **parameters: Any) -> Iterator[Turn]:
        """Ask for a video, once more with the same taskUUID, and poll until it is done.

        Args:
            spend_usd: what it may cost, in US dollars.
            parameters: further parameters.

        Raises:
            TooDear: it would cost more, by the prices of the schemas.
        """
        task = {**self._good(), "deliveryMethod": "async", "includeCost": True, **parameters}
        price_usd = self._price_usd(task)
        if price_usd > spend_usd:
            raise TooDear(f"the video costs {price_usd:g} USD, so none was asked for; --spend {price_usd:g} allows it")
        yield self._ask(Turn(Kind.SUBMIT, "", _body(task)))
        yield self._ask(Turn(Kind.AGAIN, "", _body(task), frozenset({"conflictTaskUUID"})))
        poll, until_s = {"taskType": "getResponse", "taskUUID": task["taskUUID"]}, time.monotonic() + VIDEO_S
        turn = self._ask(Turn(Kind.POLL, "", _body(poll)))
        yield turn
        while time.monotonic() < until_s and any(item.get("status") == "processing" for item in turn.items):
            time.sleep(self._pause_s)
            turn = self._ask(Turn(Kind.POLL, "", _body(poll)))
            yield turn
        yield self._ask(Turn(Kind.POLL, "once more", _body(poll)))

    def _price_usd(self, task: Mapping[str, Any]) -> float:
        return float(figures_of(self._model, task).cost_micro_usd * task.get("numberResults", 1) / MICRO)

    def _good(self) -> dict[str, Any]:
        return {
            "taskType": "videoInference",
            "taskUUID": str(uuid4()),
            "model": self._model.air,
            "positivePrompt": "a lighthouse at dusk",
        }

    def _ask(self, turn: Turn, key: str | None = None) -> Turn:
        shown_key = self._key if key is None else key
        headers = {"Authorization": f"Bearer {shown_key}"} if shown_key else {}
        at_ms = round((time.monotonic() - self._began_s) * 1000)
        try:
            answer = self._client.post(self._url, content=turn.body, headers=headers)
        except httpx.HTTPError as problem:
            return replace(turn, problem=str(problem) or type(problem).__name__, at_ms=at_ms)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return replace(turn, status=answer.status_code, media_type=kind, answer=answer.content, at_ms=at_ms)


@lru_cache(maxsize=1)
def _shipped() -> Spec:
    return load_spec()


@lru_cache(maxsize=4)
def _wrong(chance: int) -> Sequence[Turn]:
    """Return a task for each mistake that can be made, with the codes that are due; the same for the same seed."""
    spec = _shipped()
    tasks = [(mistake.name, drawn(mistake.spoilt, chance)) for mistake in mistakes(spec.all_models[0])]
    due = [
        (name, task, frozenset(violation.error.code for violation in check_task(spec, task).violations))
        for name, task in tasks
        if isinstance(task, dict)
    ]
    return [Turn(Kind.MISTAKE, name, _body(task), codes) for name, task, codes in due if codes]


def _body(task: Mapping[str, Any]) -> bytes:
    return json.dumps([task], ensure_ascii=False).encode("utf-8", "surrogatepass")
