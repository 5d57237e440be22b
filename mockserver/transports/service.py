"""What is asked about the mock itself: how it is, what it did, and the schema service of the official clients."""

from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from mockserver.counts import Counts
from mockserver.health import GOOD, Readiness
from mockserver.runtime import Runtime
from mockserver.spec.publish import registry, resolve
from mockserver.transports.asgi import Receive, Scope, Send, headers_of, route_path, send_answer, send_not_modified
from mockserver.transports.http import HttpDesk

if TYPE_CHECKING:
    from mockserver.metrics import Metrics

#: What is asked again and again by machines; good answers of these are no news.
LIVE, READY, HEALTH, METRICS = "/health/live", "/health/ready", "/health", "/metrics"
WATCHED = frozenset({LIVE, READY, HEALTH, METRICS})

_UNCACHED = ((b"cache-control", b"no-store"),)


class ServiceTransport:
    """`/health`, `/metrics`, `/registry.json` and `/resolve/<model>` as a raw ASGI function, for GET and HEAD.

    Nothing here needs a key, so nothing here shows one, or any text of a client's.

    Args:
        runtime: what there is to ask about.
        desk: words what fails.
        version: version of the mock.
        readiness: says whether the mock can do its work.
        counts: what was counted.
    """

    def __init__(self, runtime: Runtime, desk: HttpDesk, version: str, readiness: Readiness, counts: Counts) -> None:
        self._runtime = runtime
        self._desk = desk
        self._version = version
        self._readiness = readiness
        self._counts = counts
        self._metrics: Metrics | None = None

    @staticmethod
    def knows(path: str) -> bool:
        """Say whether an address belongs to the service."""
        return path in WATCHED or path == "/registry.json" or path.startswith("/resolve/")

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, is_head = route_path(scope), scope["method"] == "HEAD"
        if path == METRICS:
            media_type, page = await self._page()
            await send_answer(send, 200, page, media_type, headers=_UNCACHED, is_head=is_head)
        elif path in WATCHED:
            status, found = await self._health(path)
            await send_answer(send, status, orjson.dumps(found), headers=_UNCACHED, is_head=is_head)
        else:
            await self._schemas(path, scope, send)

    async def _schemas(self, path: str, scope: Scope, send: Send) -> None:
        """Answer as the schema service, whose answers clients may keep."""
        found = self._find(path)
        if found is None:
            known = ", ".join(model.air for model in self._runtime.desk.spec.all_models)
            envelope = self._desk.error("modelNotFound", f"known models: {known}.")
            await send_answer(send, envelope.status, envelope.body)
            return
        body = orjson.dumps(found)
        etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'.encode()
        headers = [(b"etag", etag), (b"cache-control", b"no-cache")]
        if etag in headers_of(scope).get(b"if-none-match", b""):
            await send_not_modified(send, headers)
        else:
            await send_answer(send, 200, body, headers=headers, is_head=scope["method"] == "HEAD")

    def _find(self, path: str) -> dict[str, Any] | None:
        if path == "/registry.json":
            return registry(self._runtime.desk.spec)
        name = unquote(path.removeprefix("/resolve/"))
        models = (model for model in self._runtime.desk.spec.all_models if name in (model.air, model.about["slug"]))
        model = next(models, None)
        return resolve(model) if model else None

    async def _health(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of an answer: that it comes says that the mock lives."""
        if path == LIVE:
            return 200, {"status": GOOD}
        checks = await self._readiness.look()
        is_ready = all(found == GOOD for found in checks.values())
        told = {"status": GOOD if is_ready else "unavailable", "checks": checks}
        return (200 if is_ready else 503), told if path == READY else {**told, **self._about()}

    def _about(self) -> dict[str, Any]:
        """Return what the mock imitates, and where it differs from the default."""
        spec = self._runtime.desk.spec
        offered = spec.documents["dialect.json"]["choices"]
        return {
            "version": self._version,
            "profile": spec.chosen.profile,
            "models": [model.air for model in spec.all_models],
            "choices": {
                name: value for name, value in spec.chosen.choices.items() if value != offered[name]["default"]
            },
        }

    async def _page(self) -> tuple[bytes, bytes]:
        """Return type and text of what Prometheus reads. Its client library is loaded when this is first asked."""
        from mockserver.metrics import MEDIA_TYPE, Metrics

        if self._metrics is None:
            self._metrics = Metrics(self._runtime, self._counts, self._version)
        return MEDIA_TYPE.encode(), await self._metrics.page()
