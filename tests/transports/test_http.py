"""What HTTP adds to an exchange: which media types are JSON in UTF-8, and how a key in a header is read."""

import pytest

from mockserver.app import make_mock
from mockserver.config import MockConfig
from mockserver.transports.http import is_json
from mockserver.wire import Envelope

PING = b'[{"taskType":"ping","ping":true}]'


@pytest.mark.parametrize(
    "media_type",
    [
        b"application/json",
        b"APPLICATION/JSON",
        b" application/json ;",
        b"application/json; charset=utf-8",
        b"application/json;charset=UTF-8",
        b'application/json; Charset="utf-8"',
        b"application/json; profile=x; charset = utf8",
        b"application/json; odd=utf-16",
    ],
)
def test_json_in_utf_8_is_taken_however_it_is_declared(media_type: bytes) -> None:
    """Letter case, quotes, blanks and other parameters do not matter."""
    assert is_json(media_type)


@pytest.mark.parametrize(
    "media_type",
    [
        b"",
        b"text/json",
        b"application/jsonp",
        b"application/json, text/plain",
        b"application/json; charset=utf-16",
        b'application/json; profile=x; charset="iso-8859-1"',
        b"application/json; charset=",
    ],
)
def test_what_is_no_json_in_utf_8_is_refused(media_type: bytes) -> None:
    """Bodies are read as UTF-8, so nobody may say that they are anything else."""
    assert not is_json(media_type)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize(("key", "status"), [("clé", 200), ("cle", 401)])
def test_a_key_in_a_header_is_the_key_in_a_body(key: str, encoding: str, status: int) -> None:
    """What is not ASCII in a key is read as UTF-8 in a header too, and as Latin-1 where it is no UTF-8."""
    desk = make_mock(MockConfig(api_key=("clé",), log="quiet")).http_desk()
    headers = {b"content-type": b"application/json", b"authorization": f"Bearer {key}".encode(encoding)}
    answer = desk.answer(desk.read_head(headers, "http", "", "/v1"), PING)
    assert isinstance(answer, Envelope)
    assert answer.status == status
