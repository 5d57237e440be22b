"""Couriers for tests: one whose deliveries end when the test says so, and one that is broken."""

from collections.abc import Callable

from mockserver.ports import Delivery, Parcel


class SlowOutbox:
    """Keeps every parcel under way until it is told what became of it.

    Attributes:
        sent: every parcel that was ever handed in.
        under_way: parcels whose delivery has not ended.
        delivered: parcels that were taken.
    """

    def __init__(self) -> None:
        self.sent: list[Parcel] = []
        self.under_way: list[Parcel] = []
        self.delivered: list[Parcel] = []
        self._done: list[Callable[[Delivery], None]] = []

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Take a parcel."""
        self.sent.append(parcel)
        self.under_way.append(parcel)
        self._done.append(done)

    def deliver(self, index: int = 0, status: int | None = 200) -> Parcel:
        """End the delivery of a parcel under way and return it.

        Args:
            index: which one, 0 being the oldest.
            status: what the receiver answered, or None where it did not.
        """
        parcel, done = self.under_way.pop(index), self._done.pop(index)
        if status == 200:
            self.delivered.append(parcel)
        done(Delivery(parcel, status, "" if status == 200 else "it was not taken"))
        return parcel

    async def close(self) -> None:
        """Nothing is held outside of memory."""


class Receivers:
    """Ends every delivery at once, as a function says.

    Args:
        answer: returns the status that a receiver answers to a parcel, or None where it answers nothing.

    Attributes:
        sent: every parcel, in order.
    """

    def __init__(self, answer: Callable[[Parcel], int | None]) -> None:
        self.sent: list[Parcel] = []
        self._answer = answer

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """End a delivery."""
        self.sent.append(parcel)
        status = self._answer(parcel)
        done(Delivery(parcel, status, "" if status == 200 else "it was not taken", excerpt=f"answer {status}"))

    async def close(self) -> None:
        """Nothing is under way."""


class BrokenCourier:
    """Breaks its promise: raises instead of sending."""

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Raise."""
        raise OSError(f"the courier is broken, {parcel.method} and {done} are lost")

    async def close(self) -> None:
        """Nothing is under way."""
