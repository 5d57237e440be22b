"""What reports are held against, and a report on a client that says what would do harm if it were not only shown."""

import json
from typing import Any

import jsonschema
from referencing import Registry, Resource

from contracts.checks import CHECKS
from contracts.recording import Exchange, Outcome, Recording
from contracts.report import Broken, Report
from mockserver.spec.documents import read_json, shipped_root

_ROOT = shipped_root()
_SCENARIO = read_json(_ROOT / "scenario.json")
#: The form of reports as JSON.
REPORT = jsonschema.Draft202012Validator(
    read_json(_ROOT / "report.json"),
    registry=Registry().with_resource(_SCENARIO["$id"], Resource.from_contents(_SCENARIO)),
    format_checker=jsonschema.FormatChecker(),
)

KEY, OTHER_KEY = "kit-0123456789abcdef01234567", "sk-live-of-somebody"
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
SUBJECT = "my_app.videos:make_video"
#: What a page, a terminal and an XML reader would act on.
HOSTILE = (
    "</script><script>document.title='taken'</script><img src='http://elsewhere.invalid/x'>]]>&amp;\x1b[31m\x00\u202e"
)


def exchange(task: Any, number: int = 1, **others: Any) -> Exchange:
    """Return an exchange in which a task is sent, and refused."""
    facts: dict[str, Any] = {
        "transport": "http",
        "connection": 0,
        "at_ms": 1500 * (number - 1),
        "ended_at_ms": 1500 * (number - 1) + 20,
        "target": "/v1",
        "headers": (("host", "127.0.0.1:9"), ("authorization", f"Bearer {KEY}"), ("content-type", "application/json")),
        "status": 400,
        "body": json.dumps([task], ensure_ascii=False).encode(),
        "answers": [json.dumps({"errors": [{"code": HOSTILE, "message": HOSTILE}]}).encode()],
    }
    return Exchange(number=number, **{**facts, **others})


def report_on(*exchanges: Exchange, outcome: Outcome | None = None, check: str, **facts: Any) -> Report:
    """Return a report with what a check finds in exchanges."""
    asked = {"model": "minimax:3@1", "positivePrompt": HOSTILE}
    made = Recording(asked, {"rules": []}, KEY, exchanges, outcome or Outcome(message=HOSTILE), 4000, "plain")
    found = next(CHECKS[check].find(made))
    broken = [Broken(CHECKS[check], found, made, 3, 0.25)]
    return Report(broken, 10, 1.5, 7, "quick", **{"checks": [*CHECKS], **facts})


def hostile(**facts: Any) -> Report:
    """Return a report on a client that changes a prompt which would do harm, and shows another key."""
    task = {"taskType": "videoInference", "taskUUID": UUID, "positivePrompt": f"{HOSTILE} {KEY}", "apiKey": OTHER_KEY}
    return report_on(exchange(task), check="sends-values-untouched", **facts)
