"""Receivers under the kit: a sound one breaks no duty, each bad one its own alone, and no secret is told."""

import asyncio

import pytest

from contracts.receivers.checking import Wanted, talk_with
from contracts.receivers.duties import DUTIES
from contracts.receivers.report import Report, report_on, told
from contracts.receivers.talk import UPLOAD, WEBHOOK
from mockserver.spec.load import load_spec
from tests.kit.receivers import BAD, Uploads, Webhooks, listening

SPEC = load_spec()


def check(receiver: Webhooks, seed: int = 1) -> Report:
    """Hold a receiver against its duties."""
    kind = UPLOAD if isinstance(receiver, Uploads) else WEBHOOK
    with listening(receiver) as url:
        wanted = Wanted(kind, url, chance=seed, deadline_s=receiver.deadline_s)
        return report_on(asyncio.run(talk_with(wanted, SPEC)), seed=seed)


@pytest.mark.parametrize("kind", [Webhooks, Uploads])
def test_nothing_is_found_in_a_sound_receiver(kind: type[Webhooks]) -> None:
    """Every duty of its kind is looked at, and kept."""
    report = check(kind())
    assert not report.broken, told(report)
    assert not report.talk.ended


@pytest.mark.parametrize("kind", BAD, ids=lambda kind: kind.__name__)
def test_a_bad_receiver_is_found_out(kind: type[Webhooks]) -> None:
    """Its duty is named, and no other one."""
    report = check(kind())
    assert [each.duty.name for each in report.broken] == [kind.breaks], told(report)


def test_every_duty_has_a_receiver_that_breaks_it() -> None:
    """Nothing is listed that is never found."""
    assert {kind.breaks for kind in BAD} == set(DUTIES)
