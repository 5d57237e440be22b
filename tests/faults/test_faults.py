"""Every fault, driven through every transport: what raw clients see of it is what the reference page says."""

import re

import pytest
import uvloop

from mockserver.faults import FAULTS, Fault
from tests.faults.conversation import Words, converse, differences
from tests.faults.describe import HEAD, PAGE, section, seen, usual
from tests.faults.wire import CLIENTS

TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `([a-z0-9-]+)`\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_as_the_page_says(name: str) -> None:
    """A magic value makes go wrong what the page says, over HTTP, WebSocket and in the process, and nothing else."""
    told = section(name, FAULTS[name], *(seen(name, transport) for transport in CLIENTS))
    assert f"## `{name}`\n{SECTIONS[name]}".strip() == told.strip(), "python -m tests.faults.describe writes the page"


def test_the_page_is_complete() -> None:
    """It begins as it should, and has every fault once, in the order in which a task meets them."""
    assert TEXT.startswith(HEAD)
    assert list(SECTIONS) == list(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_lives_in_a_file_of_its_name_and_says_what_a_good_client_does(name: str) -> None:
    """Whoever looks for a fault finds it; the sentence about good clients is why it exists."""
    kind = FAULTS[name]
    assert kind.__module__ == f"mockserver.faults.{name.replace('-', '_')}"
    assert kind.__name__.lower() == name.replace("-", "")
    assert "A good client" in (kind.__doc__ or "")
    assert kind.moments
    hooks = {each for each in vars(Fault) if not each.startswith("_") and callable(getattr(Fault, each))}
    assert hooks & vars(kind).keys(), "it touches nothing"


HTTP = "HTTP"
WS = "WebSocket"


@pytest.mark.parametrize(
    ("magic", "transport", "told"),
    [
        ("answer-500 form=html", HTTP, {"submit": "500, text/html, marked answer-500, HTML", "submit again": "200, acknowledged"}),
        ("answer-503 form=empty retry_after_s=7", HTTP, {"submit": "503, text/plain, retry-after: 7, marked answer-503, empty", "submit again": "200, acknowledged"}),
        ("answer-503 times=2", HTTP, {"submit": "503, marked answer-503, serviceUnavailable", "submit again": "503, marked answer-503, serviceUnavailable", "poll at once": "404, taskNotFound", "poll when due": "404, taskNotFound", "poll an hour later": "404, taskNotFound", "results": "none", "download": "not possible", "download again": "not possible", "uploads": "none", "webhooks": "none"}),
        ("answer-503 on=poll skip=1", HTTP, {"poll when due": "503, marked answer-503, serviceUnavailable"}),
        ("answer-503 on=poll skip=1", WS, {"poll when due": "serviceUnavailable"}),
        ("limit-rate retry_after_s=0", HTTP, {"submit": "429, marked limit-rate, rateLimitExceeded", "submit again": "200, acknowledged"}),
        ("refuse-submit code=tokenExpired", HTTP, {"submit": "401, marked refuse-submit, tokenExpired", "submit again": "200, acknowledged"}),
        ("fail-one-result index=7 code=timeoutProvider", WS, {"poll when due": "2 × success, timeoutProvider", "poll an hour later": "2 × success, timeoutProvider", "results": "1, 2", "uploads": "after 168.996 s, after 307.751 s", "webhooks": "1 after 168.996 s, 2 after 307.751 s, timeoutProvider after 427.604 s"}),
        ("reset-before-answer accepted=false", HTTP, {"submit": "no answer, connection reset", "submit again": "200, acknowledged"}),
        ("reset-before-answer accepted=false", WS, {"submit": "connection reset", "submit again": "acknowledged"}),
        ("reset-before-answer orderly=true", HTTP, {"submit": "no answer, connection closed", "submit again": "400, conflictTaskUUID"}),
        ("reset-before-answer orderly=true", WS, {"submit": "connection closed with code 1001", "submit again": "acknowledged from the session, conflictTaskUUID"}),
        ("reset-while-answering orderly=true", HTTP, {"submit": "200, marked reset-while-answering, 20 of 90 bytes of broken JSON, connection closed", "submit again": "400, conflictTaskUUID"}),
        ("reset-after-answer orderly=true", WS, {"submit": "acknowledged, connection closed with code 1001"}),
        ("break-download times=always share=0", HTTP, {"download": "200, video/mp4, marked break-download, no video, 0 % of it, connection reset", "download again": "200, video/mp4, marked break-download, no video, 0 % of it, connection reset"}),
        ("drop-webhook times=2", HTTP, {"webhooks": "3 after 427.604 s"}),
        ("drop-webhook skip=1 times=1", HTTP, {"webhooks": "1 after 168.996 s, 3 after 427.604 s"}),
        ("duplicate-webhook]] [[delay-webhook skip=2", HTTP, {"webhooks": "1 after 168.996 s, 1 after 168.996 s, 2 after 307.751 s, 2 after 307.751 s, 3 after 487.604 s, 3 after 487.604 s"}),
        ("providerError]] [[timeoutProvider", WS, {"poll when due": "providerError", "poll an hour later": "providerError", "results": "none", "download": "not possible", "download again": "not possible", "uploads": "none", "webhooks": "providerError after 168.996 s, providerError after 168.996 s, providerError after 168.996 s"}),
        ("sunshine", HTTP, {}),
    ],
)  # fmt: skip
def test_settings_change_what_is_seen(magic: str, transport: str, told: Words) -> None:
    """A setting does what it says, and faults go together."""
    assert differences(converse(transport, f"[[{magic}]]"), usual(transport)) == told


@pytest.mark.parametrize("transport", [HTTP, WS])
@pytest.mark.parametrize(
    "name", ["reset-before-answer", "reset-while-answering", "reset-after-answer", "break-download"]
)
def test_connections_break_alike_under_the_quick_event_loop(name: str, transport: str) -> None:
    """uvloop, which serves by default, has sockets of its own; they are reset as others are."""
    told = converse(transport, f"[[{name}]]", uvloop.new_event_loop)
    assert differences(told, usual(transport)) == seen(name, transport)


def test_a_magic_value_with_a_wrong_setting_is_refused_with_its_mend() -> None:
    """To take it for plain text would hide the slip."""
    assert converse(HTTP, "[[answer-503 tims=2]]")["submit"] == "400, invalidPositivePrompt"
