"""What HAR 1.2 asks for, as a schema that archives are held against."""

from typing import Any

import jsonschema


def record(required: str, **optional: Any) -> dict[str, Any]:
    """Return the schema of an object: "name:type" of what it must have, and schemas of what it may have."""
    named = dict(each.split(":") for each in required.split())
    members = {name: TYPES.get(kind, {"type": kind}) for name, kind in named.items()}
    return {"type": "object", "required": [*named], "properties": {**members, **optional}}


TYPES: dict[str, Any] = {
    "size": {"type": "integer", "minimum": -1},
    "ms": {"type": "number", "minimum": 0},
    "status": {"type": "integer", "minimum": 0, "maximum": 599},
    "url": {"type": "string", "pattern": "^(https?|wss?)://", "format": "uri"},
    "instant": {"type": "string", "format": "date-time"},
    "version": {"const": "1.2"},
}
PAIR = record("name:string value:string")
LISTS = {"headers": {"type": "array", "items": PAIR}, "cookies": {"type": "array", "items": PAIR}}
REQUEST = record(
    "method:string url:url httpVersion:string cookies:array headers:array queryString:array headersSize:size bodySize:size",
    **LISTS,
    queryString={"type": "array", "items": PAIR},
    postData=record("mimeType:string text:string"),
)
RESPONSE = record(
    "status:status statusText:string httpVersion:string cookies:array headers:array content:object redirectURL:string headersSize:size bodySize:size",
    **LISTS,
    content=record("size:size mimeType:string", text={"type": "string"}),
)
ENTRY = record(
    "startedDateTime:instant time:ms request:object response:object cache:object timings:object",
    request=REQUEST,
    response=RESPONSE,
    timings=record("send:ms wait:ms receive:ms"),
    comment={"type": "string"},
    pageref={"type": "string"},
    _webSocketMessages={"type": "array", "items": record("type:string time:number opcode:integer data:string")},
)
#: HTTP Archive 1.2, sections "log" to "timings": what must be there, and of which type. Members of others begin with _.
LOG = record(
    "version:version creator:object entries:array",
    creator=record("name:string version:string"),
    pages={
        "type": "array",
        "items": record(
            "startedDateTime:instant id:string title:string pageTimings:object", comment={"type": "string"}
        ),
    },
    entries={"type": "array", "items": ENTRY},
)
HAR = jsonschema.Draft202012Validator(record("log:object", log=LOG), format_checker=jsonschema.FormatChecker())
