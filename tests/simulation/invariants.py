"""What must hold whatever happens: what clients were told is held against what they are told next, and what came.

The ledger knows what a client knows. Where a client cannot know whether its task was taken on, because the mock died
or the answer was lost, the ledger looks into what was committed: from then on the task is one that must not be lost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockserver.engine.account import MICRO, bill_of
from mockserver.engine.results import overall, statuses_at
from mockserver.engine.values import Status, Task
from mockserver.ports import Clock, Shelf
from tests.simulation.receivers import Arrival, Break

#: What each key begins with, in US dollars.
BALANCE_USD = 15
#: How often webhooks and uploads are tried.
ATTEMPTS: Mapping[str, int] = {"hook": 4, "put": 2}

#: What magic values leave of deliveries: how many copies of each, and attempts that receivers do not see.
COPIES: Mapping[str, int] = {"drop-webhook": 0, "duplicate-webhook": 2}
UNSEEN: Mapping[tuple[str, str], int] = {("refuse-webhook", "hook"): 2, ("refuse-upload", "put"): 1}

Json = Mapping[str, Any]
Peek = Callable[[Shelf, tuple[str, ...]], Any]


class Reply(NamedTuple):
    """What a client heard.

    Attributes:
        body: bytes of the answer, or None where none came.
        document: the answer, or None where it cannot be read.
        is_late: whether other requests may have been answered since it was asked for.
    """

    body: bytes | None
    document: Json | None
    is_late: bool = False

    def items(self, name: str, uuid: str) -> list[Json]:
        """Return what is said of a task under "data" or "errors"."""
        found = (self.document or {}).get(name, ())
        return [item for item in found if str(item.get("taskUUID", "")).lower() == uuid.lower()]


NO_REPLY = Reply(None, None)


@dataclass(slots=True)
class Known:
    """What is known of a task.

    Attributes:
        params: as submitted.
        magic: name of the fault that its prompt asks for, or "".
        taken_on: the task as it was taken on, each time that it was.
        results: what polls said of each result that is there, by the UUID of its video.
        most_left: how many results may still be under way.
        has_failed: whether a poll told of a failure.
    """

    params: Json
    magic: str
    taken_on: list[Task] = field(default_factory=list)
    results: dict[str, Json] = field(default_factory=dict)
    most_left: int = 0
    has_failed: bool = False

    @property
    def is_sync(self) -> bool:
        """Whether its results come with the answer to its submission, and are not found by polls then."""
        return self.params.get("deliveryMethod") == "sync"


class Ledger:
    """Everything that was told to clients.

    Args:
        owners: what stands for each key in the store.
        peek: returns what was committed.
        clock: tells the time.
        broken: is told when something does not hold.

    Attributes:
        tasks: what is known, by key and UUID.
    """

    def __init__(self, owners: Mapping[str, str], peek: Peek, clock: Clock, broken: Break) -> None:
        self._owners = owners
        self._peek = peek
        self._clock = clock
        self._broken = broken
        #: Whose task each video and each address belongs to.
        self._videos: dict[str, str] = {}
        self._recipients: dict[str, tuple[str, str]] = {}
        self.tasks: dict[tuple[str, str], Known] = {}

    def know(self, key: str, params: Json) -> bool:
        """Take in a task that is about to be submitted; say whether it is the first of its UUID."""
        place = (key, params["taskUUID"].lower())
        if place in self.tasks:
            return False
        _, _, magic = params["positivePrompt"].partition("[[")
        self.tasks[place] = Known(params, magic.strip("]").partition(" ")[0])
        for name in ("webhookURL", "uploadEndpoint"):
            self._recipients[params.get(name, "")] = place
        return True

    def stored(self, key: str, uuid: str) -> Task | None:
        """Return a task as it was committed."""
        task: Task | None = self._peek(Shelf.TASKS, (self._owners[key], uuid.lower()))
        return task

    def submitted(self, key: str, uuid: str, before: Task | None, reply: Reply) -> None:
        """A submission was answered, or nothing will be heard of it any more.

        Args:
            key: whose it is.
            uuid: its UUID.
            before: the task of that UUID before it, as committed.
            reply: what was heard.
        """
        known, after = self.tasks[key, uuid], self.stored(key, uuid)
        last = known.taken_on[-1] if known.taken_on else None
        verdict = _verdict(reply, uuid, known.is_sync)
        where = f"{uuid} of {key}"
        if last is not None and (after is None or before is None):
            self._broken("no acknowledged task is lost", f"{where} was taken on, and is gone")
        elif after is not None and (last is None or after.nonce != last.nonce):
            if verdict not in ("accepted", ""):
                self._broken("what is refused is not taken on", f"{where} was answered {verdict}, and taken on")
            if last is not None and before is not None and not reply.is_late and not self._ended_badly(before):
                self._broken("one acknowledgement", f"{where} was taken on again while the first was no error")
            known.taken_on.append(after)
            known.results, known.has_failed, known.most_left = {}, False, len(after.due_at_ms)
        elif verdict == "accepted":
            lost = "acknowledged, and is not there" if after is None else "acknowledged twice"
            self._broken("one acknowledgement" if after else "no acknowledged task is lost", f"{where} was {lost}")
        elif verdict == "conflictTaskUUID" and after is None:
            self._broken("no cross-key leak", f"{where} is in use, though this key never submitted it")

    def _ended_badly(self, task: Task) -> bool:
        return overall(statuses_at(task, self._clock.now_ms())) is Status.ERROR

    def polled(self, key: str, uuid: str, reply: Reply) -> None:
        """A poll was answered: results stay, stay the same, and are never more than were asked for."""
        known, where = self.tasks[key, uuid], f"{uuid} of {key}"
        items = [item for item in reply.items("data", uuid) if "status" in item]
        errors = reply.items("errors", uuid)
        if any(error["code"] == "taskNotFound" for error in errors):
            if known.taken_on and not known.is_sync:
                self._broken("no acknowledged task is lost", f"{where} was taken on, and a poll does not find it")
            return
        failed = any(error.get("status") == "error" for error in errors)
        if not items and not failed:
            return
        if not known.taken_on:
            self._broken("no cross-key leak", f"{where} was never taken on, and a poll tells of it: {reply.document}")
            return
        self._hold(known, where, items, failed, reply)

    def _hold(self, known: Known, where: str, items: Sequence[Json], failed: bool, reply: Reply) -> None:
        number = len(known.taken_on[-1].due_at_ms)
        done = {str(item["videoUUID"]): item for item in items if item["status"] == "success"}
        left = sum(item["status"] == "processing" for item in items)
        if len(items) > number or (len(items) < number and not failed):
            self._broken("as many results as asked for", f"{where} has {len(items)} of {number}: {reply.document}")
        for video in done:
            if self._videos.setdefault(video, where) != where:
                self._broken("a result belongs to one task", f"{video} of {where} is also {self._videos[video]}")
        if reply.is_late:
            return
        lost = [video for video, item in known.results.items() if done.get(video) != item]
        if lost or left > known.most_left or (known.has_failed and not failed):
            self._broken("polls are monotone", f"{where}: {lost or left} changed: {known.results}, {reply.document}")
        known.results, known.most_left, known.has_failed = done, left, failed

    def account(self, key: str, reply: Reply) -> None:
        """An account was shown: what was taken on is paid for, and nothing else."""
        data = (reply.document or {}).get("data") or [{}]
        if "balance" not in data[0]:
            return
        mine = [task for (of, _), known in self.tasks.items() if of == key for task in known.taken_on]
        spent = sum(bill_of(task)[0][1] for task in mine)
        left = round(data[0]["balance"]["amount"] * MICRO)
        requests = data[0]["apiKeys"][0]["requests"]
        if left != BALANCE_USD * MICRO - spent or left < 0 or requests != len(mine):
            said = f"{left / MICRO} left and {requests} requests, not {BALANCE_USD - spent / MICRO} and {len(mine)}"
            self._broken("what is taken on is paid for", f"{key} has {said}")

    def left(self, url: str) -> None:
        """Something was sent: what it tells of was committed before, unless another task has taken its place since."""
        key, uuid = self._recipients[url]
        taken_on, task = self.tasks[key, uuid].taken_on, self.stored(key, uuid)
        is_another = task is not None and any(each.nonce != task.nonce for each in taken_on)
        if not is_another and (task is None or {*task.outcomes} == {Status.PROCESSING}):
            self._broken("nothing leaves before it is committed", f"{url} is told of {uuid}, which is not so")

    def foreign(self, key: str, uuids: tuple[str, str], replies: Sequence[Reply]) -> None:
        """A poll of another key's task and one of nobody's were answered: alike, but for the UUID."""
        (theirs, nobodys), (first, second) = uuids, [reply.body or b"" for reply in replies]
        is_whole = first and second and b"internalServerError" not in first + second
        if is_whole and first.replace(theirs.encode(), nobodys.encode()) != second:
            self._broken("no cross-key leak", f"{key} is told of {theirs}: {first!r}")

    # In the end

    def is_over(self, key: str, uuid: str) -> None:
        """Whatever was taken on has come to its end."""
        known = self.tasks[key, uuid]
        if not known.is_sync and known.most_left:
            self._broken("every task ends", f"{uuid} of {key} still has {known.most_left} results under way")

    def delivered(self, arrivals: Mapping[str, Sequence[Arrival]]) -> None:
        """Whatever was owed has come, or failed as often as it may."""
        for (key, uuid), known in self.tasks.items():
            for kind, name in (("hook", "webhookURL"), ("put", "uploadEndpoint")):
                if name in known.params and known.taken_on:
                    self._came(f"{uuid} of {key}", known, kind, arrivals.get(known.params[name], ()))

    def _came(self, where: str, known: Known, kind: str, arrivals: Sequence[Arrival]) -> None:
        owed = dict.fromkeys(known.results, 1)
        if kind == "hook":
            copies = COPIES.get(known.magic, 1)
            numbers = [len(task.due_at_ms) for task in known.taken_on]
            owed = dict.fromkeys(owed, copies) | {"error": copies * (sum(numbers) - len(owed))}
        seen_of_each = ATTEMPTS[kind] - UNSEEN.get((known.magic, kind), 0)
        for of, copies in owed.items():
            here = [arrival.is_taken for arrival in arrivals if arrival.of == of]
            over = here.count(True) + here.count(False) // seen_of_each
            if over < copies:
                name = "no owed webhook is lost" if kind == "hook" else "no owed upload is lost"
                self._broken(name, f"{where}: of {copies} about {of} came {here} at {known.params}")


def _verdict(reply: Reply, uuid: str, is_sync: bool) -> str:
    """Return "accepted", the code of an error, or "" where nobody can tell."""
    if any("status" not in item for item in reply.items("data", uuid)):
        return "accepted"
    errors = [error for error in reply.items("errors", uuid) if "status" not in error]
    return str(errors[0]["code"]) if errors and not is_sync else ""
