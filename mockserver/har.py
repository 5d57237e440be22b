"""The journal as a HAR file, for the tools that draw, search and compare what was said over HTTP.

Headers are not kept, so there are none; keys never are. WebSocket messages are told as browsers tell them.

Source: HTTP Archive 1.2 (stated); `_webSocketMessages` (observed in browsers)
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from mockserver.inquiry import as_json, instant, is_result
from mockserver.journal import Attempt, Entry, Exchange

#: What a file is called whose sizes and times are not known.
UNKNOWN = -1


def har(entries: Iterable[Entry], base_url: str, version: str) -> dict[str, Any]:
    """Return entries of a journal as a HAR document.

    Args:
        entries: the entries, in order.
        base_url: scheme and authority of the mock, as in "http://127.0.0.1:8080".
        version: version of the mock.
    """
    creator = {"name": "runware-mock", "version": version}
    told = [_sent(entry) if isinstance(entry, Attempt) else _asked(entry, base_url) for entry in entries]
    return {"log": {"version": "1.2", "creator": creator, "entries": told}}


def _asked(entry: Exchange, base_url: str) -> dict[str, Any]:
    body = entry.unread or _text(entry.tasks)
    if entry.transport == "websocket":
        url = f"{base_url.replace('http', 'ws', 1)}/v1"
        told = _entry(entry, "GET", url, None, 101, "")
        at_s = entry.at_ms / 1000
        asked = [] if is_result(entry) else [("send", body)]
        messages = [*asked, *(("receive", _text(answer)) for answer in entry.answers)]
        told["_resourceType"] = "websocket"
        told["_webSocketMessages"] = [{"type": way, "time": at_s, "opcode": 1, "data": data} for way, data in messages]
        return told
    return _entry(entry, "POST", base_url + entry.target, body, entry.status, "".join(map(_text, entry.answers)))


def _sent(entry: Attempt) -> dict[str, Any]:
    told = _entry(entry, entry.method, entry.url, None, entry.status or 0, entry.excerpt)
    if entry.problem:
        told["comment"] = entry.problem
    return told


def _entry(entry: Entry, method: str, url: str, body: str | None, status: int, answer: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
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
        "startedDateTime": instant(entry.at_ms),
        "time": entry.ms,
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
        "timings": {"send": 0, "wait": entry.ms, "receive": 0},
        "_entry": as_json(entry),
    }


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
