"""What a mock did, as Prometheus reads it: its plain numbers, put into families when somebody asks.

Loaded with the client library when that happens first.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mockserver.counts import Counts
from mockserver.engine.results import overall, statuses_at
from mockserver.engine.values import Status
from mockserver.ports import Shelf, StoreAway
from mockserver.runtime import Runtime
from mockserver.tally import BOUNDS_MS, Times

#: Prefix of every name.
PREFIX = "runware_mock"
#: After how many tasks others get their turn while they are counted.
TASKS_A_TURN = 500
#: Tasks are not counted anew before so many seconds have passed: nobody needs a key to ask.
COUNT_EVERY_S = 1.0
#: How far a task as a whole can be.
STATES = (Status.PROCESSING, Status.SUCCESS, Status.ERROR)
MEDIA_TYPE = exposition.CONTENT_TYPE_PLAIN_1_0_0


class Numbers(Collector):
    """Turns the numbers of a mock into families.

    Args:
        runtime: has what is owed.
        counts: has the rest.
        version: version of the mock.

    Attributes:
        tasks: how many tasks that are kept are in each state; counted before, since that may take a while. None where
            the store was away.
    """

    def __init__(self, runtime: Runtime, counts: Counts, version: str) -> None:
        self._dispatch = runtime.dispatch
        self._counts = counts
        self._version = version
        self.tasks: Mapping[str, int] | None = {}

    def collect(self) -> Iterator[Metric]:
        """Yield every family; without those that only the store knows where it is away."""
        yield _gauge("info", "What runs here", {(self._version,): 1}, ("version",))
        sums = self._counts.sums()
        requests = {("http", str(status)): count for status, count in sums.statuses.items()}
        requests["websocket", "0"] = sums.messages
        yield _counter("requests", "Requests by HTTP status; 0 over WebSocket", requests, ("transport", "status"))
        yield _histogram(
            "request_seconds",
            "Time from the last byte in to the first byte out, of requests that were logged or kept in the journal",
            {"http": sums.http, "websocket": sums.socket},
        )
        owed = self._owed()
        is_up = owed is not None and self.tasks is not None
        yield _gauge("store_up", "1 where the store answers, 0 where it is away", {(): float(is_up)})
        if self.tasks is not None:
            states = {(state.value,): self.tasks.get(state.value, 0) for state in STATES}
            yield _gauge("tasks", "Tasks that are kept, by state", states, ("state",))
        yield _counter("deliveries", "Attempts at webhooks and uploads, by outcome", sums.outcomes, ("kind", "outcome"))
        if owed is not None:
            yield _gauge("deliveries_owed", "Webhooks and uploads that are not over", {(): owed})
        yield _gauge("deliveries_under_way", "Attempts that have begun and not ended", {(): sums.under_way})
        yield from _processes(sums.processes)

    def _owed(self) -> int | None:
        try:
            return self._dispatch.owed
        except StoreAway:
            return None


class Metrics:
    """The page for Prometheus.

    Args:
        runtime: the mock.
        counts: has what was counted.
        version: version of the mock.
    """

    def __init__(self, runtime: Runtime, counts: Counts, version: str) -> None:
        self._runtime = runtime
        self._numbers = Numbers(runtime, counts, version)
        self._registry = CollectorRegistry()
        self._registry.register(self._numbers)
        self._counted_s = -COUNT_EVERY_S

    async def page(self) -> bytes:
        """Return the page as it is now; of tasks their number a moment ago."""
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._counted_s + COUNT_EVERY_S:
            self._counted_s = now_s
            try:
                self._numbers.tasks = await self._count_tasks()
            except StoreAway:
                self._numbers.tasks = None
        return exposition.generate_latest(self._registry)

    async def _count_tasks(self) -> Mapping[str, int]:
        """Count tasks by state. The store reads them all at once; putting them into states gives way to others."""
        desk = self._runtime.desk
        now_ms = desk.clock.now_ms()
        counts: Counter[str] = Counter()
        for number, (_, task) in enumerate(desk.store.scan(Shelf.TASKS), 1):
            counts[overall(statuses_at(task, now_ms)).value] += 1
            if not number % TASKS_A_TURN:
                await asyncio.sleep(0)
        return counts


def _processes(numbers: Sequence[int]) -> Iterator[Metric]:
    """Yield what the system knows of processes: of several, each under its number."""
    families: dict[str, Metric] = {}
    for place, number in enumerate(numbers, 1):
        label = {"worker": str(place)} if len(numbers) > 1 else {}
        for found in ProcessCollector(pid=partial(str, number), registry=None).collect():
            family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
            family.samples += [sample._replace(labels=label) for sample in found.samples]
    yield from families.values()


def _gauge(name: str, about: str, values: Mapping[Any, float], labels: Sequence[str] = ()) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", about, labels=labels)
    for each, value in values.items():
        family.add_metric(each, value)
    return family


def _counter(name: str, about: str, values: Mapping[Any, float], labels: Sequence[str]) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}_{name}", about, labels=labels)
    for each, value in values.items():
        family.add_metric(each, value)
    return family


def _histogram(name: str, about: str, times: Mapping[str, Times]) -> Metric:
    family = HistogramMetricFamily(f"{PREFIX}_{name}", about, labels=("transport",))
    bounds = [*(str(bound_ms / 1000) for bound_ms in BOUNDS_MS), "+Inf"]
    for transport, taken in times.items():
        buckets = list(zip(bounds, map(float, accumulate(taken.counts)), strict=True))
        family.add_metric((transport,), buckets, taken.total_ms / 1000)
    return family
