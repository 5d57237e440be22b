"""A process that shares a Redis with the test that started it: `fleet_member.py TASK URL NUMBER`."""

import asyncio
import sys
from functools import partial

from mockserver.adapters.clocks import SteeredClock
from mockserver.adapters.fleet import FleetAgenda
from mockserver.adapters.redis import RedisStore
from mockserver.forms import FORMS
from mockserver.platform.base import Media
from mockserver.ports import UNSETTLED_MS, Entry, Key, Shelf, Topic

#: The two entries that are always changed together.
PAIR = (("left",), ("right",))


def store_at(url: str) -> RedisStore:
    """Return the store at an address, in real time."""
    return RedisStore(url, FORMS, SteeredClock())


def count(store: RedisStore, key: Key) -> int:
    """Return the number that an entry holds."""
    media: Media | None = store.get(Shelf.MEDIA, key)
    return int(media.owner) if media else 0


def step(store: RedisStore) -> None:
    """Count one further in both of the pair, from what one of them holds."""
    number = count(store, PAIR[0]) + 1
    for key in PAIR:
        store.put(Shelf.MEDIA, key, Entry(Media(str(number), "", ""), UNSETTLED_MS))


def steps(store: RedisStore, times: int) -> int:
    """Make so many steps, each a unit of work; return in how many moments the pair was seen unlike."""
    unlike = 0
    for _ in range(times):
        left, right = store.together(lambda: [count(store, key) for key in PAIR])
        unlike += left > right
        store.together(partial(step, store))
    return unlike


def spend(store: RedisStore, most: int) -> int:
    """Add 3 to a counter until it is full; return how often that was possible."""
    times = 0
    while store.add(Shelf.ACCOUNTS, ("all",), (("spent", 3), ("times", 1)), 2**42, most):
        times += 1
    return times


async def sleep_in(store: RedisStore, url: str) -> None:
    """Say about what this one is woken, and see to nothing of it."""
    agenda = FleetAgenda(store, url, SteeredClock(), print)
    for topic in Topic:
        agenda.attend(topic, lambda key: print("woken", *key, flush=True))
    await agenda.open()
    print("ready", flush=True)
    await asyncio.Event().wait()


def main(task: str, url: str, number: str) -> None:
    """Do what the test wants."""
    store = store_at(url)
    match task:
        case "steps":
            print(steps(store, int(number)))
        case "spend":
            print(spend(store, int(number)))
        case _:
            asyncio.run(sleep_in(store, url))


if __name__ == "__main__":
    main(*sys.argv[1:])
