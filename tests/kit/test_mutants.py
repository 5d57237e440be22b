"""Every client with a mistake is found out, by the duty that it breaks, in its smallest form."""

import json
from collections.abc import Sequence

import pytest

from contracts.checks import CHECKS
from contracts.reports import FORMATS
from contracts.reports.marks import mark_of
from tests.kit.forms import REPORT
from tests.kit.mutants import MUTANTS, Mutant
from tests.kit.table import examine
from tests.support.archives import HAR

#: One for each duty: with these alone a broken check is noticed. The others take their time, in the deep tests.
FIRST = {mutant.check: mutant for mutant in reversed(MUTANTS)}
#: The kind of behaviour that brings a breach out, where that is not a service with which nothing goes wrong.
BRINGS_OUT = {
    "sends-what-was-asked": "plain",
    "backs-off": "slow",
    "waits-long-enough": "slow",
    "gives-up": "stalled",
    "survives-refusals-for-now": "busy",
    "submits-once": "busy",
    "waits-as-told": "busy",
    "survives-broken-answers": "broken",
    "takes-a-conflict-for-a-yes": "unacknowledged",
    "tries-nothing-hopeless": "refused",
    "reports-failure": "failing",
    "reports-the-code": "failing",
    "reports-the-message": "failing",
    "reports-every-result": "several",
    "reports-each-result-once": "several",
    "keeps-results-beside-errors": "partial",
    "waits-for-no-other": "together",
    "fails-each-task-alone": "together",
}


def found(mutant: Mutant, seed: int, families: Sequence[str] | None = None) -> None:
    """Hold what the kit says of a mutant against what is known of it, and its reports against their forms."""
    row = examine(mutant, is_alone=True, seed=seed, families=families)
    assert row.broken is not None, f"{mutant.name} was not found in {row.report.examples} examples"
    assert row.broken.check.name == mutant.check
    if "*" not in mutant.needs:
        assert row.parameters <= mutant.needs, "the example has parameters that the mistake does not need"
    assert row.broken.recording.exchanges
    assert row.broken.finding.place is None or mark_of(row.broken), "the offending bytes are not marked"
    REPORT.validate(json.loads(FORMATS["json"](row.report, mutant.name)))
    HAR.validate(json.loads(FORMATS["har"](row.report, mutant.name)))
    assert not [name for name, form in FORMATS.items() if row.broken.recording.api_key in form(row.report, mutant.name)]


@pytest.mark.parametrize("mutant", FIRST.values(), ids=lambda mutant: mutant.name)
def test_a_client_with_a_mistake_is_found_out(mutant: Mutant) -> None:
    """The kit names the duty, and shows a task that has nothing but what the mistake needs."""
    found(mutant, seed=1, families=[BRINGS_OUT.get(mutant.check, "words")])


@pytest.mark.deep
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_client_with_a_mistake_is_found_out_whatever_chance_has_it(mutant: Mutant, seed: int) -> None:
    """What is found does not hang on the seed."""
    found(mutant, seed)


def test_every_duty_has_a_client_that_breaks_it() -> None:
    """A check that finds nothing in any mutant would not be missed."""
    assert {mutant.check for mutant in MUTANTS} == set(CHECKS)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40
