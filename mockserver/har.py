"""The journal as a HAR file, for the tools that draw, search and compare what was said over HTTP.

The journal keeps no headers, so it has none; keys never are. WebSocket messages are told as browsers tell them. What an
archive and its entries look like is for whoever else has exchanges to tell.

Source: HTTP Archive 1.2 (stated); `_webSocketMessages` (observed in browsers)
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from mockserver.hidden import without_secrets
from mockserver.inquiry import as_json, instant, is_result
from mockserver.journal import Attempt, Entry, Exchange

Json = Mapping[str, Any]

#: What a file is called whose sizes and times are not known.
UNKNOWN = -1


def har(entries: Iterable[Entry], base_url: str, version: str) -> dict[str, Any]:
    """Return entries of a journal as a HAR document.

    Args:
        entries: the entries, in order.
        base_url: scheme and authority of the mock, as in "http://127.0.0.1:8080".
        version: version of the mock.
    """
    return archive(
        [_sent(entry) if isinstance(entry, Attempt) else _asked(entry, base_url) for entry in entries], version
    )


def archive(entries: Sequence[Json], version: str, pages: Sequence[Json] = ()) -> dict[str, Any]:
    """Return a HAR document of entries, which name the pages that they belong to, if there are any."""
    creator = {"name": "runware-mock", "version": version}
    shown = {"pages": [*pages]} if pages else {}
    return {"log": {"version": "1.2", "creator": creator, **shown, "entries": [*entries]}}


def _asked(entry: Exchange, base_url: str) -> dict[str, Any]:
    body = without_secrets(entry.unread or _text(entry.tasks))
    if entry.transport == "websocket":
        url = f"{base_url.replace('http', 'ws', 1)}/v1"
        asked = [] if is_result(entry) else [("send", body)]
        told = messages_entry(
            entry.at_ms,
            entry.ms,
            url,
            [*asked, *(("receive", _text(without_secrets(answer))) for answer in entry.answers)],
        )
    else:
        url, answer = base_url + entry.target, without_secrets("".join(map(_text, entry.answers)))
        told = request_entry(entry.at_ms, entry.ms, "POST", url, body, entry.status, answer)
    return {**told, "_entry": as_json(entry)}


def _sent(entry: Attempt) -> dict[str, Any]:
    url = without_secrets(entry.url)
    told = request_entry(entry.at_ms, entry.ms, entry.method, url, None, entry.status or 0, entry.excerpt)
    if entry.problem:
        told["comment"] = entry.problem
    return {**told, "_entry": as_json(entry)}


def messages_entry(
    at_ms: int, ms: float, url: str, messages: Iterable[tuple[str, str]], headers: Iterable[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Return an entry of messages over a WebSocket.

    Args:
        at_ms: when, as Unix time in milliseconds.
        ms: how long it took, in milliseconds.
        url: address of the WebSocket.
        messages: which way each went, "send" or "receive", and what it said.
        headers: those of the handshake.
    """
    told = request_entry(at_ms, ms, "GET", url, None, 101, "", headers)
    told["_resourceType"] = "websocket"
    told["_webSocketMessages"] = [
        {"type": way, "time": at_ms / 1000, "opcode": 1, "data": data} for way, data in messages
    ]
    return told


def request_entry(
    at_ms: int,
    ms: float,
    method: str,
    url: str,
    body: str | None,
    status: int,
    answer: str,
    headers: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Return an entry of a request.

    Args:
        at_ms: when, as Unix time in milliseconds.
        ms: how long it took, in milliseconds.
        method: of the request.
        url: its whole address.
        body: its body, or None without one.
        status: of the answer; 0 where none came.
        answer: its body.
        headers: those of the request.
    """
    request: dict[str, Any] = {
        "method": method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in headers],
        "queryString": [{"name": name, "value": value} for name, value in _query(url)],
        "headersSize": UNKNOWN,
        "bodySize": UNKNOWN if body is None else len(body.encode("utf-8", "replace")),
    }
    if body is not None:
        request["postData"] = {"mimeType": "application/json", "text": body}
    content: dict[str, Any] = {"size": len(answer.encode("utf-8", "replace")), "mimeType": "application/json"}
    if answer:
        content["text"] = answer
    return {
        "startedDateTime": instant(at_ms),
        "time": ms,
        "request": request,
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "content": content,
            "redirectURL": "",
            "headersSize": UNKNOWN,
            "bodySize": UNKNOWN,
        },
        "cache": {},
        "timings": {"send": 0, "wait": ms, "receive": 0},
    }


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
