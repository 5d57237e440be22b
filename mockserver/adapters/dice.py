"""Where randomness comes from: a secret, from which everything else is drawn."""

import secrets
from hashlib import blake2b

#: How many owners' counts are remembered; past it all begin anew, in a new epoch so that no draw comes again.
MOST_COUNTS = 100_000


def make_secret(seed: int | None) -> bytes:
    """Return 32 bytes that nobody can guess, or, from a seed, the same ones every time."""
    return secrets.token_bytes(32) if seed is None else blake2b(str(seed).encode(), digest_size=32).digest()


class KeyedDice:
    """Draws by counting what each owner makes and hashing the count with a secret.

    So the n-th video of a key has the same UUID and seed in every run under one seed, whatever taskUUID it has.

    Args:
        secret: 32 bytes.
        process: which of those that draw from this secret this one is, 0 being the first; no two draw the same.
    """

    def __init__(self, secret: bytes, process: int = 0) -> None:
        self._keyed = blake2b(digest_size=16, key=secret)
        self._counts: dict[tuple[str, str], int] = {}
        self._epoch = 0
        self._process = f" of {process}" if process else ""

    def draw(self, owner: str, purpose: str) -> bytes:
        """Return 16 bytes for the next thing of its kind that an owner makes."""
        kind = (owner, purpose)
        number = self._counts.get(kind, 0) + 1
        if number == 1 and len(self._counts) >= MOST_COUNTS:
            self._counts.clear()
            self._epoch += 1
        self._counts[kind] = number
        drawn = f"{owner} {purpose} {number}{f' {self._epoch}' if self._epoch else ''}{self._process}".encode()
        hashed = self._keyed.copy()
        hashed.update(drawn)
        return hashed.digest()

    def forget(self, owner: str | None = None) -> None:
        """Begin anew for an owner, or for all: the next draws are the first ones again."""
        if owner is None:
            self._counts.clear()
            self._epoch = 0
        else:
            self._counts = {kind: number for kind, number in self._counts.items() if kind[0] != owner}
