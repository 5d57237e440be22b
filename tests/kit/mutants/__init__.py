"""Clients with one realistic mistake each, and the duty that each of them breaks."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.kit.mutants import concurrency, polling, requests, results
from tests.kit.sound import SoundClient

REQUEST, POLLING, RESULTS, CONCURRENCY = "request", "polling and errors", "results", "concurrency"


@dataclass(frozen=True)
class Mutant:
    """A client with a mistake.

    Attributes:
        client: the client.
        check: name of the duty that it breaks.
        kind: what the mistake is about.
        needs: parameters that the smallest example cannot do without.
    """

    client: SoundClient
    check: str
    kind: str
    needs: frozenset[str]

    @property
    def name(self) -> str:
        """What the mistake is called."""
        return type(self.client).__name__

    @property
    def about(self) -> str:
        """The mistake in words."""
        return (type(self.client).__doc__ or "").partition("\n")[0]


def _mutant(client: type[SoundClient], check: str, kind: str, *needs: str) -> Mutant:
    return Mutant(client(), check, kind, frozenset(needs))


MUTANTS: Sequence[Mutant] = (
    _mutant(requests.SendsASingleObject, "sends-json-lists", REQUEST),
    _mutant(requests.SendsPlainText, "sends-json-lists", REQUEST),
    _mutant(requests.ForgetsBearer, "shows-its-key", REQUEST),
    _mutant(requests.PutsTheKeyIntoTheAddress, "keeps-its-key-to-itself", REQUEST),
    _mutant(requests.PutsTheKeyIntoAnotherHeader, "keeps-its-key-to-itself", REQUEST),
    _mutant(requests.PutsTheKeyIntoTheTask, "keeps-its-key-to-itself", REQUEST),
    _mutant(requests.StripsThePrompt, "sends-values-untouched", REQUEST),
    _mutant(requests.NormalisesThePrompt, "sends-values-untouched", REQUEST),
    _mutant(requests.DropsWhatIsNotASCII, "sends-values-untouched", REQUEST),
    _mutant(requests.CutsThePrompt, "sends-values-untouched", REQUEST),
    _mutant(requests.DropsWhatIsFalse, "sends-what-was-asked", REQUEST, "*"),
    _mutant(requests.DropsSafety, "sends-what-was-asked", REQUEST, "safety"),
    _mutant(requests.DropsTheQueryOfAddresses, "sends-values-untouched", REQUEST, "webhookURL"),
    _mutant(requests.EncodesAddressesAnew, "sends-values-untouched", REQUEST, "uploadEndpoint"),
    _mutant(requests.SendsNumbersAsText, "sends-values-untouched", REQUEST, "duration"),
    _mutant(requests.SendsFloats, "sends-values-untouched", REQUEST, "ttl"),
    _mutant(requests.RoundsUpTheQuality, "sends-values-untouched", REQUEST, "outputQuality"),
    _mutant(requests.SendsFormatsInLowerCase, "sends-values-untouched", REQUEST, "outputFormat"),
    _mutant(requests.SendsPicturesAtTheTop, "sends-what-was-asked", REQUEST, "inputs"),
    _mutant(requests.SortsPictures, "sends-values-untouched", REQUEST, "inputs"),
    _mutant(requests.AlwaysAsksForTheCost, "adds-nothing", REQUEST),
    _mutant(requests.AddsADefaultDuration, "adds-nothing", REQUEST),
    _mutant(requests.SendsNulls, "sends-valid-tasks", REQUEST),
    _mutant(requests.SendsTagsOfItsOwn, "sends-valid-tasks", REQUEST),
    _mutant(requests.NamesTasksByTime, "names-tasks-afresh", REQUEST),
    _mutant(requests.NamesTasksAlike, "names-tasks-afresh", REQUEST),
    _mutant(requests.AsksForSyncDelivery, "asks-for-async-delivery", REQUEST),
    _mutant(polling.PollsWithANewUUID, "polls-its-own-task", POLLING),
    _mutant(polling.PollsTooFast, "leaves-time-between-polls", POLLING),
    _mutant(polling.NeverBacksOff, "backs-off", POLLING),
    _mutant(polling.PollsOnceMore, "stops-when-done", POLLING),
    _mutant(polling.NeverGivesUp, "gives-up", POLLING),
    _mutant(polling.GivesUpAfterAMinute, "waits-long-enough", POLLING),
    _mutant(polling.GivesUpAtTooManyRequests, "survives-refusals-for-now", POLLING),
    _mutant(polling.GivesUpAtServerErrors, "survives-refusals-for-now", POLLING),
    _mutant(polling.GivesUpAtLostConnections, "survives-broken-answers", POLLING),
    _mutant(polling.GivesUpAtBrokenJSON, "survives-broken-answers", POLLING),
    _mutant(polling.SubmitsAnewAfterFailure, "submits-once", POLLING),
    _mutant(polling.TakesAConflictForAFailure, "takes-a-conflict-for-a-yes", POLLING),
    _mutant(polling.TriesWhatIsHopeless, "tries-nothing-hopeless", POLLING),
    _mutant(polling.IgnoresRetryAfter, "waits-as-told", POLLING),
    _mutant(polling.SwallowsErrors, "reports-failure", POLLING),
    _mutant(polling.LosesTheCode, "reports-the-code", POLLING),
    _mutant(polling.InventsCodes, "reports-the-code", POLLING),
    _mutant(polling.LosesTheMessage, "reports-the-message", POLLING),
    _mutant(polling.ShowsTheKeyInErrors, "keeps-its-key-to-itself", POLLING),
    _mutant(results.FailsAfterTheLastPoll, "delivers-what-was-made", RESULTS),
    _mutant(results.NeverPolls, "delivers-what-was-made", RESULTS),
    _mutant(results.StopsAtTheFirstSuccess, "waits-long-enough", RESULTS, "numberResults"),
    _mutant(results.ReturnsTheFirstAlone, "reports-every-result", RESULTS, "numberResults"),
    _mutant(results.CollectsFromEveryPoll, "reports-each-result-once", RESULTS, "numberResults"),
    _mutant(results.ReturnsWhatIsInProcessing, "reports-only-its-results", RESULTS),
    _mutant(results.ReturnsTheAcknowledgement, "reports-only-its-results", RESULTS),
    _mutant(results.ReturnsTheWholeReply, "reports-only-its-results", RESULTS),
    _mutant(results.LosesTheSeed, "reports-values-untouched", RESULTS),
    _mutant(results.RoundsTheSeed, "reports-values-untouched", RESULTS),
    _mutant(results.RoundsTheCost, "reports-values-untouched", RESULTS, "includeCost"),
    _mutant(results.DropsNSFW, "reports-values-untouched", RESULTS, "safety"),
    _mutant(results.ChangesTheAddress, "reports-values-untouched", RESULTS),
    _mutant(results.RaisesAtPartialFailure, "keeps-results-beside-errors", RESULTS, "numberResults"),
    _mutant(results.KeepsResultsOfOthers, "reports-only-its-results", RESULTS),
    _mutant(results.WaitsForExactlySoMany, "stops-when-done", RESULTS, "numberResults"),
    _mutant(results.ReturnsBase64, "reports-values-untouched", RESULTS),
    _mutant(concurrency.KeepsTheTaskOnItself, "reports-only-its-results", CONCURRENCY),
    _mutant(concurrency.KeepsTheLastAnswer, "reports-only-its-results", CONCURRENCY),
    _mutant(concurrency.GathersInOneList, "reports-only-its-results", CONCURRENCY),
    _mutant(concurrency.TakesAnyFrame, "reports-only-its-results", CONCURRENCY),
    _mutant(concurrency.HandsOutByPosition, "reports-only-its-results", CONCURRENCY, "numberResults"),
    _mutant(concurrency.NamesTasksByTheMillisecond, "names-tasks-afresh", CONCURRENCY),
    _mutant(concurrency.HoldsALockWhileItWaits, "waits-for-no-other", CONCURRENCY),
    _mutant(concurrency.ReturnsAllAtOnce, "waits-for-no-other", CONCURRENCY),
    _mutant(concurrency.FailsAllTogether, "fails-each-task-alone", CONCURRENCY, "numberResults"),
    _mutant(concurrency.CancelsTheOthers, "fails-each-task-alone", CONCURRENCY, "numberResults"),
    _mutant(concurrency.KeepsThePauseOnItself, "waits-as-told", CONCURRENCY),
)
