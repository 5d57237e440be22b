"""Mocks whose time stands still until a test moves it, and that send nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.adapters.agendas import ClockAgenda
from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.couriers import Outbox
from mockserver.adapters.fetchers import Nowhere
from mockserver.adapters.stores import HOUR_MS
from mockserver.app import Mock, make_mock
from mockserver.config import MockConfig, read_config
from mockserver.log import Log
from mockserver.media.darkroom import Darkroom
from mockserver.plans import Spoilt
from mockserver.ports import Clock, Courier, Store
from mockserver.quotas import Quotas
from mockserver.runtime import Answering, FetchMedia, Runtime
from mockserver.spec.load import Spec
from mockserver.wire import Answer

#: Settings of every mock that a test puts together unless it says otherwise, in the words of the command line.
SETTINGS = {"seed": "7", "speed": "1", "log": "quiet", "media": "prerendered"}


def still_config(settings: Mapping[str, Any] | None = None) -> MockConfig:
    """Return the configuration of a mock for tests.

    Args:
        settings: settings that differ from `SETTINGS`, in the words of the command line.
    """
    return read_config({**SETTINGS, **(settings or {})}, {})


def still_mock(
    settings: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    courier: Courier | None = None,
    log: Log | None = None,
) -> Mock:
    """Return a mock with a manual clock and an outbox unless others are given. It looks at pictures at once."""
    return make_mock(
        still_config(settings),
        clock or ManualClock(),
        courier or Outbox(),
        log,
        fetcher=Nowhere(),
        darkroom=Darkroom(at_once=True),
    )


def answered(answers: Sequence[Answering]) -> list[Answer]:
    """Return answers that nobody has to wait for, as they should be where faults spoil them."""
    told = []
    for each in answers:
        answer = each.answer if isinstance(each, Spoilt) else each
        assert isinstance(answer, Answer)
        told.append(answer)
    return told


def rebuilt(
    mock: Mock, *, store: Store | None = None, spec: Spec | None = None, fetch_media: FetchMedia | None = None
) -> Mock:
    """Return a mock like another, of which some parts are others."""
    old = mock.runtime
    desk = replace(old.desk, store=store or mock.store, spec=spec or mock.spec)
    speed, keep_media_ms = mock.config.speed, round(mock.config.keep_media_hours * HOUR_MS)
    state = replace(mock.state, store=desk.store, agenda=ClockAgenda(desk.clock))
    runtime = Runtime(
        desk,
        state.agenda,
        mock.courier,
        fetch_media or old.fetch_media,
        old.limits,
        speed,
        keep_media_ms,
        mock.log.say,
        mock.journal,
        {"webhook": mock.config.webhook_attempts, "upload": mock.config.upload_attempts},
        Quotas(mock.config.max_running, mock.config.max_owed),
    )
    return replace(mock, runtime=runtime, state=state, spec=desk.spec)
