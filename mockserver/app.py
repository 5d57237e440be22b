"""Where the pieces are chosen and put together. Only this file and `state` name concrete adapters."""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.adapters.clocks import SteeredClock
from mockserver.adapters.couriers import HttpCourier
from mockserver.adapters.fetchers import Nowhere, WebFetcher
from mockserver.adapters.keys import AnyKey, ListedKeys
from mockserver.adapters.stores import HOUR_MS, ROOMS, Room
from mockserver.adapters.web import Web
from mockserver.calls import Call, Told
from mockserver.config import BadSetting, MockConfig
from mockserver.counts import Counts, Share
from mockserver.engine.account import MICRO
from mockserver.engine.values import Task
from mockserver.health import Readiness
from mockserver.journal import Journal
from mockserver.log import Log, make_log
from mockserver.media.cache import Cache
from mockserver.media.clips import Clip, NoClip
from mockserver.media.darkroom import Darkroom
from mockserver.media.gallery import Gallery, Shipped, Studio, can_render, hand_over
from mockserver.media.renderers import Inline, Processes
from mockserver.outbound import Outbound
from mockserver.platform import Desk
from mockserver.ports import Clock, Courier, Dice, Fetcher, Shelf, Store
from mockserver.quotas import Quotas
from mockserver.reading import Limits
from mockserver.release import VERSION
from mockserver.runtime import Runtime, TakeMedia
from mockserver.scenario import ReadScenario, Scenario, load_scenario, read_scenario
from mockserver.shown import Found
from mockserver.spec.load import Model, Spec, load_spec
from mockserver.state import State, make_state
from mockserver.tally import Tally
from mockserver.transports.asgi import App, Origin, Receive, Scope, Send, origin_finder, route_path
from mockserver.transports.bounds import Bounds
from mockserver.transports.control import ControlTransport
from mockserver.transports.files import FileTransport
from mockserver.transports.front import TASK_PATHS, Front
from mockserver.transports.http import HttpDesk, HttpTransport, Observe
from mockserver.transports.service import ServiceTransport
from mockserver.transports.websocket import SocketTransport
from mockserver.wire import Wire

if TYPE_CHECKING:
    from fastapi import FastAPI

    from mockserver.control import Control


@dataclass(frozen=True, slots=True)
class Mock:
    """A mock, put together.

    Attributes:
        config: what it was made from.
        spec: what the schemas say.
        runtime: answers requests.
        clock: its time.
        state: its memory.
        courier: sends its parcels.
        log: shows what it does.
        journal: keeps what it did, or None where it is switched off.
        gallery: has the files of finished videos.
        readiness: says whether it can do its work.
        tally: counts requests.
        counts: has what was counted, also by others that serve the same mock.
    """

    config: MockConfig
    spec: Spec
    runtime: Runtime
    clock: Clock
    state: State
    courier: Courier
    log: Log
    journal: Journal | None
    gallery: Gallery
    readiness: Readiness
    tally: Tally
    counts: Counts

    @property
    def store(self) -> Store:
        """What it keeps entries in."""
        return self.state.store

    async def open(self) -> None:
        """Begin, also with what was left undone in the state; awaited in the event loop that serves."""
        await self.state.open()

    async def clip_of(self, found: Found) -> Clip | NoClip:
        """Return the file of a finished result, once it is made, or why there is none."""
        making = self.gallery.clip(found.task, found.index, _model(self.spec, found.task))
        if not making.done():
            # Others may wait for the same file: whoever stops waiting stops nothing, and is not told how it ended.
            ended = asyncio.Event()
            loop = asyncio.get_running_loop()
            making.add_done_callback(lambda _: _tell(loop, ended))
            await ended.wait()
        return making.result()

    async def close(self) -> None:
        """Stop what is under way, end every process, let go of every connection and write the last lines of the log.

        What is owed stays owed, in a state that outlives this.
        """
        self.runtime.dispatch.stop()
        self.runtime.desk.darkroom.close()
        await asyncio.to_thread(self.gallery.close)
        await self.courier.close()
        await self.state.close()
        self.log.flush()

    def listening_at(self, host: str, port: int) -> "Mock":
        """Return the same mock, which knows where it really listens."""
        return replace(self, config=replace(self.config, host=host, port=port))

    @property
    def _observe(self) -> Observe | None:
        return self.log.see if self.config.log != "quiet" else None

    @property
    def _origin(self) -> Origin:
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return origin_finder(self.config.public_url, f"http://{host}:{self.config.port}")

    def http_desk(self) -> HttpDesk:
        """Return what answers POST requests."""
        config = self.config
        seconds = config.head_seconds, config.body_seconds, config.login_seconds
        bounds = Bounds(config.max_head_bytes, *seconds, config.max_connections)
        return HttpDesk(self.runtime, self._observe, self.journal, self._origin, self.log.say, self.tally, bounds)

    def front(self, others: App | None, *, is_inner: bool = False) -> Front:
        """Return the mock as an ASGI application.

        Args:
            others: takes what no transport of the mock knows, or None for an error.
            is_inner: whether it stands behind another one of the same mock, which shows its requests.
        """
        desk = self.http_desk()
        return Front(
            desk=desk,
            http=HttpTransport(desk),
            socket=SocketTransport(self.runtime, desk, self._observe, self.journal, self._origin, self.tally),
            files=FileTransport(self.runtime, desk, self.clip_of),
            service=ServiceTransport(self.runtime, desk, VERSION, self.readiness, self.counts),
            control=self._control(),
            others=others,
            observe=None if is_inner else self._observe,
            begin=self.open,
            close=self.close,
            tally=Tally() if is_inner else self.tally,
        )

    def _control(self) -> ControlTransport | None:
        if not self.config.control:
            return None
        return ControlTransport(_LateControl(self).carry_out, self._origin, self.config.control_token, self.config.host)


class _LateControl:
    """The control API, loaded when somebody first calls it: those who never do start sooner."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._control: Control | None = None

    async def carry_out(self, call: Call) -> Told:
        if self._control is None:
            from mockserver.control import Control

            mock = self._mock
            self._control = Control(mock.runtime, mock.journal, VERSION, mock.state.in_step, mock.state.has_company)
        return await self._control.answer(call)


def _tell(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Set an event from any thread, unless its loop is gone."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(ended.set)


def _model(spec: Spec, task: Task) -> Model:
    branch = spec.branch(task.task_type, task.air)
    if not isinstance(branch, Model):
        raise AssertionError(f"{task.uuid} was accepted for a model that does not exist")
    return branch


def make_mock(
    config: MockConfig | None = None,
    clock: Clock | None = None,
    courier: Courier | None = None,
    log: Log | None = None,
    is_inline: bool = False,
    fetcher: Fetcher | None = None,
    darkroom: Darkroom | None = None,
    dice: Dice | None = None,
    share: Share | None = None,
) -> Mock:
    """Put a mock together.

    Args:
        config: settings; all defaults unless given.
        clock: its time; the real one unless given.
        courier: sends its parcels; over HTTP where the settings allow it unless given.
        log: shows what it does; what the settings say unless given.
        is_inline: whether it lives within calls, with no event loop of its own. Then clips are rendered while the
            caller waits, and only where the settings ask for it; pictures are looked at on the way, and none fetched.
        fetcher: gets pictures from addresses in requests; over HTTP where the settings allow it unless given.
        darkroom: looks at pictures; in a thread of its own unless given.
        dice: where chance comes from; what the settings say unless given.
        share: where numbers are written that are added to those of others who serve the same mock, or None.

    Raises:
        BadSetting: clips cannot be rendered or kept as wanted.
        SchemaProblem: a data file cannot be used.
        UnknownChoice: a choice does not exist.
        BadScenario: the scenario cannot be used.
        BadOpening: what should be opened for outbound calls is neither a host name nor a range.
    """
    config = config or MockConfig()
    spec = load_spec(config.schema, config.profile, config.choices, config.validator)
    clock = clock or SteeredClock(config.clock)
    log = log or make_log(config.log)
    outbound = Outbound.opened(config.allow_outbound)
    courier = courier or HttpCourier(web=Web(outbound))
    tasks, results, content = ROOMS[Shelf.TASKS], ROOMS[Shelf.RESULTS], ROOMS[Shelf.CONTENT]
    kept_ms, times = round(config.keep_hours * HOUR_MS), max(1, config.keep_tasks / tasks.max_entries)
    rooms = {
        Shelf.TASKS: Room(config.keep_tasks, round(times * tasks.max_bytes), kept_ms),
        Shelf.RESULTS: Room(round(times * results.max_entries), results.max_bytes, kept_ms),
        Shelf.CONTENT: replace(content, max_bytes=config.keep_media_bytes),
    }
    state = make_state(config, clock, rooms, is_inline, log.say)
    keyring = ListedKeys(config.api_key, state.secret) if config.api_key else AnyKey(state.secret)
    balance = None if config.balance == math.inf else round(config.balance * MICRO)
    desk = Desk(
        spec,
        Wire(spec),
        state.store,
        clock,
        keyring,
        dice or state.dice,
        outbound,
        balance,
        fetcher or (Nowhere() if is_inline else WebFetcher(outbound)),
        darkroom or Darkroom(at_once=is_inline),
        config.outside_images == "refuse",
    )
    limits = Limits(config.max_body_bytes, config.max_tasks, config.max_depth, config.max_values)

    gallery = _make_gallery(config, desk, is_inline)

    def fetch_media(task: Task, index: int, take: TakeMedia) -> None:
        hand_over(gallery.clip(task, index, _model(spec, task)), take, log.say)

    journal = _make_journal(config, clock, state)
    keep_media_ms = round(config.keep_media_hours * HOUR_MS)
    attempts = {"webhook": config.webhook_attempts, "upload": config.upload_attempts}
    speed, quotas = config.speed, Quotas(config.max_running, config.max_owed)
    runtime = Runtime(
        desk,
        state.agenda,
        courier,
        fetch_media,
        limits,
        speed,
        keep_media_ms,
        log.say,
        journal,
        attempts,
        quotas,
        is_fleet=state.is_fleet,
    )
    state.steps.append(runtime.plans.refresh)
    runtime.plans.begin(None if config.scenario is None else _read_scenario(config.scenario, spec))
    readiness = Readiness({"store": partial(_ask_store, state)})
    tally = Tally()
    counts = Counts(tally, runtime.dispatch, share)
    if share is not None:
        state.steps.append(counts.publish)
    return Mock(config, spec, runtime, clock, state, courier, log, journal, gallery, readiness, tally, counts)


async def _ask_store(state: State) -> None:
    """Look something up, which a store that cannot be used refuses, and whether others would find it there too."""
    state.check()
    state.store.get(Shelf.TASKS, ("", ""))


def _make_journal(config: MockConfig, clock: Clock, state: State) -> Journal | None:
    if not config.journal:
        return None
    if state.ledger is None:
        return Journal(clock, config.journal)
    from mockserver.ledger import KeptJournal

    journal = KeptJournal(clock, config.journal, state.ledger)
    state.steps.append(journal.step)
    state.endings.append(journal.write)
    return journal


def _read_scenario(scenario: Path | Scenario, spec: Spec) -> ReadScenario:
    if isinstance(scenario, Scenario):
        return read_scenario(scenario.as_data(), spec.failures, spec.models)
    return load_scenario(scenario, spec.failures, spec.models)


def _make_gallery(config: MockConfig, desk: Desk, is_inline: bool) -> Gallery:
    if config.media == "rendered" and not can_render():
        raise BadSetting("media", "rendering needs PyAV and Pillow; install the mock with its extra 'media'")
    if config.media == "prerendered" or (config.media is None and (is_inline or not can_render())):
        return Shipped()
    if config.media_cache is not None:
        try:
            config.media_cache.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise BadSetting("media-cache", f"the folder cannot be made ({problem})") from problem
    cache = Cache(config.media_cache, config.media_cache_bytes)
    return Studio(cache, Inline if is_inline else Processes, desk.find_picture, desk.spec.dialect.picture_fit)


def create_app(config: MockConfig | None = None, mock: Mock | None = None) -> "FastAPI":
    """Return the mock as a FastAPI application, to serve, mount or extend.

    Tasks are answered before FastAPI's router sees them; `/docs` and `/openapi.json` describe the API; routes that
    are added to the application come before the mock's other addresses.

    Args:
        config: settings; all defaults unless given.
        mock: a mock that was put together before; made from the settings unless given.
    """
    whole = mock or make_mock(config)
    return _application(whole, whole.front(None))


def _application(whole: Mock, front: Front) -> "FastAPI":
    from fastapi_offline import FastAPIOffline
    from starlette.routing import Route

    from mockserver.spec.publish import control_document, openapi

    control = control_document() if whole.config.control else None
    app: FastAPI = FastAPIOffline(title="runware-mock", version=VERSION, redoc_url=None)
    vars(app)["openapi"] = lambda: openapi(whole.spec, VERSION, control)
    app.add_middleware(_TasksFirst, front=front)
    app.router.default = front
    app.router.on_startup.append(whole.open)
    app.router.on_shutdown.append(whole.close)
    for route in app.routes:
        if isinstance(route, Route) and route.methods:
            route.methods.add("HEAD")
    return app


class _TasksFirst:
    """Answers what is handed in as tasks before the router is asked. A raw ASGI middleware."""

    def __init__(self, app: App, front: Front) -> None:
        self._app = app
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        is_task = (kind == "websocket" or (kind == "http" and scope["method"] == "POST")) and (
            route_path(scope) in TASK_PATHS
        )
        await (self._front if is_task else self._app)(scope, receive, send)


class LateApp:
    """The FastAPI application, made when somebody first asks for what only it has.

    Args:
        mock: the mock that it serves.
    """

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a connection on."""
        if self._app is None:
            self._app = _application(self._mock, self._mock.front(None, is_inner=True))
        await self._app(scope, receive, send)


def server_app(mock: Mock) -> Front:
    """Return the application that the command line serves: quick to start, with FastAPI behind it for the rest."""
    return mock.front(LateApp(mock))


__all__: Sequence[str] = ("Mock", "create_app", "make_mock", "server_app")
