"""Mockoon: answers by routes; made from an OpenAPI document it checks nothing, by a rule it does."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.bench.peers.base import Contestant, Places, Unavailable, program, version_of
from tests.bench.peers.description import ANSWER, cut_openapi, draft_07, list_of_tasks

OPTIONS = ("--disable-log-to-file", "--disable-admin-api", "--max-transaction-logs", "0", "--hostname", "127.0.0.1")
IMPORT_WITHIN_S = 60
BUCKET = "task"


def prepare_import(places: Places) -> Contestant:
    """Return Mockoon as it makes itself from the cut description."""
    package = places.package("mockoon", "@mockoon/cli")
    return _contestant(
        package, _imported(package, places), "what `mockoon-cli import` makes of the cut OpenAPI document"
    )


def prepare_rule(places: Places) -> Contestant:
    """Return the same with a rule: what a JSON Schema accepts is answered with 200, all else with 400."""
    package = places.package("mockoon", "@mockoon/cli")
    environment = json.loads(_imported(package, places).read_text(encoding="utf-8"))
    file = places.write("mockoon-rule.json", with_rule(environment))
    about = "the same with a rule `valid_json_schema` (draft 07), constant answers, and 400 where it does not hold"
    return _contestant(package, file, about)


def with_rule(environment: dict[str, Any]) -> dict[str, Any]:
    """Return a Mockoon environment of one route in which a schema decides which of two answers is given.

    Args:
        environment: as Mockoon imported it: one route with one answer.
    """
    [route] = environment["routes"]
    [good] = route["responses"]
    rule = {"target": "body", "modifier": "", "value": BUCKET, "invert": False, "operator": "valid_json_schema"}
    constant = {"disableTemplating": True, "default": False}
    answers = [
        {**good, **constant, "body": json.dumps(ANSWER), "rules": [rule]},
        {**good, **constant, "uuid": _uuid(1), "body": "{}", "statusCode": 400, "label": "refused", "default": True},
    ]
    schema = json.dumps(draft_07(list_of_tasks()))
    bucket = {"uuid": _uuid(2), "id": BUCKET, "name": BUCKET, "documentation": "", "value": schema}
    return {**environment, "routes": [{**route, "responses": answers}], "data": [bucket]}


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _imported(package: Path, places: Places) -> Path:
    """Have Mockoon import the cut description.

    Raises:
        Unavailable: it could not.
    """
    document = places.write("openapi.json", cut_openapi())
    file = places.scratch / "mockoon.json"
    command = [*_command(package), "import", "--input", str(document), "--output", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=IMPORT_WITHIN_S, check=False)
    if not file.is_file():
        raise Unavailable(f"Mockoon does not import the description: {(done.stderr or done.stdout).strip()[-300:]}")
    return file


def _command(package: Path) -> list[str]:
    return [program("node", "nodejs"), str(package / "bin" / "run.js")]


def _contestant(package: Path, file: Path, about: str) -> Contestant:
    words = [*_command(package), "start", "--data", str(file), *OPTIONS, "--port"]
    return Contestant(version_of(package), about, words)
