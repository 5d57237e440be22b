"""Where chance comes from while examples are played: the mock's hangs on the example, the client's is its own."""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from mockserver.adapters.dice import KeyedDice, make_secret


class ExampleDice:
    """Draws for the owner of a key what belongs to its example: the same in every run, whatever the key is."""

    def __init__(self) -> None:
        self._dice = KeyedDice(make_secret(0))
        self._names: dict[str, str] = {}

    def begin(self, owner: str, example: str) -> None:
        """Draw for an owner what belongs to an example, whenever that is played."""
        self._names[owner] = blake2b(example.encode(), digest_size=16).hexdigest()

    def draw(self, owner: str, purpose: str) -> bytes:
        """Return 16 bytes for the next thing of its kind that an owner makes."""
        return self._dice.draw(self._names.get(owner, owner), purpose)

    def forget(self, owner: str | None = None) -> None:
        """Begin anew for an owner, or for all: the next draws are the first ones again."""
        self._dice.forget(None if owner is None else self._names.get(owner, owner))


@contextmanager
def own_chance() -> Iterator[None]:
    """Let a client draw what it draws by chance anew each time, although Hypothesis seeds `random` for each example."""
    state = random.getstate()
    random.seed(secrets.randbits(64))
    try:
        yield
    finally:
        random.setstate(state)
