"""What is asked about the mock itself: its health, and the schema service of the official clients."""

from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import orjson

from mockserver.runtime import Runtime
from mockserver.spec.publish import registry, resolve
from mockserver.transports.asgi import Receive, Scope, Send, headers_of, route_path, send_answer, send_not_modified
from mockserver.transports.http import HttpDesk


class ServiceTransport:
    """`/health`, `/registry.json` and `/resolve/<model>` as a raw ASGI function, for GET and HEAD.

    Args:
        runtime: what there is to ask about.
        desk: words what fails.
        version: version of the mock.
    """

    def __init__(self, runtime: Runtime, desk: HttpDesk, version: str) -> None:
        self._runtime = runtime
        self._desk = desk
        self._version = version

    @staticmethod
    def knows(path: str) -> bool:
        """Say whether an address belongs to the service."""
        return path in ("/health", "/registry.json") or path.startswith("/resolve/")

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = route_path(scope)
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
        if path == "/health":
            return self.health()
        if path == "/registry.json":
            return registry(self._runtime.desk.spec)
        name = unquote(path.removeprefix("/resolve/"))
        models = (model for model in self._runtime.desk.spec.all_models if name in (model.air, model.about["slug"]))
        model = next(models, None)
        return resolve(model) if model else None

    def health(self) -> dict[str, Any]:
        """Return the state of the mock: what it imitates, and where it differs from the default."""
        spec = self._runtime.desk.spec
        offered = spec.documents["dialect.json"]["choices"]
        return {
            "status": "ok",
            "version": self._version,
            "profile": spec.chosen.profile,
            "models": [model.air for model in spec.all_models],
            "choices": {
                name: value for name, value in spec.chosen.choices.items() if value != offered[name]["default"]
            },
        }
