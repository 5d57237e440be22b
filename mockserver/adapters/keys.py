"""Which API keys are good, and what stands for them: nothing else of the mock ever holds a key."""

from collections.abc import Collection
from hashlib import blake2b
from hmac import compare_digest


class AnyKey:
    """Accepts every key that is not empty.

    Args:
        secret: salts the digests.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def owner(self, key: str) -> str | None:
        """Return the digest that stands for a key, 32 hexadecimal digits."""
        return _digest(key, self._secret) if key.strip() else None


class ListedKeys:
    """Accepts the listed keys only.

    Args:
        keys: the good keys.
        secret: salts the digests.
    """

    def __init__(self, keys: Collection[str], secret: bytes) -> None:
        self._secret = secret
        self._owners = tuple(_digest(key, secret) for key in keys)

    def owner(self, key: str) -> str | None:
        """Return the digest that stands for a key, or None where it is not listed."""
        owner = _digest(key, self._secret)
        return owner if any(compare_digest(owner, listed) for listed in self._owners) else None


def _digest(key: str, secret: bytes) -> str:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16, key=secret).hexdigest()
