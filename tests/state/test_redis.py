"""What a fleet keeps in Redis is changed as a whole, survives whoever dies, and is seen to once by one."""

import asyncio
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from itertools import count as numbers
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock, SteeredClock
from mockserver.adapters.fleet import FleetAgenda
from mockserver.adapters.redis import MOST_TRIES, Contended, RedisStore
from mockserver.adapters.redis_link import BadServer, Link, RedisAway, where
from mockserver.adapters.stores import Room
from mockserver.forms import FORMS
from mockserver.platform.base import Media, Session
from mockserver.ports import UNSETTLED_MS, Entry, Key, Shelf, Topic
from tests.state import fleet_member
from tests.state.fleet_member import PAIR
from tests.support.loops import until
from tests.support.programs import Program, running
from tests.support.redis import RedisServer, redis_server

ROOT = Path(__file__).parents[2]
#: Longest that anything here may take on a machine full of tests.
LIMIT_S = 120
IN_USE = Entry(Media("me", "", ""), UNSETTLED_MS)
ME = ("me",)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server that every test here has a database of."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


_databases = numbers()


@pytest.fixture
def url(server: RedisServer) -> str:
    """The address of a database of the test's own."""
    return server.url(next(_databases))


@pytest.fixture
def store(url: str) -> Iterator[RedisStore]:
    """A store there."""
    store = fleet_member.store_at(url)
    yield store
    store.close()


def member(task: str, url: str, number: int = 0) -> list[str]:
    """Return the words that start another process of the fleet."""
    return [sys.executable, "-m", "tests.state.fleet_member", task, url, str(number)]


def results(words: list[str], times: int) -> list[int]:
    """Run a program several times at once; return what each printed."""
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(times)]
    return [int(process.communicate(timeout=LIMIT_S)[0]) for process in running]


def test_processes_that_change_the_same_lose_nothing(url: str, store: RedisStore) -> None:
    """Each step counts, whoever else made one meanwhile, and nobody sees a half of one."""
    times, unlike = 100, results(member("steps", url, 100), 3)
    assert [fleet_member.count(store, key) for key in PAIR] == [3 * times] * 2
    assert unlike == [0] * 3


def test_a_ceiling_holds_however_many_add_at_once(url: str, store: RedisStore) -> None:
    """To the last amount, without one that was turned away though it would have fitted."""
    spent = results(member("spend", url, 1000), 3)
    assert sum(spent) == 333
    assert store.get(Shelf.ACCOUNTS, ("all",)) == {"spent": 999, "times": 333}


def test_work_is_done_again_where_somebody_was_quicker(url: str, store: RedisStore) -> None:
    """With what is there now; without a conflict it is done once."""
    other = fleet_member.store_at(url)
    seen, told = [], []

    def work() -> None:
        seen.append(fleet_member.count(store, PAIR[0]))
        if len(seen) == 1:
            fleet_member.steps(other, 1)
        fleet_member.step(store)
        store.afterwards(lambda: told.append(fleet_member.count(store, PAIR[0])))

    store.together(work)
    assert (seen, told) == ([0, 1], [2])
    other.close()


def test_work_that_is_always_disturbed_ends_with_an_error(url: str, store: RedisStore) -> None:
    """After so many tries, and changes nothing."""
    other = fleet_member.store_at(url)

    def work() -> None:
        fleet_member.count(store, PAIR[0])
        fleet_member.steps(other, 1)
        store.put(Shelf.MEDIA, ME, IN_USE)

    with pytest.raises(Contended, match=f"each of {MOST_TRIES} tries"):
        store.together(work)
    assert (store.get(Shelf.MEDIA, ME), fleet_member.count(store, PAIR[1])) == (None, MOST_TRIES)
    other.close()


def test_counters_do_not_stand_in_each_others_way(url: str, store: RedisStore) -> None:
    """Units that add to the same account are not done again, as long as what each was told stays true."""
    other = fleet_member.store_at(url)
    tries = []

    def work() -> bool:
        tries.append(other.add(Shelf.ACCOUNTS, ME, (("spent", 40),), 2**42, 100))
        return store.add(Shelf.ACCOUNTS, ME, (("spent", 10),), 2**42, 100)

    assert (store.together(work), tries) == (True, [True])
    assert (store.together(work), tries) == (True, [True, True])
    assert not store.together(work)
    assert store.get(Shelf.ACCOUNTS, ME) == {"spent": 100}
    other.close()


def test_what_is_there_is_found_though_it_was_taken_to_be_new(url: str, store: RedisStore) -> None:
    """Who charges an account first sees what others kept meanwhile, and is charged once."""
    other = fleet_member.store_at(url)
    seen = []

    def work() -> Media | None:
        store.add(Shelf.ACCOUNTS, ME, (("spent", 3),), 2**42)
        seen.append(store.update(Shelf.MEDIA, ME, lambda found: (None if found else IN_USE, found)))
        return seen[-1]

    assert (store.together(work), seen) == (None, [None])
    assert (store.together(work), seen) == (IN_USE.value, [None, None, IN_USE.value])
    assert other.get(Shelf.MEDIA, ME) == IN_USE.value
    assert other.get(Shelf.ACCOUNTS, ME) == {"spent": 6}
    other.close()


def test_a_mistake_after_a_wrong_guess_is_no_mistake(store: RedisStore) -> None:
    """The work is done again with what there is; a mistake that is made then is told."""
    store.put(Shelf.MEDIA, ME, IN_USE)

    def work(mistake: object) -> Media:
        store.add(Shelf.ACCOUNTS, ME, (("spent", 3),), 2**42)
        found: Media | None = store.update(Shelf.MEDIA, ME, lambda found: (None, found))
        if found is None or found == mistake:
            raise KeyError("a mistake of ours")
        return found

    assert store.together(partial(work, None)) == IN_USE.value
    with pytest.raises(KeyError):
        store.together(partial(work, IN_USE.value))


def spend(store: RedisStore, amount: int) -> bool:
    """Add to a counter that may not pass 10."""
    return store.add(Shelf.ACCOUNTS, ME, (("spent", amount),), 2**42, 10)


def test_counters_add_up_within_a_unit(store: RedisStore) -> None:
    """Whether they were read before or after they were added to; then the ceiling counts both."""

    def work() -> list[object]:
        spent = partial(spend, store)
        store.add(Shelf.ACCOUNTS, ME, (("spent", 3), ("tasks", 1)), 2**42)
        return [spent(4), spent(4), spent(3), store.get(Shelf.ACCOUNTS, ME)]

    assert store.together(work) == [True, False, True, {"spent": 10, "tasks": 1}]
    assert store.get(Shelf.ACCOUNTS, ME) == {"spent": 10, "tasks": 1}


def test_an_exception_undoes_what_belongs_together(store: RedisStore) -> None:
    """Entries, counters and the agenda are as they were."""
    agenda = FleetAgenda(store, "", SteeredClock(), print)

    def work() -> None:
        store.put(Shelf.MEDIA, ME, IN_USE)
        store.add(Shelf.ACCOUNTS, ME, (("spent", 1),), 0)
        agenda.put(Topic.RESULT, ME, 0)
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        store.together(work)
    assert [store.count(shelf) for shelf in Shelf] == [0] * len(Shelf)
    assert store.due_before(2**42, 10) == []


def test_what_was_left_is_dropped_by_a_sweep(url: str) -> None:
    """Also from shelves on which nothing new comes."""
    clock = ManualClock()
    store = RedisStore(url, FORMS, clock, {Shelf.SESSIONS: Room(1000, 1000, 500)})
    for number in range(300):
        store.put(Shelf.SESSIONS, (str(number),), Entry(Session("me"), clock.now_ms() + 1000, 1))
    clock.advance(1501)
    assert (store.scan(Shelf.SESSIONS), store.count(Shelf.SESSIONS)) == ([], 0)
    for _ in range(2):
        store.tidy()
    assert store.link.ask(("KEYS", "*sessions*")) == [[]]
    store.close()


def test_a_server_that_is_away_is_named_and_found_again(tmp_path: Path) -> None:
    """A call then fails with a sentence; once the server is back the next one succeeds, though all scripts are gone."""
    with redis_server(tmp_path) as server:
        store = fleet_member.store_at(server.url())
        store.put(Shelf.MEDIA, ME, IN_USE)
        server.stop()
        for _ in range(2):
            with pytest.raises(RedisAway, match=rf"Redis at 127\.0\.0\.1:{server.port}, database 0 does not answer \("):
                store.get(Shelf.MEDIA, ME)
        server.start()
        asyncio.run(until(lambda: is_there(store)))
        assert store.get(Shelf.MEDIA, ME) is None
        store.put(Shelf.MEDIA, ME, IN_USE)
        assert store.get(Shelf.MEDIA, ME) == IN_USE.value
        store.close()


def is_there(store: RedisStore) -> bool:
    """Say whether the server answers."""
    try:
        store.check()
    except RedisAway:
        return False
    return True


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "sesame"}, r"does not let the mock in \(.+\); mend the password in --state"),
        ({"database": 99}, r"has no such database \(.+\); mend the number in --state"),
    ],
    ids=["a-password", "a-number"],
)
def test_a_server_that_refuses_an_address_is_not_said_to_be_away(
    change: dict[str, Any], told: str, server: RedisServer
) -> None:
    """The message names what of the address is to be mended, at each try, and never the password."""
    link = Link(f"redis://:{change.get('password', '')}@127.0.0.1:{server.port}/{change.get('database', 0)}")
    for _ in range(2):
        with pytest.raises(RedisAway, match=told) as caught:
            link.ask(("PING",))
        assert "sesame" not in str(caught.value)


def test_a_password_that_is_missing_is_told(tmp_path: Path) -> None:
    """Also where the server asks for it from one day to the next."""
    with redis_server(tmp_path) as server:
        store = fleet_member.store_at(server.url())
        store.link.tell("CONFIG", "SET", "requirepass", "sesame")
        store.close()
        with pytest.raises(RedisAway, match=r"does not let the mock in \(.+\); mend the password in --state"):
            store.get(Shelf.MEDIA, ME)
        store.close()


def test_what_is_no_redis_is_told_to_be_none() -> None:
    """Such as a server of web pages at the port that was named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        answering = Thread(target=answer)
        answering.start()
        port = listener.getsockname()[1]
        told = rf"at 127\.0\.0\.1:{port}, database 0 answers as no Redis does \(.+\); name the address of a Redis"
        with pytest.raises(RedisAway, match=told):
            Link(f"redis://127.0.0.1:{port}").ask(("PING",))
        answering.join()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), r"has no room \(.+\); give it more memory"),
        (("REPLICAOF", "127.0.0.1", "1"), r"is a copy of another one \(.+\); name that one with --state"),
    ],
    ids=["full", "a-copy"],
)
def test_a_server_that_takes_no_changes_is_named(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """It is no mistake of the mock."""
    with redis_server(tmp_path) as server:
        store = fleet_member.store_at(server.url())
        store.link.tell(*words)
        with pytest.raises(RedisAway, match=told):
            store.put(Shelf.MEDIA, ME, IN_USE)
        store.close()


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(url: str, store: RedisStore) -> None:
    """Nobody hears of it."""
    store.put(Shelf.MEDIA, ME, IN_USE)
    other = fleet_member.store_at(url)
    other.link.tell("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert store.get(Shelf.MEDIA, ME) == IN_USE.value
    other.close()


def test_a_server_that_forgets_is_refused(tmp_path: Path) -> None:
    """An acknowledged task is not to be lost because others came."""
    with redis_server(tmp_path) as server:
        store = fleet_member.store_at(server.url())
        store.link.tell("CONFIG", "SET", "maxmemory", "100mb")
        store.check()
        store.link.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        with pytest.raises(BadServer, match=r"maxmemory-policy allkeys-lru.*set it to noeviction"):
            store.check()
        store.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://me:secret@[::1]/3", "[::1]:6379, database 3"),
        ("redis://redis.example", "redis.example:6379, database 0"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
    ],
)
def test_a_server_is_told_without_its_password(url: str, told: str) -> None:
    """In messages and logs."""
    assert where(url) == told


class Member:
    """A mock of a fleet as far as its agenda goes, within this process.

    Attributes:
        woken: about what it was woken.
    """

    def __init__(self, url: str, *, drops: bool = True) -> None:
        self.woken: list[Key] = []
        self.store = fleet_member.store_at(url)
        self.clock = SteeredClock()
        self.agenda = FleetAgenda(self.store, url, self.clock, print)
        self._drops = drops
        for topic in Topic:
            self.agenda.attend(topic, lambda key, topic=topic: self.wake(topic, key))  # type: ignore[misc]

    def wake(self, topic: Topic, key: Key) -> None:
        """See to something."""
        self.woken.append(key)
        if self._drops:
            self.agenda.drop(topic, key)

    async def has(self, number: int) -> None:
        """Wait until it was woken so often."""
        await until(lambda: len(self.woken) >= number)


@asynccontextmanager
async def at_work(url: str, *, drops: bool = True) -> AsyncIterator[Member]:
    """Let a member work."""
    member = Member(url, drops=drops)
    await member.agenda.open()
    try:
        yield member
    finally:
        await member.agenda.close()
        member.store.close()


def test_each_thing_is_seen_to_once_by_one_when_its_time_has_come(url: str) -> None:
    """Whoever put it, and however many could."""

    async def story() -> list[Key]:
        async with at_work(url) as one, at_work(url) as other:
            begun_ms = one.clock.now_ms()
            for number in range(60):
                (one, other)[number % 2].agenda.put(Topic.RESULT, (str(number), "x\ny"), begun_ms + 10 * number)
            one.agenda.take(Topic.DELIVERY, ("at once",))
            one.agenda.put(Topic.RESULT, ("never",), begun_ms + 400)
            one.agenda.drop(Topic.RESULT, ("never",))
            one.agenda.put(Topic.RESULT, ("earlier",), begun_ms + 3_600_000)
            one.agenda.put(Topic.RESULT, ("earlier",), begun_ms + 100)
            await until(lambda: len(one.woken) + len(other.woken) >= 62)
            assert one.store.due_before(2**53, 10) == []
            # Longer than a lease and a look through the index.
            await asyncio.sleep(3.5)
            return one.woken + other.woken

    woken = asyncio.run(story())
    assert Counter(woken) == Counter([*((str(n), "x\ny") for n in range(60)), ("at once",), ("earlier",)])


def test_an_attempt_that_takes_longer_than_a_lease_stays_with_who_makes_it(url: str) -> None:
    """For as long as that one lives; when it puts the thing anew somebody is woken again."""

    async def story() -> None:
        async with at_work(url, drops=False) as one, at_work(url, drops=False) as other:
            one.agenda.take(Topic.DELIVERY, ME)
            await asyncio.sleep(5)
            assert one.woken + other.woken == [ME]
            one.agenda.put(Topic.DELIVERY, ME, one.clock.now_ms() + 50)
            await until(lambda: len(one.woken + other.woken) > 1)
            one.agenda.drop(Topic.DELIVERY, ME)

    asyncio.run(story())


def killed(program: Program) -> None:
    """End a process as nothing else would."""
    program.process.kill()
    program.process.wait()


def test_what_a_killed_process_had_in_hand_goes_to_another_one(url: str) -> None:
    """Each thing of it, without being asked."""
    names = [(str(number),) for number in range(5)]

    async def story() -> list[Key]:
        with ExitStack() as stack:
            sleeper = stack.enter_context(running(member("sleep", url), ROOT))
            await asyncio.to_thread(sleeper.wait_for_line, "ready")
            store = fleet_member.store_at(url)
            agenda = FleetAgenda(store, url, SteeredClock(), print)
            for name in names:
                agenda.take(Topic.DELIVERY, name)
            for _ in names:
                await asyncio.to_thread(sleeper.wait_for_line, "woken")
            async with at_work(url) as one:
                killed(sleeper)
                await one.has(5)
                store.close()
                return one.woken

    assert sorted(asyncio.run(story())) == names


def test_what_the_engine_was_never_told_is_found(url: str, store: RedisStore) -> None:
    """A process that dies between a change and telling of it loses nothing."""
    FleetAgenda(store, url, SteeredClock(), print).put(Topic.RESULT, ME, store._clock.now_ms())

    async def story() -> list[Key]:
        async with at_work(url) as one:
            await one.has(1)
            return one.woken

    assert asyncio.run(story()) == [ME]


def test_what_could_not_be_seen_to_is_tried_again(url: str) -> None:
    """Where whoever is woken fails because the state is away."""

    async def story() -> list[str]:
        async with at_work(url) as one:
            calls = []

            def fail_once(key: Key) -> None:
                calls.append(key[0])
                if len(calls) == 1:
                    raise RedisAway("nowhere", "a test")
                one.wake(Topic.RESULT, key)

            one.agenda.attend(Topic.RESULT, fail_once)
            one.agenda.put(Topic.RESULT, ME, one.clock.now_ms())
            await one.has(1)
            return calls

    assert asyncio.run(story()) == ["me", "me"]


def test_the_engine_goes_on_when_redis_is_back(tmp_path: Path) -> None:
    """A restart of the server is survived by every mock."""

    async def story() -> None:
        with redis_server(tmp_path) as server:
            async with at_work(server.url()) as one:
                one.agenda.take(Topic.RESULT, ("before",))
                await one.has(1)
                await asyncio.to_thread(server.stop)
                await asyncio.sleep(1)
                await asyncio.to_thread(server.start)
                await until(lambda: is_there(one.store))
                one.agenda.take(Topic.RESULT, ("after",))
                await one.has(2)
                assert one.woken == [("before",), ("after",)]

    asyncio.run(story())
