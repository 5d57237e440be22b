"""What clients do: submit, submit again, poll, ask about others' tasks, look at their account, send nonsense."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.simulation.invariants import NO_REPLY, Known, Ledger, Reply

if TYPE_CHECKING:
    from tests.simulation.world import World

#: What goes wrong on purpose. The first half leaves answers as they are.
MAGIC = (
    "drop-webhook",
    "duplicate-webhook",
    "delay-webhook delay_ms=4000",
    "reorder-webhooks",
    "hurry-webhook",
    "refuse-webhook attempts=2",
    "refuse-upload attempts=1",
    "slow-upload delay_ms=3000",
    "slow-rendering factor=2",
    "providerError",
    "providerError",
    "providerError",
    "fail-one-result",
    "moderate-content",
    "limit-rate",
    "fill-queue",
    "refuse-submit",
    "run-out-of-credits",
    "answer-500",
    "answer-502",
    "answer-503",
    "reset-before-answer",
    "reset-while-answering",
    "reset-after-answer",
    "withhold-answer",
    "delay-request delay_ms=3000",
    "delay-answer",
    "empty-body",
    "truncate-body",
    "shuffle-results",
)
NONSENSE = (b"", b"{", b"[]", b"[1]", b'[{"taskType":"getResponse"}]', b'[{"taskType":"videoInference"}]', b"\xff")
#: Prices and times differ.
SIZES: Sequence[Mapping[str, int]] = ({}, {"duration": 10}, {"width": 1920, "height": 1080})
Work = Callable[[], Coroutine[Any, Any, None]]


class Client:
    """Somebody with a key.

    Args:
        key: the key.
        world: where the mock is.
        is_plain: whether nothing goes wrong on purpose.
    """

    def __init__(self, key: str, world: "World", is_plain: bool) -> None:
        self.key = key
        self._world = world
        self._is_plain = is_plain
        #: UUIDs of submissions that were not answered yet.
        self._under_way: set[str] = set()

    @property
    def _chance(self) -> Random:
        return self._world.chance

    @property
    def _ledger(self) -> Ledger:
        return self._world.ledger

    async def act(self) -> None:
        """Do one thing."""
        ways: Sequence[tuple[int, Work]] = (
            (30, self.submit),
            (12, self.submit_again),
            (35, self.poll),
            (8, self.pry),
            (8, self.look_at_account),
            (6, self.send_many),
            (4, self.ask_for_details),
            (2, self.talk_nonsense),
        )
        weights = [weight for weight, _ in ways]
        [(_, way)] = self._chance.choices(ways, weights)
        await way()

    def draw(self) -> dict[str, Any]:
        """Return a new task."""
        world, chance = self._world, self._chance
        uuid = world.new_uuid()
        if chance.random() < 0.1 and world.ledger.tasks:
            # Another key's UUID is as good as any.
            uuid = chance.choice([of for _, of in world.ledger.tasks])
        task: dict[str, Any] = {
            "taskType": "videoInference",
            "taskUUID": uuid.upper() if chance.random() < 0.1 else uuid,
            "model": "minimax:3@1",
            "positivePrompt": "a lighthouse",
            "numberResults": chance.choice((1, 1, 2, 3)),
            **chance.choice(SIZES),
        }
        serial = world.next_serial()
        if chance.random() < 0.15:
            return {**task, "deliveryMethod": "sync"}
        if chance.random() < 0.6:
            task["webhookURL"] = world.receivers.address("hook", serial)
        if chance.random() < 0.35:
            task["uploadEndpoint"] = world.receivers.address("put", serial)
        if chance.random() < 0.35 and not self._is_plain:
            task["positivePrompt"] += f" [[{chance.choice(MAGIC)}]]"
        return task

    async def submit(self, task: dict[str, Any] | None = None) -> None:
        """Hand in a task."""
        task = task or self.draw()
        if self._ledger.know(self.key, task):
            await self._send([task])

    async def submit_again(self) -> None:
        """Hand in a task once more, word for word, as clients do who were not answered, or do not believe it."""
        if known := self._one_of_mine():
            await self._send([dict(known.params)])

    async def send_many(self) -> None:
        """Hand in several tasks at once, and polls with them."""
        drawn = [self.draw() for _ in range(self._chance.randint(2, 4))]
        tasks = [task for task in drawn if self._ledger.know(self.key, task)]
        used = {task["taskUUID"].lower() for task in tasks}
        polls = [poll(self._spelt(known)) for known in self._some_of_mine(2) if _uuid(known) not in used]
        if tasks or polls:
            await self._send([*tasks, *polls])

    async def poll(self) -> None:
        """Ask how a task is."""
        if known := self._one_of_mine():
            await self._send([poll(self._spelt(known))])

    async def ask_for_details(self) -> None:
        """Ask for the archived task; what was taken on is there, whatever became of it."""
        known = self._one_of_mine()
        if known is None:
            return
        uuid = _uuid(known)

        def hear(reply: Reply) -> None:
            codes = [error["code"] for error in reply.items("errors", uuid)]
            if known.taken_on and "taskNotFound" in codes:
                self._world.broken("no acknowledged task is lost", f"the archive does not have {uuid} of {self.key}")

        await self._world.ask(self.key, [{"taskType": "getTaskDetails", "taskUUID": known.params["taskUUID"]}], hear)

    async def pry(self) -> None:
        """Ask about a task of another key, and about one that nobody has."""
        theirs = [
            uuid for key, uuid in self._ledger.tasks if key != self.key and (self.key, uuid) not in self._ledger.tasks
        ]
        if not theirs:
            return
        task_type = self._chance.choice(("getResponse", "getTaskDetails"))
        uuids = (self._chance.choice(theirs), self._world.new_uuid())
        replies: list[Reply] = []
        for uuid in uuids:
            await self._world.ask(self.key, [{"taskType": task_type, "taskUUID": uuid}], replies.append)
        self._ledger.foreign(self.key, uuids, replies)

    async def look_at_account(self) -> None:
        """Ask what is left, unless an answer is awaited from which it follows."""
        if not self._under_way:
            task = {"taskType": "accountManagement", "taskUUID": self._world.new_uuid(), "operation": "getDetails"}
            await self._world.ask(self.key, [task], partial(self._ledger.account, self.key))

    async def talk_nonsense(self) -> None:
        """Send what is no task."""
        await self._world.ask(self.key, self._chance.choice(NONSENSE), lambda _: None)

    async def look_at_all(self) -> None:
        """Poll everything in turn, and look at the account."""
        for known in self._mine():
            await self._send([poll(known.params["taskUUID"])])
        await self.look_at_account()

    async def _send(self, tasks: Sequence[dict[str, Any]]) -> None:
        uuids = [task["taskUUID"].lower() for task in tasks]
        is_submission = [task["taskType"] == "videoInference" for task in tasks]
        before = {uuid: self._ledger.stored(self.key, uuid) for uuid in uuids}
        self._under_way.update(uuids)

        def hear(reply: Reply) -> None:
            self._under_way.difference_update(uuids)
            for uuid, is_new in zip(uuids, is_submission, strict=True):
                if is_new:
                    self._ledger.submitted(self.key, uuid, before[uuid], reply)
                elif reply is not NO_REPLY:
                    self._ledger.polled(self.key, uuid, reply)

        await self._world.ask(self.key, tasks, hear)

    def _mine(self) -> list[Known]:
        """Return what this client may ask about: nothing that is under way, so that answers say what is so."""
        mine = [(uuid, known) for (key, uuid), known in self._ledger.tasks.items() if key == self.key]
        return [known for uuid, known in mine if uuid not in self._under_way]

    def _some_of_mine(self, number: int) -> list[Known]:
        mine = self._mine()
        return self._chance.sample(mine, min(number, len(mine)))

    def _one_of_mine(self) -> Known | None:
        return next(iter(self._some_of_mine(1)), None)

    def _spelt(self, known: Known) -> str:
        """Return the UUID of a task, in another case now and then."""
        uuid = str(known.params["taskUUID"])
        return uuid.swapcase() if self._chance.random() < 0.1 else uuid


def poll(uuid: str) -> dict[str, Any]:
    """Return the question how a task is."""
    return {"taskType": "getResponse", "taskUUID": uuid}


def uuid_from(chance: Random) -> str:
    """Draw a UUID of version 4."""
    return str(UUID(int=chance.getrandbits(128), version=4))


def _uuid(known: Known) -> str:
    return str(known.params["taskUUID"]).lower()
