"""Texts, addresses, UUIDs and pictures as nobody should send them, as requests to the mock.

They are public collections of such things, which this project does not copy: they are read from the folder that the
variable MOCK_CORPORA names, or from ../shared/corpora beside the project. Where there is neither, a few of each kind
that stand here take their place, so that the same claims are held, with less.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

VARIABLE = "MOCK_CORPORA"
FOLDER = Path(__file__).parents[3] / "shared" / "corpora"

VIDEO = {"taskType": "videoInference", "model": "minimax:3@1", "positivePrompt": "a lighthouse"}


class Case(NamedTuple):
    """One request.

    Attributes:
        name: what it holds.
        body: its bytes.
        is_malformed: whether it must be refused; None where it may be.
        code: code of the error that it must be refused with; with a "!" before it, that it must not; "" for any.
    """

    name: str
    body: bytes
    is_malformed: bool | None = None
    code: str = ""


def place() -> Path | None:
    """Return the folder with the collections, or None where there is none."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        assert Path(named).is_dir(), f"{VARIABLE} names {named}, which is no folder"
        return Path(named)
    return FOLDER if FOLDER.is_dir() else None


def collection(name: str) -> Sequence[Any]:
    """Return the items of a collection: of the file of that name, or the few that stand here."""
    folder = place()
    if folder is None:
        return FEW[name]
    text = (folder / name).read_text(encoding="utf-8")
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    items: Sequence[Any] = json.loads(text)
    return items


def uuid_of(number: int) -> str:
    """Return the UUID of the task of a number."""
    return f"24cd5dff-cb81-4db5-8506-{number:012d}"


def request(number: int, **parameters: Any) -> bytes:
    """Return a submission with a UUID of its own, some parameters of which are others."""
    return json.dumps([{**VIDEO, "taskUUID": uuid_of(number), **parameters}]).encode()


#: Good JSON, and yet refused: a name twice means two things to two readers.
TWICE = frozenset({"y_object_duplicated_key", "y_object_duplicated_key_and_value"})


def json_texts() -> Iterator[Case]:
    """Texts that are JSON, are none, or may be: as the whole body, and as a value inside a good task."""
    for item in collection("jsontestsuite.jsonl"):
        name, text = item["name"], base64.b64decode(item["b64"])
        is_json = name.startswith("y_") and name not in TWICE
        yield Case(name, text, True, "!invalidJSON" if is_json else "" if name.startswith("i_") else "invalidJSON")
        inside = b'[{"taskType":"ping","ping":true,"x":' + text + b"}]"
        yield Case(f"{name} in a task", inside, True, "!invalidJSON" if is_json else "")
    for depth in (41, 500, 100_000):
        yield Case(f"{depth} lists", b"[" * depth, True)
        yield Case(f"{depth} closed lists", b"[" * depth + b"]" * depth, True, "valueTooLarge")
        yield Case(f"{depth} objects", b'[{"a":' * depth, True)


#: Where a string may stand in a task, and whether anything may stand there.
PLACES: Mapping[str, bool] = {
    "positivePrompt": True,
    "taskUUID": False,
    "model": False,
    "taskType": False,
    "webhookURL": True,
    "outputFormat": False,
}


def strings() -> Iterator[Case]:
    """Strings that trip programs up, in many places of a task, and as a name."""
    for number, string in enumerate(collection("blns.json")):
        for order, (parameter, may_be_good) in enumerate(PLACES.items()):
            body = request(number * 10 + order, **{parameter: string})
            yield Case(f"{string!r} as {parameter}", body, None if may_be_good else True)
        yield Case(f"{string!r} as a name", request(number * 10 + 9, **{f"x{string}": 1}), True)


def uuids() -> Iterator[Case]:
    """What is a UUID, and what only looks like one."""
    for number, item in enumerate(collection("format_uuid.json")):
        is_text = isinstance(item["data"], str)
        body = request(number, taskUUID=item["data"])
        yield Case(str(item["data"]), body, None if is_text and item["valid"] else True)


def addresses() -> Iterator[Case]:
    """What is an address, and what only looks like one; browsers are more lenient than standards, and may be."""
    for number, item in enumerate(collection("format_uri.json")):
        is_web = str(item["data"]).startswith("http")
        is_good = item["valid"] and is_web and isinstance(item["data"], str)
        body = request(1000 + number, webhookURL=item["data"])
        yield Case(str(item["data"]), body, None if is_good else True)
    for number, item in enumerate(collection("urltestdata_nobase.jsonl")):
        body = request(2000 + number, webhookURL=item["input"], uploadEndpoint=item["input"])
        yield Case(repr(item["input"]), body, True if item["failure"] else None)


#: Files that readers of pictures forgive, so that they may be uploaded; none of them is a good frame.
FORGIVEN = frozenset(
    {
        *(f"apng/syntax_num_frames_{which}.png" for which in ("high", "invalid", "low", "zero_default")),
        *("bmp/b/badfilesize.bmp", "bmp/b/badplanes.bmp", "decompression_bomb_extents.gif"),
    }
)


def pictures() -> Iterator[Case]:
    """Picture files with something wrong, as a frame image and as an upload."""
    for number, item in enumerate(collection("images.jsonl")):
        kind = item["name"].rpartition(".")[2]
        address = f"data:image/{'jpeg' if kind == 'jpg' else kind};base64,{item['b64']}"
        frame = {"frameImages": [{"image": address, "frame": "first"}]}
        yield Case(f"{item['name']} as a frame", request(5000 + number, inputs=frame), True)
        upload = {"taskType": "imageUpload", "taskUUID": uuid_of(6000 + number), "image": address}
        is_bad = None if item["name"] in FORGIVEN else True
        yield Case(f"{item['name']} as an upload", json.dumps([upload]).encode(), is_bad)


def _texts(*texts: tuple[str, bytes]) -> list[dict[str, str]]:
    return [{"name": name, "b64": base64.b64encode(text).decode()} for name, text in texts]


_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

#: A few of each kind, for where the collections are not.
FEW: Mapping[str, Sequence[Any]] = {
    "jsontestsuite.jsonl": _texts(
        ("y_array_heterogeneous", b'[null, 1, "1", {}]'),
        ("y_object_empty_key", b'{"":0}'),
        ("y_object_duplicated_key", b'{"a":"b","a":"c"}'),
        ("y_string_surrogate_pair", b'["\\uD834\\uDd1e"]'),
        ("y_number_minus_zero", b"[-0]"),
        ("n_array_comma_after_close", b'[""],'),
        ("n_number_NaN", b"[NaN]"),
        ("n_number_infinity", b"[Infinity]"),
        ("n_number_leading_zero", b"[012]"),
        ("n_string_unescaped_tab", b'["\t"]'),
        ("n_string_invalid_utf8", b'["\xff"]'),
        ("n_structure_no_data", b""),
        ("n_structure_open_object", b'[{"a":'),
        ("n_object_single_quotes", b"{'a':0}"),
        ("i_number_huge_exp", b"[0.4e00669999999999999999999999999999999999999999999999999999]"),
        ("i_number_too_big_pos_int", b"[100000000000000000000]"),
        ("i_string_lone_surrogate", b'["\\uDFAA"]'),
        ("i_string_UTF-16LE_with_BOM", b'\xff\xfe["\x00\xe9\x00"\x00]\x00'),
        ("i_structure_UTF-8_BOM_empty_object", b"\xef\xbb\xbf{}"),
    ),
    "blns.json": [
        *(
            "",
            "undefined",
            "\\",
            "0.0/0",
            "123456789012345678901234567890123456789",
            "\x01\x02\x1f\x7f",
            "\u0080\u009f",
        ),
        *(
            "\ufeff",
            "\ufffe",
            "\u202etest\u202e",
            "Z\u0335\u0321a\u0336\u0321l\u0337go",
            "👩‍👩‍👧‍👦",
            "'; DROP TABLE users; --",
        ),
        *(
            "<script>alert(1)</script>",
            "../../../../etc/passwd%00",
            "{{ 7 * 7 }}",
            "%s%n%x",
            "$HOME",
            "[[serverError]]",
        ),
    ],
    "format_uuid.json": [
        {"data": "98d80576-482e-427f-8434-7f86890ab222", "valid": True},
        {"data": "2EB8AA08-AA98-11EA-B4AA-73B441D16380", "valid": True},
        {"data": "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "valid": False},
        {"data": "urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380", "valid": False},
        {"data": "２eb8aa08-aa98-11ea-b4aa-73b441d16380", "valid": False},
        {"data": 12, "valid": True},
        {"data": None, "valid": True},
    ],
    "format_uri.json": [
        {"data": "http://foo.bar/?baz=qux#quux", "valid": True},
        {"data": "mailto:John.Doe@example.com", "valid": True},
        {"data": "//foo.bar/?baz=qux", "valid": False},
        {"data": "http:// shouldfail.com", "valid": False},
        {"data": "https://example.org/foobar\\.txt", "valid": False},
        {"data": {}, "valid": True},
    ],
    "urltestdata_nobase.jsonl": [
        {"input": "https://test:@test", "failure": False},
        {"input": "http://\u00e9@example.com", "failure": False},
        {"input": "http://[::1", "failure": True},
        {"input": "http://a:65536/", "failure": True},
        {"input": "https://\u00ad/", "failure": True},
    ],
    "images.jsonl": [
        {"name": name, "b64": base64.b64encode(file).decode()}
        for name, file in (
            ("cut.png", _PNG[:40]),
            ("checksum.png", _PNG[:30] + b"\0" + _PNG[31:]),
            ("empty.png", b""),
            ("short.jpg", b"\xff\xd8\xff\xe0"),
            ("zero.gif", b"GIF89a\0\0\0\0\0\0\0"),
        )
    ],
}
