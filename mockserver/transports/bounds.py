"""How much a connection may take of the server: numbers alone. `guard` and `socket_guard` hold connections to them."""

from dataclasses import dataclass

#: How many headers a request may have.
MOST_HEADERS = 100
#: A body has a second more for so many bytes of it that came: slow lines are not cut, those that drip are.
PACE_BYTES_S = 16 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one connection and of all together. Seconds are of real time.

    Attributes:
        head_bytes: size of the head of a request, or of what comes beside the data of a body in chunks.
        head_s: how long the head of a request may take, and how long a new connection may be silent.
        body_s: how long a body may take, beside the time for its size; see `PACE_BYTES_S`.
        login_s: how long a WebSocket connection may go without a good key.
        connections: connections that are open at a time.

    Source: none (assumed)
    """

    head_bytes: int = 64 * 1024
    head_s: float = 10.0
    body_s: float = 20.0
    login_s: float = 10.0
    connections: int = 10_000
