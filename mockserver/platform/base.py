"""What a platform task is: a function from the task and its caller to an answer, or to the place of a later one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from mockserver.engine.results import uuid_text
from mockserver.media.darkroom import Darkroom
from mockserver.media.pictures import Picture
from mockserver.outbound import Outbound
from mockserver.ports import Clock, Dice, Entry, Fetcher, Key, Shelf, Store
from mockserver.spec.load import Spec
from mockserver.wire import Answer, Wire


@dataclass(slots=True)
class Caller:
    """Who sends a request, and over what.

    Attributes:
        origin: scheme and authority under which the client reached the mock, as in "http://127.0.0.1:8080".
        transport: "http" or "websocket"; a mock inside a program answers HTTP too.
        owner: digest of the API key, or None before authentication.
        session: UUID of the connection's session, or "".
        was_refused: whether a key was shown that the mock does not accept.
    """

    origin: str
    transport: str
    owner: str | None = None
    session: str = ""
    was_refused: bool = False


class Media(NamedTuple):
    """A stored file.

    Attributes:
        owner: digest of the key that stored it.
        digest: what its content is kept under; "" where only an address was given.
        media_type: type of the content.
        source: the address that was given instead of content, or "".
    """

    owner: str
    digest: str
    media_type: str
    source: str = ""


class Content(NamedTuple):
    """The content of stored files; identical content is kept once.

    Attributes:
        data: the bytes.
        holders: how many stored files have it.
    """

    data: bytes
    holders: int


@dataclass(frozen=True, slots=True)
class Held:
    """The place of an answer that comes later: when results are there, or pictures are looked at.

    Attributes:
        answer: waits for the answer; called once, in the event loop of the request.
    """

    answer: Callable[[], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Session:
    """What is remembered of a WebSocket connection that broke off.

    Attributes:
        owner: digest of the key that opened it.
        frames: answers that could not be delivered.
    """

    owner: str
    frames: tuple[bytes, ...] = ()


class Keyring(Protocol):
    """Says which API keys are good."""

    def owner(self, key: str) -> str | None:
        """Return the digest that stands for a key, or None where the key is not accepted."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a platform task has at hand.

    Attributes:
        spec: what the schemas say.
        wire: words the answers.
        store: keeps what outlives the request.
        clock: tells the time.
        keyring: says which API keys are good.
        dice: draws what looks random.
        outbound: which of the addresses in requests may be connected to.
        balance_micro_usd: what each key begins with, in millionths of a US dollar; None for without end.
        fetcher: gets pictures from addresses in requests.
        darkroom: looks at pictures, off the event loop.
        refuses_outside: whether a picture is refused whose address is not open; else a placeholder stands in.
    """

    spec: Spec
    wire: Wire
    store: Store
    clock: Clock
    keyring: Keyring
    dice: Dice
    outbound: Outbound
    balance_micro_usd: int | None
    fetcher: Fetcher
    darkroom: Darkroom
    refuses_outside: bool = False

    def new_uuid(self, owner: str, purpose: str) -> str:
        """Return a UUID for the next thing of its kind that an owner makes."""
        return uuid_text(self.dice.draw(owner, purpose))

    def find_picture(self, digest: str) -> bytes | None:
        """Return the file of a checked picture; None where it is no longer kept.

        Args:
            digest: as in `Task.pictures`.
        """
        picture: Picture | None = self.store.get(Shelf.PICTURES, (digest,))
        return picture.content if picture else None

    def keep(self, shelf: Shelf, key: Key, value: Any, weight: int = 0) -> None:
        """Keep a value that is settled from now on."""
        self.store.put(shelf, key, Entry(value, self.clock.now_ms(), weight))


PlatformTask = Callable[[Desk, Caller, Mapping[str, Any]], Answer | Held]


def item(task: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """Return an item of an answer: task type and taskUUID of the task, then further members."""
    return {"taskType": task["taskType"], "taskUUID": task["taskUUID"], **members}


def good(task: Mapping[str, Any], outcome: str, **members: Any) -> Answer:
    """Return the answer of a platform task that went well."""
    return Answer(data=[item(task, **members)], outcome=outcome, about=(task["taskType"], task["taskUUID"]))
