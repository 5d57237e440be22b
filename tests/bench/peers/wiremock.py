"""WireMock: answers by stubs, one of which a JSON Schema decides about."""

import json

from tests.bench.peers.base import Contestant, Places, Unavailable, program, version_of
from tests.bench.peers.description import ANSWER, list_of_tasks

#: Whatever takes time and the load does not need is off. Answers in chunks do not say how long they are.
OPTIONS = (
    "--disable-banner",
    "--no-request-journal",
    "--disable-request-logging",
    "--disable-response-templating",
    "--disable-gzip",
    "--use-chunked-encoding=never",
)


def prepare(places: Places) -> Contestant:
    """Return WireMock with a stub for what the schema accepts and one for everything else.

    Raises:
        Unavailable: the package or Java is missing.
    """
    package = places.package("wiremock", "wiremock")
    jars = sorted(package.glob("build/*.jar"))
    if not jars:
        raise Unavailable("the package wiremock holds no jar any more")
    places.write("wiremock/mappings/tasks.json", {"mappings": [_stub(1, 200, ANSWER, _matched()), _stub(2, 400, {})]})
    folder = str(places.scratch / "wiremock")
    return Contestant(
        version_of(package),
        "a stub with `matchesJsonSchema` (2020-12), a constant answer, and a second stub that answers 400; no journal",
        [
            program("java", "default-jre-headless"),
            "-jar",
            str(jars[-1]),
            "--bind-address",
            "127.0.0.1",
            "--root-dir",
            folder,
            *OPTIONS,
            "--port",
        ],
    )


def _matched() -> dict[str, object]:
    schema = {"matchesJsonSchema": json.dumps(list_of_tasks()), "schemaVersion": "V202012"}
    return {"bodyPatterns": [schema]}


def _stub(priority: int, status: int, answer: object, condition: dict[str, object] | None = None) -> dict[str, object]:
    return {
        "priority": priority,
        "request": {"method": "POST", "url": "/v1", **(condition or {})},
        "response": {"status": status, "headers": {"Content-Type": "application/json"}, "jsonBody": answer},
    }
