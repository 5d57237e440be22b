"""Where chance comes from while examples are played: the mock's hangs on the example, the client's is its own."""

import random
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b


class ExampleDice:
    """Draws for the owner of a key what belongs to its example: the same whenever that is played, under any key."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def begin(self, owner: str, example: str) -> None:
        """Draw for an owner what belongs to an example."""
        self._names[owner] = example

    def draw(self, owner: str, purpose: str) -> bytes:
        """Return 16 bytes for the next thing of its kind that an owner makes."""
        self._counts[owner, purpose] += 1
        drawn = f"{self._names.get(owner, owner)} {purpose} {self._counts[owner, purpose]}"
        return blake2b(drawn.encode(), digest_size=16).digest()

    def forget(self, owner: str | None = None) -> None:
        """Begin anew for an owner, or for all: the next draws are the first ones again."""
        for kind in [kind for kind in self._counts if owner in (None, kind[0])]:
            del self._counts[kind]

    def end(self, owner: str) -> None:
        """Let go of what is known of an owner, whose example is over."""
        self._names.pop(owner, None)
        self.forget(owner)


@contextmanager
def own_chance() -> Iterator[None]:
    """Let a client draw what it draws by chance anew each time, although Hypothesis seeds `random` for each example."""
    state = random.getstate()
    random.seed(secrets.randbits(64))
    try:
        yield
    finally:
        random.setstate(state)
