"""How entries are written down: as MessagePack, and read back as what each shelf holds. Never as code."""

from collections.abc import Mapping
from typing import Any

from msgspec import msgpack

from mockserver.ports import Key, Shelf

#: msgspec writes and reads named tuples and dataclasses by their annotations, ten times faster than a hand would in
#: Python, and a file that somebody else wrote cannot make it call anything.
Forms = Mapping[Shelf, Any]


class Writing:
    """Writes values and reads them back.

    Args:
        forms: the type of the values of each shelf.
    """

    def __init__(self, forms: Forms) -> None:
        self.write = msgpack.Encoder().encode
        self._readers = {shelf: msgpack.Decoder(form).decode for shelf, form in forms.items()}

    def read(self, shelf: Shelf, written: bytes) -> Any:
        """Return a value of a shelf.

        Raises:
            msgspec.DecodeError: it was written by another version, or by somebody else.
        """
        return self._readers[shelf](written)


def write_key(key: Key) -> str:
    """Return a key of one part or more as a text; two keys never are the same text."""
    return "\n".join([part.replace("\\", "\\\\").replace("\n", "\\n") for part in key])


def read_key(text: str) -> Key:
    """Return the key that was written so."""
    return tuple([_plain(part) for part in text.split("\n")])


def _plain(part: str) -> str:
    if "\\" not in part:
        return part
    return "\\".join([piece.replace("\\n", "\n") for piece in part.split("\\\\")])
