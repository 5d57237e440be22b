"""Where an example is played: one mock behind a real socket, a recorder before it, a client on the other side."""

import asyncio
import json
import secrets
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from uvicorn.server import ServerState

from contracts.chance import ExampleDice, own_chance
from contracts.clients.base import Client, Endpoint
from contracts.doors import ShortDoor
from contracts.parting import Call, part
from contracts.recorder import Recorder
from contracts.recording import Exchange, Outcome, Recording
from contracts.session import Begin, Behave, Session, Wait
from contracts.virtual import LoopClock, VirtualLoop
from mockserver.adapters.clocks import SteeredClock
from mockserver.adapters.couriers import Outbox
from mockserver.adapters.fetchers import Nowhere
from mockserver.app import make_mock
from mockserver.config import MockConfig
from mockserver.media.darkroom import Darkroom
from mockserver.ports import Clock
from mockserver.scenario import read_scenario
from mockserver.serve import server_config, take_port
from mockserver.transports.express import express_protocol

T = TypeVar("T")

#: How the mock of the kit is set: generations take some seconds, nothing runs out, little is kept.
SETTINGS: Mapping[str, Any] = {
    "port": 0,
    "log": "quiet",
    "speed": 60,
    "media": "prerendered",
    "journal": 0,
    "control": False,
    "balance": float("inf"),
    "keep_tasks": 1000,
}
#: How long a client may take for a task before it is taken to be endless, in seconds of its time: the longest that an
#: official client means to wait is 24 minutes. Source: the official clients (observed)
PATIENCE_S = 45 * 60
#: How long one that runs elsewhere may take, in seconds of real time: the longest that an official client waits for one
#: answer is 60 s, twice. Source: @runware/sdk-js 1.3.2 (observed)
REAL_PATIENCE_S = 150
#: How much faster videos are made for one that runs elsewhere.
REAL_SPEED = 1200
#: What is waited for before the service behaves in another way, in seconds, so that calls that began have handed in.
SETTLING_S = 0.001
#: A behaviour of a service with which nothing goes wrong.
NOTHING_WRONG: Mapping[str, Any] = {"rules": []}


class Stage:
    """Plays examples with one client, one after the other or, where it runs elsewhere, many at once.

    Args:
        client: the client.
        is_short: whether asynchronous clients of httpx are answered without sockets, see `contracts.doors`.
        settings: settings of the mock that differ from `SETTINGS`.

    Attributes:
        is_inside: whether the client runs in this process, where time can jump.
        spec: what the schemas say.
    """

    def __init__(self, client: Client, *, is_short: bool = False, **settings: Any) -> None:
        self._client = client
        self._is_short = is_short and client.is_inside
        self.is_inside = client.is_inside
        hurried = {} if client.is_inside else {"speed": REAL_SPEED}
        self._config = MockConfig(**{**SETTINGS, **hurried, **settings})
        self._loop = VirtualLoop() if client.is_inside else asyncio.new_event_loop()
        self._patience_s = PATIENCE_S if client.is_inside else REAL_PATIENCE_S
        self._server: asyncio.Server | None = None
        self._state = ServerState()
        self._dice = ExampleDice()

    def __enter__(self) -> Self:
        # Whatever fails, here or at the end, what was opened before it is closed.
        with ExitStack() as opened:
            self._open(opened)
            self._opened = opened.pop_all()
        return self

    def _open(self, opened: ExitStack) -> None:
        opened.callback(self._loop.close)
        clock: Clock = LoopClock(self._loop) if isinstance(self._loop, VirtualLoop) else SteeredClock()
        mock = make_mock(
            self._config, clock, Outbox(), fetcher=Nowhere(), darkroom=Darkroom(at_once=True), dice=self._dice
        )
        self._listener = take_port("127.0.0.1", 0)
        opened.callback(self._listener.close)
        self._port = self._listener.getsockname()[1]
        self._mock = mock.listening_at("127.0.0.1", self._port)
        self.spec = mock.spec
        self._recorder = Recorder(self._mock.front(None), clock.now_ms)
        self._now_ms = clock.now_ms
        if isinstance(self._loop, VirtualLoop):
            self._loop.while_awaited(lambda: self._recorder.unanswered > 0)
        for end in (self._end_tasks, self._mock.close, self._hang_up, self._client.close):
            opened.callback(self._run_to_end, end)
        self.run(self._serve())
        if self._is_short:
            door = ShortDoor(self._recorder, "127.0.0.1", self._port)
            opened.callback(door.close)
            door.open()

    async def _serve(self) -> None:
        """Listen. Without uvicorn's own server, whose heart beats ten times a second."""
        config = server_config(self._mock)
        config.app = self._recorder
        config.lifespan = "off"
        protocol = type("WholeProtocol", (express_protocol(self._mock.http_desk()),), {"short_paths": frozenset()})
        config.http = protocol
        config.load()
        self._server = await asyncio.get_running_loop().create_server(
            lambda: protocol(config=config, server_state=self._state, app_state={}), sock=self._listener
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop of the stage."""
        return self._loop.run(work) if isinstance(self._loop, VirtualLoop) else self._loop.run_until_complete(work)

    def _run_to_end(self, end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.run(end())

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    async def _hang_up(self) -> None:
        """Listen no more, and end every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()

    async def _end_tasks(self) -> None:
        """End what is left in the loop."""
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await self._loop.shutdown_asyncgens()
        if not self.is_inside:
            await self._loop.shutdown_default_executor()

    def _key_for(self, example: Any) -> str:
        """Return a key that nobody had yet; what is drawn by chance for it hangs on the example."""
        key = f"kit-{secrets.token_hex(12)}"
        self._dice.begin(self._owner(key), json.dumps(example))
        return key

    def _owner(self, key: str) -> str:
        owner = self._mock.runtime.desk.keyring.owner(key)
        if owner is None:
            raise AssertionError("the mock of the kit knows every key")
        return owner

    def _end_example(self, key: str) -> None:
        """Let go of what belongs to a key that nobody uses any more."""
        self._behave(key, NOTHING_WRONG)
        self._dice.end(self._owner(key))

    async def play(
        self, task: Mapping[str, Any], behaviour: Mapping[str, Any], family: str, earlier: Collection[str] = ()
    ) -> Recording:
        """Have the client do a task while the service behaves in a certain way, and return what was said.

        Args:
            task: a task without taskType, taskUUID and deliveryMethod.
            behaviour: a scenario.
            family: what kind of behaviour that is.
            earlier: taskUUIDs of tasks that were handed in before.
        """
        key = self._key_for([task, behaviour])
        self._behave(key, behaviour)
        async with self._client.turn():
            self._recorder.listen(key)
            begun_ms = self._now_ms()
            with own_chance():
                outcome = await self._perform(task, key)
            ended_at_ms = self._now_ms() - begun_ms
        self._end_example(key)
        exchanges = self._recorder.take(key, begun_ms)
        return Recording(task, behaviour, key, exchanges, outcome, ended_at_ms, family, earlier)

    async def play_session(self, session: Session, family: str, earlier: Collection[str] = ()) -> list[Recording]:
        """Have the client do several tasks at once, under one key, and return what was said for each.

        Args:
            session: the tasks, and what happens in which order. A client that runs elsewhere is not waited for between
                two steps, as nobody can tell what it has done by then.
            family: what kind of behaviour that is.
            earlier: taskUUIDs of tasks that were handed in before.
        """
        # The same for every session, so that one that lacks a task takes as long as before.
        key = self._key_for(family)
        self._recorder.listen(key)
        begun_ms = self._now_ms()
        calls: list[asyncio.Task[_Done]] = []
        try:
            with own_chance():
                behaviour: Mapping[str, Any] = NOTHING_WRONG
                for step in [*session.steps, *([Behave(NOTHING_WRONG)] if self.is_inside else [])]:
                    match step:
                        case Begin(number):
                            calls.append(asyncio.create_task(self._call(session.tasks[number], behaviour, key)))
                        case Wait(for_ms):
                            await asyncio.sleep(for_ms / 1000)
                        case Behave(behaviour):
                            await asyncio.sleep(SETTLING_S)
                            self._behave(key, behaviour)
                done = await asyncio.gather(*calls)
        finally:
            for call in calls:
                call.cancel()
        self._end_example(key)
        exchanges = self._recorder.take(key, begun_ms)
        return _recordings(session, done, exchanges, key, begun_ms, family, earlier)

    async def _call(self, task: Mapping[str, Any], behaviour: Mapping[str, Any], key: str) -> "_Done":
        async with self._client.turn():
            began_at_ms = self._now_ms()
            outcome = await self._perform(task, key)
            return _Done(task, behaviour, began_at_ms, outcome, self._now_ms())

    def _behave(self, key: str, behaviour: Mapping[str, Any]) -> None:
        """Let the service behave in a certain way towards the tasks of a key."""
        runtime = self._mock.runtime
        scenario = read_scenario(behaviour, self.spec.failures, self.spec.models)
        runtime.plans.play(scenario if scenario.rules else None, self._owner(key))

    async def _perform(self, task: Mapping[str, Any], key: str) -> Outcome:
        base = f"://127.0.0.1:{self._port}/v1"
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._client.perform(task, Endpoint(f"http{base}", f"ws{base}", key))
        except TimeoutError:
            return Outcome(is_endless=True)


@dataclass(frozen=True)
class _Done:
    """A call that is over: what it was asked for, how the service behaved when it began, and when that was."""

    task: Mapping[str, Any]
    behaviour: Mapping[str, Any]
    began_at_ms: int
    outcome: Outcome
    ended_at_ms: int


def _recordings(
    session: Session,
    done: Sequence[_Done],
    exchanges: Sequence[Exchange],
    key: str,
    begun_ms: int,
    family: str,
    earlier: Collection[str],
) -> list[Recording]:
    """Return what was said for each call, with the others as its companions."""
    parts = part(
        exchanges, [Call(each.task, each.began_at_ms - begun_ms, each.ended_at_ms - begun_ms) for each in done]
    )
    alone = [
        Recording(
            each.task,
            each.behaviour,
            key,
            own.exchanges,
            each.outcome,
            each.ended_at_ms - each.began_at_ms,
            family,
            {*earlier, *own.earlier},
            session.as_data(),
            each.began_at_ms - begun_ms,
        )
        for each, own in zip(done, parts, strict=True)
    ]
    return [replace(each, companions=[other for other in alone if other is not each]) for each in alone]
