"""Keys leave no trace but a digest, and dice repeat only under a seed."""

import asyncio
import gc
import json
from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.adapters.dice import MOST_COUNTS, KeyedDice, make_secret
from mockserver.adapters.keys import AnyKey, ListedKeys
from mockserver.app import server_app
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

SECRET = make_secret(7)
texts = st.text(min_size=1).filter(str.strip)


@given(texts, texts)
def test_any_key_is_its_own_owner(one: str, other: str) -> None:
    """Every key is somebody, the same one every time, and two keys are two."""
    keyring = AnyKey(SECRET)
    assert keyring.owner(one) == keyring.owner(one)
    assert (keyring.owner(one) == keyring.owner(other)) == (one == other)


@pytest.mark.parametrize("key", ["", " ", "\t\n"])
def test_blank_keys_are_nobody(key: str) -> None:
    """A key of nothing but blanks is not accepted."""
    assert AnyKey(SECRET).owner(key) is None


def test_only_listed_keys_are_somebody() -> None:
    """With a list, only its keys are accepted, letter by letter."""
    keyring = ListedKeys(["one", "two"], SECRET)
    owners = [keyring.owner(key) for key in ("one", "two", "three", "One", "one ", "")]
    assert [owner is not None for owner in owners] == [True, True, False, False, False, False]
    assert owners[0] != owners[1]


def test_the_owner_depends_on_the_secret() -> None:
    """Nobody can look up a key by its digest: another mock gives it another one."""
    assert AnyKey(make_secret(None)).owner("a-key") != AnyKey(make_secret(None)).owner("a-key")


def test_draws_never_come_again_however_many_owners_there_are() -> None:
    """Past the owners that are remembered counting begins anew, drawing does not."""
    dice = KeyedDice(make_secret(7))
    first = dice.draw("the first", "task")
    for number in range(MOST_COUNTS):
        dice.draw(str(number), "task")
    assert dice.draw("the first", "task") != first


def held_texts(start: object, passing_by: object) -> set[str]:
    """Return every text, and every run of bytes as text, that hangs on an object, with the reprs of its parts.

    Args:
        start: the object.
        passing_by: what is not looked into.
    """
    seen: set[int] = {id(passing_by)}
    texts: set[str] = set()
    waiting: list[Any] = [start]
    while waiting:
        here = waiting.pop()
        if id(here) in seen or isinstance(here, ModuleType):
            continue
        seen.add(id(here))
        if isinstance(here, str):
            texts.add(here)
        elif isinstance(here, bytes | bytearray):
            texts.add(here.decode("latin-1"))
        else:
            if type(here).__module__.startswith("mockserver"):
                texts.add(repr(here))
            waiting.extend(held_by(here))
    return texts


def held_by(here: object) -> Sequence[object]:
    """Return what an object holds; of a function not the module that it stands in."""
    if isinstance(here, type):
        return ()
    if isinstance(here, FunctionType):
        return (here.__closure__, here.__defaults__, here.__kwdefaults__, here.__dict__)
    return gc.get_referents(here)


@pytest.mark.parametrize("settings", [{}, {"api-key": ["the-secret-key"]}])
def test_the_mock_holds_no_key_in_clear(settings: dict[str, Any]) -> None:
    """After requests with a key, in header, body and message, nothing that hangs on the mock holds it.

    Its settings do, of which it was made; they do not show it.
    """
    key, wrong = "the-secret-key", "the-wrong-key"
    task = {"taskType": "videoInference", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1", "model": "minimax:3@1"}

    mock = still_mock(settings)
    app = server_app(mock)

    async def live() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mock.test") as client:
            for shown in (key, wrong):
                header = {"Authorization": f"Bearer {shown}"}
                body = [{"taskType": "authentication", "apiKey": shown}, {**task, "positivePrompt": "a lighthouse"}]
                await client.post("/v1", json=body, headers=header)
                await client.post("/v1", json=[task], headers=header)
                await client.post("/v1", json=[{**body[0], "colour": "red"}])
        async with SocketClient(app) as socket:
            for shown in (key, wrong):
                await socket.say(json.dumps([{"taskType": "authentication", "apiKey": shown}, task]))

    asyncio.run(live())
    parts = [mock.runtime, mock.store, mock.clock, mock.courier, app]
    texts = {text for part in parts for text in held_texts(part, mock.config)} | {repr(mock), repr(mock.config)}
    assert any("a lighthouse" in text for text in texts), "the walk sees what is stored"
    assert not [text for text in texts if key in text or wrong in text]


@given(st.integers(0, 2**63 - 1))
def test_a_seed_repeats_and_no_seed_does_not(seed: int) -> None:
    """The same seed draws the same, another one and none at all draw something else."""
    draws = [KeyedDice(make_secret(each)).draw("owner", "task") for each in (seed, seed, seed + 1, None, None)]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 4


def test_every_draw_differs_by_owner_purpose_and_count() -> None:
    """No two draws are the same, and what one owner draws does not change what another one gets."""
    dice = KeyedDice(SECRET)
    draws = [dice.draw(owner, purpose) for _ in range(3) for owner in ("a", "b") for purpose in ("task", "media")]
    assert len(set(draws)) == len(draws)
    assert all(len(draw) == 16 for draw in draws)
    alone = KeyedDice(SECRET)
    assert [alone.draw("b", "media") for _ in range(3)] == draws[3::4]


def test_counts_do_not_grow_without_end() -> None:
    """Past a number of owners the counts begin anew, so that a mock with many keys stays small."""
    dice = KeyedDice(SECRET)
    for number in range(MOST_COUNTS + 1):
        dice.draw(str(number), "task")
    assert len(dice._counts) == 1


def test_what_is_forgotten_is_drawn_again() -> None:
    """For one owner, whose others do not notice, or for all."""
    dice = KeyedDice(SECRET)
    kinds = [(owner, purpose) for owner in ("a", "b") for purpose in ("task", "media")]
    first = {kind: [dice.draw(*kind) for _ in range(2)] for kind in kinds}
    dice.forget("a")
    assert [dice.draw("a", purpose) for purpose in ("task", "media")] == [
        first["a", each][0] for each in ("task", "media")
    ]
    assert dice.draw("b", "task") not in first["b", "task"]
    dice.forget("nobody")
    dice.forget()
    assert {kind: [dice.draw(*kind) for _ in range(2)] for kind in kinds} == first


def test_when_all_is_forgotten_so_is_how_many_owners_there_were() -> None:
    """A mock begins anew whatever happened on it before."""
    dice = KeyedDice(SECRET)
    first = dice.draw("a", "task")
    for number in range(MOST_COUNTS + 1):
        dice.draw(str(number), "task")
    dice.forget()
    assert dice.draw("a", "task") == first
