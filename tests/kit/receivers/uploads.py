"""Receivers of uploads with one mistake each, as people make them."""

import threading
from urllib.parse import urlsplit

from tests.kit.receivers.sound import OK, SECRET, Answer, Request, Uploads, one_at_a_time


class KeepsTheFirstFile(Uploads):
    """Puts a file only where there is none."""

    breaks = "takes-duplicates"

    def take(self, request: Request) -> Answer:
        return Answer(412) if self.files else super().take(request)


class TakesMP4Alone(Uploads):
    """Looks at the media type."""

    breaks = "takes-every-format"

    def take(self, request: Request) -> Answer:
        return super().take(request) if request.headers["content-type"] == "video/mp4" else Answer(415)


class Takes1MB(Uploads):
    """Stands behind a gateway with its usual limit."""

    breaks = "takes-large-bodies"
    most_bytes = 1024 * 1024


class IgnoresTheSignature(Uploads):
    """Lets everybody put files."""

    breaks = "checks-its-secret"

    def knows(self, _request: Request) -> bool:
        return True


class SignsTheDecodedQuery(Uploads):
    """Compares the signature as it is written, after something before it decoded the query."""

    breaks = "takes-deliveries"

    def knows(self, request: Request) -> bool:
        return urlsplit(request.target).query.partition("X-Signature=")[2] == SECRET


class TakesPostAlone(Uploads):
    """Is a form."""

    breaks = "takes-deliveries"
    method = "POST"


class SendsToTheRegion(Uploads):
    """Redirects to where the bucket is."""

    breaks = "redirects-nothing"

    def take(self, _request: Request) -> Answer:
        return Answer(307, "http://127.0.0.1:1/elsewhere")


class TakesOneFileAtATime(Uploads):
    """Answers 503 while it is busy."""

    breaks = "takes-many-at-once"

    def __init__(self) -> None:
        super().__init__()
        self.busy = threading.Lock()

    def take(self, request: Request) -> Answer:
        return one_at_a_time(self.busy, self.over, super().take, request)


class LocksTheFile(Uploads):
    """Keeps the lock on a file of which a part came."""

    breaks = "stays-up"
    is_locked = False

    def take(self, request: Request) -> Answer:
        self.is_locked = self.is_locked or not request.is_whole
        return Answer(423) if self.is_locked else super().take(request)


class TranscodesFirst(Uploads):
    """Answers when the file is transcoded."""

    breaks = "answers-in-time"
    deadline_s = 0.5

    def take(self, _request: Request) -> Answer:
        self.over.wait()
        return OK


class IsOpenToAll(IgnoresTheSignature):
    """Has an address that is easily guessed."""

    breaks = "has-a-secret"
    query = ""


#: Every one of them.
BAD_UPLOADS = (
    KeepsTheFirstFile,
    TakesMP4Alone,
    Takes1MB,
    IgnoresTheSignature,
    SignsTheDecodedQuery,
    TakesPostAlone,
    SendsToTheRegion,
    TakesOneFileAtATime,
    LocksTheFile,
    TranscodesFirst,
    IsOpenToAll,
)
