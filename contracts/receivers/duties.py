"""The duties of receivers, each a pure function from a talk to what breaks it.

Whoever does not take a plain delivery breaks one of the first four, and is asked nothing else. Every further delivery
differs from a plain one in one thing, so what is not taken of it is put down to that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts.checks.base import MUST, SHOULD, sentence_of, shown
from contracts.receivers.address import has_query, has_secret_path
from contracts.receivers.talk import UPLOAD, WEBHOOK, Kind, Talk, Turn


@dataclass(frozen=True, slots=True)
class Deviation:
    """One breach of a duty.

    Attributes:
        said: what is wrong, in a sentence.
        turn: the delivery in which it is seen, or None where it is seen in the address.
    """

    said: str
    turn: Turn | None = None


Find = Callable[[Talk], Iterator[Deviation]]


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of receivers.

    Attributes:
        name: what it is called, as in "takes-duplicates".
        receivers: whose it is: "webhook", "upload" or both.
        kinds: kinds of deliveries in which it is kept or broken; empty for a duty of the address.
        severity: "must" where results are lost, spoilt or handed in by strangers otherwise, else "should".
        find: yields what breaks it.
        source: where it comes from, and whether that is stated, observed or assumed.
        hint: how to mend a receiver that breaks it.
    """

    name: str
    receivers: frozenset[str]
    kinds: frozenset[Kind]
    severity: str
    find: Find
    source: str
    hint: str

    @property
    def about(self) -> str:
        """The duty in a sentence."""
        return sentence_of(self.find)

    def is_seen_in(self, talk: Talk) -> bool:
        """Say whether anything was delivered in which the duty is kept or broken."""
        return talk.receiver in self.receivers and (not self.kinds or bool(talk.of(*self.kinds)))


#: What a status tells about a plain delivery that is not taken.
_WHY: Mapping[int, str] = MappingProxyType(
    {
        400: "; if it takes addresses of videos at the service alone, name their begin with --origin",
        401: "; if it wants a secret, it must stand in the address: the service sends none otherwise",
        403: "; if it wants a secret, it must stand in the address: the service sends none otherwise",
        404: "; if it takes results of tasks that it knows alone, name one with --task",
        405: "; webhooks come by POST, uploads by PUT",
        411: "; the length is sent as Content-Length",
        413: "; a webhook has some hundred bytes, an upload some megabytes",
        415: "; the media type comes without parameters",
        422: "; if it takes tasks alone that it knows, name one with --task",
    }
)


def answers(talk: Talk) -> Iterator[Deviation]:
    """Every plain delivery is answered."""
    for turn in talk.of(Kind.PLAIN):
        if not turn.is_answered and not turn.is_late:
            yield Deviation(f"{turn.probe.about} is not answered: {turn.outcome}", turn)


def answers_in_time(talk: Talk) -> Iterator[Deviation]:
    """The answer comes within the time for which the service waits."""
    for turn in talk.of(Kind.PLAIN):
        if turn.is_late:
            yield Deviation(f"{turn.outcome} to {turn.probe.about}", turn)


def redirects_nothing(talk: Talk) -> Iterator[Deviation]:
    """A delivery is taken where it arrives: redirects are not followed."""
    for turn in talk.of(Kind.PLAIN):
        if turn.delivery.status is not None and 300 <= turn.delivery.status < 400:
            yield Deviation(f"{turn.outcome} to {turn.probe.about}, and redirects are not followed", turn)


def takes_deliveries(talk: Talk) -> Iterator[Deviation]:
    """A finished result, or its video, is answered with 2xx."""
    for turn in talk.of(Kind.PLAIN):
        status = turn.delivery.status
        if status is not None and not 200 <= status < 400:
            yield Deviation(f"{turn.outcome} to {turn.probe.about}{_WHY.get(status, '')}", turn)


def takes_duplicates(talk: Talk) -> Iterator[Deviation]:
    """A delivery that was taken is answered with 2xx when it comes again, at once or much later."""
    yield from _not_taken(talk, Kind.AGAIN)


def keeps_duplicates_once(talk: Talk) -> Iterator[Deviation]:
    """A delivery that comes again leaves what the receiver keeps as it was (seen with --state alone)."""
    for turn in talk.of(Kind.KEPT):
        if turn.before != turn.delivery.excerpt:
            before, now = shown(turn.before), shown(turn.delivery.excerpt)
            yield Deviation(f"{turn.probe.about} differs: it was {before}, and is {now}", turn)


def takes_several_results(talk: Talk) -> Iterator[Deviation]:
    """Each result of a task is taken, in whatever order they come."""
    yield from _not_taken(talk, Kind.SEVERAL)


def takes_optional_members(talk: Talk) -> Iterator[Deviation]:
    """A result is taken with and without cost and NSFWContent, and in every format."""
    yield from _not_taken(talk, Kind.OPTIONAL)


def tolerates_unknown_members(talk: Talk) -> Iterator[Deviation]:
    """Members that no documentation knows are passed over."""
    yield from _not_taken(talk, Kind.UNKNOWN)


def takes_every_number(talk: Talk) -> Iterator[Deviation]:
    """Seeds up to 2^63 and costs with many decimals are taken."""
    yield from _not_taken(talk, Kind.NUMBERS)


def takes_failures(talk: Talk) -> Iterator[Deviation]:
    """A failure, which has errors in place of data, is answered with 2xx."""
    yield from _not_taken(talk, Kind.FAILURE)


def takes_any_order(talk: Talk) -> Iterator[Deviation]:
    """Results and failures of one task are taken, whichever comes first."""
    yield from _not_taken(talk, Kind.MIXED)


def takes_results_beside_errors(talk: Talk) -> Iterator[Deviation]:
    """A body with data and errors is answered with 2xx."""
    yield from _not_taken(talk, Kind.BESIDE)


def takes_every_text(talk: Talk) -> Iterator[Deviation]:
    """Texts in every script are taken, as UTF-8 and as escapes."""
    yield from _not_taken(talk, Kind.TEXTS)


def takes_every_format(talk: Talk) -> Iterator[Deviation]:
    """Videos in WEBM and MOV are taken as those in MP4 are."""
    yield from _not_taken(talk, Kind.FORMAT)


def takes_large_bodies(talk: Talk) -> Iterator[Deviation]:
    """Large bodies are taken: of webhooks with what a provider answered, of uploads with long videos."""
    yield from _not_taken(talk, Kind.LARGE)


def takes_many_at_once(talk: Talk) -> Iterator[Deviation]:
    """Deliveries that come at once are all taken."""
    yield from _not_taken(talk, Kind.AT_ONCE)


def takes_duplicates_at_once(talk: Talk) -> Iterator[Deviation]:
    """A delivery that comes again while the first one is being answered is taken too."""
    yield from _not_taken(talk, Kind.AGAIN_AT_ONCE)


def answers_before_downloading(talk: Talk) -> Iterator[Deviation]:
    """The answer does not wait for the video to be downloaded."""
    yield from _not_taken(talk, Kind.SLOW_VIDEO)


def survives_garbage(talk: Talk) -> Iterator[Deviation]:
    """A body that is no delivery is answered, and not with 5xx."""
    for turn in talk.of(Kind.GARBAGE):
        if not turn.is_answered or (turn.delivery.status or 0) >= 500:
            yield Deviation(f"{turn.outcome} to {turn.probe.about}", turn)


def stays_up(talk: Talk) -> Iterator[Deviation]:
    """After crowds, large bodies, garbage and broken connections, plain deliveries are taken as before."""
    yield from _not_taken(talk, Kind.PULSE)


def checks_its_secret(talk: Talk) -> Iterator[Deviation]:
    """A delivery to the address without its query, or with other values in it, is refused."""
    for turn in talk.of(Kind.STRANGER):
        if turn.is_taken:
            yield Deviation(f"{turn.outcome} to {turn.probe.about}: anybody can hand in results", turn)


def has_a_secret(talk: Talk) -> Iterator[Deviation]:
    """The address holds something that nobody guesses, as deliveries are not signed."""
    if not has_query(talk.url) and not has_secret_path(talk.url):
        yield Deviation("there is no secret in the address: anybody who guesses it can hand in results")


def _not_taken(talk: Talk, kind: Kind) -> Iterator[Deviation]:
    for turn in talk.of(kind):
        if not turn.is_taken:
            yield Deviation(f"{turn.outcome} to {turn.probe.about}", turn)


_BOTH, _WEBHOOKS, _UPLOADS = (WEBHOOK, UPLOAD), (WEBHOOK,), (UPLOAD,)
_DOC, _PAGE = "documentation of webhooks (stated)", "the parameter page (stated)"

#: Every duty of receivers, by name, in the order of reports.
DUTIES: Mapping[str, Duty] = MappingProxyType(
    {
        find.__name__.replace("_", "-"): Duty(
            find.__name__.replace("_", "-"), frozenset(whose), frozenset(kinds), severity, find, source, hint
        )
        for find, whose, kinds, severity, source, hint in (
            (
                answers,
                _BOTH,
                (Kind.PLAIN,),
                MUST,
                f"{_DOC}; of uploads assumed",
                "find out why the connection fails or ends before the answer",
            ),
            (
                answers_in_time,
                _BOTH,
                (Kind.PLAIN,),
                MUST,
                "official guides: 5 s for a webhook (observed); 10 s for an upload (assumed)",
                "keep the result, answer, and do the rest afterwards",
            ),
            (
                redirects_nothing,
                _BOTH,
                (Kind.PLAIN,),
                MUST,
                "documentation of webhooks: 2xx is wanted (stated); that redirects are not followed is assumed",
                "give the final address: with https, and with or without its last slash",
            ),
            (
                takes_deliveries,
                _BOTH,
                (Kind.PLAIN,),
                MUST,
                f"{_DOC}; of uploads: the parameter page, uploadEndpoint (stated)",
                "answer 200, 202 or 204 as soon as the delivery is kept",
            ),
            (
                takes_duplicates,
                _BOTH,
                (Kind.AGAIN,),
                MUST,
                "official guides: a delivery that is not answered in time is repeated (observed); of uploads assumed",
                "tell results apart by videoUUID, keep each once and answer 200 to one that is there already",
            ),
            (
                keeps_duplicates_once,
                _BOTH,
                (Kind.KEPT,),
                MUST,
                "official guides: receivers tell deliveries apart, as they may be repeated (observed); uploads assumed",
                "do what follows from a result only where it was not there before, in one transaction with keeping it",
            ),
            (
                takes_several_results,
                _BOTH,
                (Kind.SEVERAL,),
                MUST,
                "the parameter page: each finished item is its own call (stated); their order is assumed to be any",
                "keep results by videoUUID, not by taskUUID, and do not close a task at its first result",
            ),
            (
                takes_optional_members,
                _WEBHOOKS,
                (Kind.OPTIONAL,),
                SHOULD,
                "documentation of video results: cost and NSFWContent are there when asked for (stated)",
                "read members as optional ones, but for taskType, taskUUID and videoUUID",
            ),
            (
                tolerates_unknown_members,
                _WEBHOOKS,
                (Kind.UNKNOWN,),
                MUST,
                "bodies were seen with a status (observed); that an API may grow is assumed",
                "pass over what you do not know: no additionalProperties: false, no extra=forbid",
            ),
            (
                takes_every_number,
                _WEBHOOKS,
                (Kind.NUMBERS,),
                MUST,
                "documentation of video inference, October 2025: seeds reach 2^63 (stated); decimals are assumed",
                "keep seeds as integers of 64 bits or as texts, and costs as decimals without a fixed scale",
            ),
            (
                takes_failures,
                _WEBHOOKS,
                (Kind.FAILURE,),
                MUST,
                "webhooks with errors in place of data (observed)",
                "look for errors before data, note that the task failed, and answer 200",
            ),
            (
                takes_any_order,
                _WEBHOOKS,
                (Kind.MIXED,),
                MUST,
                "documentation of task polling: some results may fail (stated); that their webhooks come so is assumed",
                "neither a failure nor a result closes a task that has several results",
            ),
            (
                takes_results_beside_errors,
                _WEBHOOKS,
                (Kind.BESIDE,),
                SHOULD,
                "documentation of task polling: data and errors may both be present (stated); in webhooks assumed",
                "treat data and errors as two lists, of which either may be missing",
            ),
            (
                takes_every_text,
                _WEBHOOKS,
                (Kind.TEXTS,),
                MUST,
                "RFC 8259: JSON is UTF-8 (stated); messages quote prompts and providers (observed)",
                "decode bodies as UTF-8, and keep texts in columns that take every character (utf8mb4)",
            ),
            (
                takes_every_format,
                _UPLOADS,
                (Kind.FORMAT,),
                SHOULD,
                "the parameter page, outputFormat (stated); their media types are assumed to be sent",
                "allow video/webm and video/quicktime as well as video/mp4",
            ),
            (
                takes_large_bodies,
                _BOTH,
                (Kind.LARGE,),
                SHOULD,
                "sizes are not documented (assumed)",
                "raise the limits of framework and gateway: 1 MB for webhooks, 100 MB for uploads",
            ),
            (
                takes_many_at_once,
                _BOTH,
                (Kind.AT_ONCE,),
                MUST,
                "the parameter page: up to 20 results, each its own call as it becomes ready (stated)",
                "serve requests side by side, share nothing between them without a lock, and put work into a queue",
            ),
            (
                takes_duplicates_at_once,
                _WEBHOOKS,
                (Kind.AGAIN_AT_ONCE,),
                MUST,
                "official guides: what is answered late is repeated (observed), maybe before the answer (assumed)",
                "insert with ON CONFLICT DO NOTHING in place of looking first and inserting then",
            ),
            (
                answers_before_downloading,
                _WEBHOOKS,
                (Kind.SLOW_VIDEO,),
                MUST,
                "official guides: 5 s for a webhook (observed); a video may take longer to download (assumed)",
                "keep the address, answer, and download in the background",
            ),
            (
                survives_garbage,
                _WEBHOOKS,
                (Kind.GARBAGE,),
                SHOULD,
                "whoever finds the address may send anything (assumed)",
                "catch what parsing raises, look at types, and answer 400",
            ),
            (
                stays_up,
                _BOTH,
                (Kind.PULSE,),
                MUST,
                "networks break, and strangers send what they like (assumed)",
                "let an error end one request, not the process, the worker or a transaction that others share",
            ),
            (
                checks_its_secret,
                _BOTH,
                (Kind.STRANGER,),
                MUST,
                "documentation of webhooks: no signature; secrets in the query are the way to know the sender (stated)",
                "compare the secret of the query in constant time before anything else, and answer 401 or 403",
            ),
            (
                has_a_secret,
                _BOTH,
                (),
                SHOULD,
                "documentation of webhooks: no signature; secrets in the query are the way to know the sender (stated)",
                "put a long random value into the address, as in ?token=…, and refuse deliveries without it",
            ),
        )
    }
)


def duties_of(receiver: str) -> Mapping[str, Duty]:
    """Return the duties of the receivers of webhooks or of uploads."""
    return {name: duty for name, duty in DUTIES.items() if receiver in duty.receivers}
