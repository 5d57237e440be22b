"""One connection to a Redis server: commands out, replies in, and a plain word where the server is away."""

from collections.abc import Sequence
from hashlib import sha1
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mockserver.ports import StoreAway

#: A command and its arguments.
Command = tuple[bytes | str | int, ...]

CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 2.0
#: For how long nobody tries to connect again after that failed, so that requests are not held up one by one.
PAUSE_S = 0.5


class Plight(NamedTuple):
    """How a server is that cannot be used.

    Attributes:
        verdict: what it does, after its name.
        mend: what to do about it.
    """

    verdict: str
    mend: str


SILENT = Plight("does not answer", "start it, or name another one with --state")
LOCKED = Plight("does not let the mock in", "mend the password in --state")
NUMBERED = Plight("has no such database", "mend the number in --state")
FOREIGN = Plight("answers as no Redis does", "name the address of a Redis with --state")
FULL = Plight("has no room", "give it more memory, or name another one with --state")
FOLLOWING = Plight("is a copy of another one", "name that one with --state")
UNWILLING = Plight("refuses the connection", "allow it there, or name another one with --state")


class RedisAway(StoreAway):
    """The server does not answer, or not as it should.

    Attributes:
        where: host, port and database.
        problem: what happened.
        plight: how the server is.
    """

    def __init__(self, where: str, problem: str, plight: Plight = SILENT) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem
        self.plight = plight

    def __str__(self) -> str:
        return f"Redis at {self.where} {self.plight.verdict} ({self.problem}); {self.plight.mend}"


class BadServer(Exception):
    """A server cannot hold the state of a fleet. Says why, and how to mend it."""


class Link:
    """Asks a Redis server. For one thread at a time; blocks for a round trip.

    redis-py connects, authenticates and reads; its `Connection` is used without the client around it, which would take
    more than half of the time.

    Args:
        url: where it is, as redis-py understands it.

    Attributes:
        where: host, port and database, for people.

    Raises:
        BadServer: that is no address.
    """

    def __init__(self, url: str) -> None:
        from redis import ConnectionPool

        try:
            self.where = where(url)
            pool = ConnectionPool.from_url(
                url, protocol=2, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=ANSWER_TIMEOUT_S
            )
        except (TypeError, ValueError) as problem:
            raise BadServer(f"that is no address of a Redis ({problem}); write redis://HOST:PORT/DATABASE") from problem
        #: Its methods have no types.
        self._connection: Any = pool.make_connection()
        self._is_connected = False
        self._pause_until_s = 0.0
        #: Why connecting failed when it was last tried.
        self._away = RedisAway(self.where, "")

    def ask(self, *commands: Command) -> list[Any]:
        """Return the replies to some commands that change nothing, in one round trip.

        Raises:
            RedisAway: it does not answer.
        """
        was_connected = self._is_connected
        try:
            return self._exchange(commands)
        except RedisAway:
            # A connection may have ended while nobody used it: the server was started anew, or closed it as idle.
            if not was_connected:
                raise
            return self._exchange(commands)

    def tell(self, *command: bytes | str | int) -> Any:
        """Return the reply to a command, which is sent once: what becomes of it is unknown where this raises.

        Raises:
            RedisAway: it does not answer.
        """
        return self._exchange([command])[0]

    def close(self) -> None:
        """Let go of the connection; the next command opens another one."""
        self._connection.disconnect()
        self._is_connected = False

    def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        from redis.exceptions import ConnectionError as Lost
        from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError
        from redis.exceptions import TimeoutError as Late

        connection = self._connection
        replies: list[Any] = []
        try:
            if not self._is_connected:
                self._connect()
            for command in commands:
                connection.send_packed_command(connection.pack_command(*command), check_health=False)
            for _ in commands:
                try:
                    replies.append(connection.read_response())
                except ResponseError as problem:
                    replies.append(problem)
        except (Lost, Late) as problem:
            self.close()
            raise self._worded(problem) from problem
        except BaseException:
            self.close()
            raise
        for reply in replies:
            if isinstance(reply, (OutOfMemoryError, ReadOnlyError)):
                raise self._worded(reply) from reply
            if isinstance(reply, ResponseError):
                raise reply
        return replies

    def _connect(self) -> None:
        from redis.exceptions import RedisError

        if monotonic() < self._pause_until_s:
            raise RedisAway(self.where, self._away.problem, self._away.plight)
        try:
            self._connection.connect()
        except RedisError as problem:
            self._connection.disconnect()
            self._pause_until_s, self._away = monotonic() + PAUSE_S, self._worded(problem)
            raise self._away from problem
        self._is_connected = True

    def _worded(self, problem: Exception) -> RedisAway:
        """Return a failure of redis-py with what it means for whoever named the server."""
        said, _, _ = str(problem).partition(" script: ")
        return RedisAway(self.where, said.rstrip("."), _plight(problem))


def _plight(problem: Exception) -> Plight:
    """Say how a server is at which redis-py failed so."""
    from redis import exceptions

    match problem:
        case exceptions.AuthenticationError():
            return LOCKED
        case exceptions.InvalidResponse():
            return FOREIGN
        case exceptions.OutOfMemoryError():
            return FULL
        case exceptions.ReadOnlyError():
            return FOLLOWING
        case exceptions.ResponseError():
            return NUMBERED if "DB index" in str(problem) else UNWILLING
        case _:
            return SILENT


class Script:
    """A script in Lua that the server keeps.

    Args:
        link: the way to the server.
        source: the script.
    """

    def __init__(self, link: Link, source: str) -> None:
        self._link = link
        self._source = source
        self._name = sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, *arguments: bytes | str | int) -> Any:
        """Run it, and return what it returns.

        Raises:
            RedisAway: the server does not answer.
        """
        from redis.exceptions import NoScriptError

        try:
            return self._link.tell("EVALSHA", self._name, 0, *arguments)
        except NoScriptError:
            return self._link.tell("EVAL", self._source, 0, *arguments)


def where(url: str) -> str:
    """Return which server and database an address names, without the password in it."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    host = parts.hostname or "127.0.0.1"
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or 6379}, database {parts.path.strip('/') or 0}"
