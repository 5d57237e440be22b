"""What the entries of each shelf are, so that a store can write them down and read them back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockserver.engine.deliveries import Owed
from mockserver.engine.values import Task
from mockserver.media.pictures import Picture
from mockserver.plans import Plan, Rules
from mockserver.platform.base import Content, Media, Session
from mockserver.ports import Shelf
from mockserver.runtime import Refusal

FORMS: Mapping[Shelf, Any] = MappingProxyType(
    {
        Shelf.TASKS: Task,
        Shelf.RESULTS: tuple[tuple[str, str], int],
        Shelf.REFUSALS: Refusal,
        Shelf.MEDIA: Media,
        Shelf.CONTENT: Content,
        Shelf.PICTURES: Picture,
        Shelf.SESSIONS: Session,
        Shelf.PLANS: Plan,
        Shelf.DELIVERIES: Owed,
        Shelf.ACCOUNTS: dict[str, int],
        Shelf.RULES: Rules,
        Shelf.COUNTS: dict[str, int],
    }
)
