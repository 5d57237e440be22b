"""Receivers of webhooks with one mistake each, as people make them."""

import threading
from typing import ClassVar

from tests.kit.receivers.sound import MEANWHILE_S, OK, Answer, Json, Request, Webhooks, one_at_a_time


class Fails500AtDuplicates(Webhooks):
    """Has a unique index on videoUUID, and no thought of what follows."""

    breaks = "takes-duplicates"

    def keep(self, item: Json) -> Answer:
        if item["videoUUID"] in self.results:
            raise RuntimeError("duplicate key value violates unique constraint")
        return super().keep(item)


class Answers409ToDuplicates(Webhooks):
    """Tells the sender that it has the result already, by an error."""

    breaks = "takes-duplicates"

    def keep(self, item: Json) -> Answer:
        return Answer(409) if item["videoUUID"] in self.results else super().keep(item)


class PaysForDuplicates(Webhooks):
    """Books the cost of whatever comes."""

    breaks = "keeps-duplicates-once"
    shows = True
    booked = 0

    def keep(self, item: Json) -> Answer:
        self.booked += 1
        return super().keep(item)

    def state(self) -> str:
        return f"{self.booked} videos booked"


class RefusesUnknownMembers(Webhooks):
    """Has a strict schema."""

    breaks = "tolerates-unknown-members"
    known: ClassVar = {"taskType", "taskUUID", "videoUUID", "videoURL", "seed", "cost", "NSFWContent"}

    def keep(self, item: Json) -> Answer:
        return super().keep(item) if item.keys() <= self.known else Answer(422)


class DownloadsFirst(Webhooks):
    """Downloads the video before it answers."""

    breaks = "answers-before-downloading"
    deadline_s = 3.0

    def keep(self, item: Json) -> Answer:
        self.download(item["videoURL"])
        return super().keep(item)


class RedirectsToTheSlash(Webhooks):
    """Lives at the address with a slash at its end."""

    breaks = "redirects-nothing"

    def take(self, request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        return super().take(request) if path.endswith("/") else Answer(308, f"{path}/?{query}")


class WantsACharset(Webhooks):
    """Compares the whole of Content-Type with what its own tests send."""

    breaks = "takes-deliveries"

    def take(self, request: Request) -> Answer:
        is_known = request.headers["content-type"] == "application/json; charset=utf-8"
        return super().take(request) if is_known else Answer(415)


class KnowsItsTasksAlone(Webhooks):
    """Looks tasks up, and has never heard of this one."""

    breaks = "takes-deliveries"
    tasks: ClassVar[frozenset[str]] = frozenset({"24cd5dff-cb81-4db5-8506-b72a9425f9d1"})

    def keep(self, item: Json) -> Answer:
        return super().keep(item) if item["taskUUID"] in self.tasks else Answer(404)


class Takes100KB(Webhooks):
    """Keeps the limit for bodies that its framework came with."""

    breaks = "takes-large-bodies"
    most_bytes = 100 * 1024


class KnowsNoErrors(Webhooks):
    """Takes the first item under data."""

    breaks = "takes-failures"

    def read(self, body: bytes) -> Json:
        document = super().read(body)
        if "errors" in document and not document.get("data"):
            raise KeyError("data")
        return document


class ExpectsATextFromTheProvider(Webhooks):
    """Calls a method of texts on what the provider said."""

    breaks = "takes-failures"

    def note(self, error: Json) -> Answer:
        error.get("responseContent", "").strip()
        return super().note(error)


class HangsAtFailures(Webhooks):
    """Calls the service to have the failed task done again, and waits for it."""

    breaks = "takes-failures"
    deadline_s = 3.0

    def note(self, error: Json) -> Answer:
        self.over.wait()
        return super().note(error)


class HasSeedsOf32Bits(Webhooks):
    """Has a column of type integer."""

    breaks = "takes-every-number"

    def keep(self, item: Json) -> Answer:
        if not -(2**31) <= item["seed"] < 2**31:
            raise OverflowError("integer out of range")
        return super().keep(item)


class HasCostsInCents(Webhooks):
    """Refuses costs with more decimals than money has."""

    breaks = "takes-every-number"

    def keep(self, item: Json) -> Answer:
        cost = item.get("cost", 0)
        return super().keep(item) if abs(cost - round(cost, 4)) < 1e-15 else Answer(422)


class KnowsAsciiAlone(Webhooks):
    """Decodes bodies as ASCII."""

    breaks = "takes-every-text"

    def read(self, body: bytes) -> Json:
        if body.startswith(b"{"):
            body.decode("ascii")
        return super().read(body)


class HasTextsOf16Bits(Webhooks):
    """Keeps messages in a column that holds characters of three bytes at most."""

    breaks = "takes-every-text"

    def note(self, error: Json) -> Answer:
        if max(error["message"]) > "\uffff":
            raise ValueError("Incorrect string value")
        return super().note(error)


class IgnoresItsSecret(Webhooks):
    """Takes deliveries from everybody."""

    breaks = "checks-its-secret"

    def knows(self, _request: Request) -> bool:
        return True


class LooksWhetherThereIsASecret(Webhooks):
    """Takes any secret for the right one."""

    breaks = "checks-its-secret"

    def knows(self, request: Request) -> bool:
        return "token" in request.query


class HasNoSecret(IgnoresItsSecret):
    """Has an address that is easily guessed."""

    breaks = "has-a-secret"
    query = ""


class ClosesTasksAtTheFirstResult(Webhooks):
    """Takes a task for done when its first result is there."""

    breaks = "takes-several-results"

    def keep(self, item: Json) -> Answer:
        tasks = {each["taskUUID"]: uuid for uuid, each in self.results.items()}
        is_other = tasks.get(item["taskUUID"], item["videoUUID"]) != item["videoUUID"]
        return Answer(409) if is_other else super().keep(item)


class ClosesTasksAtAFailure(Webhooks):
    """Takes a task for done when one of its results failed."""

    breaks = "takes-any-order"

    def keep(self, item: Json) -> Answer:
        return Answer(409) if item["taskUUID"] in self.failed else super().keep(item)


class ExpectsNoFailureAfterAResult(Webhooks):
    """Has no way from done to failed."""

    breaks = "takes-any-order"

    def note(self, error: Json) -> Answer:
        if error["taskUUID"] in {item["taskUUID"] for item in self.results.values()}:
            raise RuntimeError("no transition from done to failed")
        return super().note(error)


class ExpectsEitherDataOrErrors(Webhooks):
    """Takes a body with both for nonsense."""

    breaks = "takes-results-beside-errors"

    def read(self, body: bytes) -> Json:
        document = super().read(body)
        if document.get("data") and document.get("errors"):
            raise ValueError("either data or errors are expected")
        return document


class NeedsTheCost(Webhooks):
    """Adds up costs, also where there is none."""

    breaks = "takes-optional-members"
    sum_usd = 0.0

    def keep(self, item: Json) -> Answer:
        self.sum_usd += item["cost"]
        return super().keep(item)


class ServesOneAtATime(Webhooks):
    """Answers 503 while it is busy."""

    breaks = "takes-many-at-once"

    def __init__(self) -> None:
        super().__init__()
        self.busy = threading.Lock()

    def take(self, request: Request) -> Answer:
        return one_at_a_time(self.busy, self.over, super().take, request)


class LooksFirstAndInsertsThen(Webhooks):
    """Looks whether the result is there, and inserts it if not."""

    breaks = "takes-duplicates-at-once"

    def keep(self, item: Json) -> Answer:
        if item["videoUUID"] in self.results:
            return OK
        self.over.wait(MEANWHILE_S)
        with self.lock:
            if item["videoUUID"] in self.results:
                raise RuntimeError("duplicate key value violates unique constraint")
            self.results[item["videoUUID"]] = item
        return OK


class FailsAtGarbage(Webhooks):
    """Lets errors of the parser through."""

    breaks = "survives-garbage"

    def take(self, request: Request) -> Answer:
        self.read(request.body)
        return super().take(request)


class HangsUpOnGarbage(Webhooks):
    """Ends the connection without a word."""

    breaks = "survives-garbage"

    def take(self, request: Request) -> Answer:
        answer = super().take(request)
        return Answer(0) if answer.status == 400 else answer


class NeverComesBack(Webhooks):
    """Holds on to what a broken request began."""

    breaks = "stays-up"
    is_stuck = False

    def answer(self, request: Request) -> Answer:
        self.is_stuck = self.is_stuck or not request.is_whole
        return Answer(503) if self.is_stuck else super().answer(request)


class RendersFirst(Webhooks):
    """Answers when all is done, which takes minutes."""

    breaks = "answers-in-time"
    deadline_s = 0.5

    def keep(self, item: Json) -> Answer:
        self.over.wait()
        return super().keep(item)


class HangsUp(Webhooks):
    """Ends the connection when it has the result."""

    breaks = "answers"

    def keep(self, item: Json) -> Answer:
        super().keep(item)
        return Answer(0)


#: Every one of them.
BAD_WEBHOOKS = (
    Fails500AtDuplicates,
    Answers409ToDuplicates,
    PaysForDuplicates,
    RefusesUnknownMembers,
    DownloadsFirst,
    RedirectsToTheSlash,
    WantsACharset,
    KnowsItsTasksAlone,
    Takes100KB,
    KnowsNoErrors,
    ExpectsATextFromTheProvider,
    HangsAtFailures,
    HasSeedsOf32Bits,
    HasCostsInCents,
    KnowsAsciiAlone,
    HasTextsOf16Bits,
    IgnoresItsSecret,
    LooksWhetherThereIsASecret,
    HasNoSecret,
    ClosesTasksAtTheFirstResult,
    ClosesTasksAtAFailure,
    ExpectsNoFailureAfterAResult,
    ExpectsEitherDataOrErrors,
    NeedsTheCost,
    ServesOneAtATime,
    LooksFirstAndInsertsThen,
    FailsAtGarbage,
    HangsUpOnGarbage,
    NeverComesBack,
    RendersFirst,
    HangsUp,
)
