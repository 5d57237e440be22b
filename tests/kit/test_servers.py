"""Servers under the kit: the mock breaks no duty, each deviating one breaks its own, and nothing is spent unasked."""

import json
import socket
from contextlib import closing
from typing import Any

import pytest

from contracts.cli import main
from contracts.servers.asking import Asker, TooDear
from contracts.servers.duties import DUTIES
from contracts.servers.report import deviations, told
from contracts.servers.talk import Kind, Talk
from mockserver import MockServer
from tests.kit.deviants import DEVIANTS, Reply, Spoil, deviating
from tests.kit.forms import REPORT

VIDEO = {"numberResults": 2}
#: Where nobody listens.
CLOSED = "http://127.0.0.1:1/v1"


def talk_with(url: str, **parameters: Any) -> Talk:
    """Ask a server for everything."""
    asker = Asker(url, "a-key", seed=1, pause_s=0.1)
    try:
        return Talk([*asker.refusals(), *asker.video(1, **parameters)])
    finally:
        asker.close()


def test_nothing_is_found_in_the_mock() -> None:
    """The mock is what it imitates, behind a gateway that changes nothing as well."""
    with deviating() as url:
        talk = talk_with(url, **VIDEO)
    assert not deviations(talk), told(deviations(talk), talk)
    assert {turn.kind for turn in talk.turns} == set(Kind)
    assert len([turn for turn in talk.turns if turn.kind is Kind.MISTAKE]) > 50


@pytest.mark.parametrize("spoil", DEVIANTS, ids=lambda spoil: spoil.__name__)
def test_a_deviating_server_is_found_out(spoil: Spoil) -> None:
    """The duty that it breaks is among those that are named."""
    with deviating(spoil) as url:
        talk = talk_with(url, **VIDEO)
    found = {each.duty.name for each in deviations(talk)}
    assert DEVIANTS[spoil] in found, told(deviations(talk), talk)
    assert len(found) <= 4, told(deviations(talk), talk)


def test_every_duty_has_a_server_that_breaks_it() -> None:
    """All but to answer at all, which a server that is not there breaks."""
    assert {*DEVIANTS.values(), "answers"} == set(DUTIES)
    assert len(DEVIANTS) >= 20


def test_a_server_that_is_not_there_is_told() -> None:
    """The reason stands in the finding."""
    asker = Asker("http://127.0.0.1:1/v1", "a-key", seed=1)
    talk = Talk([next(asker.refusals())])
    asker.close()
    [found] = deviations(talk)
    assert found.duty.name == "answers"
    assert "refused" in found.deviation.said


def test_what_costs_is_asked_for_within_the_budget_alone() -> None:
    """Without one nothing but refusals is asked for, and a video that costs more is not begun."""
    with MockServer() as mock:
        asker = Asker(mock.http_url, mock.api_key, seed=1)
        kinds = {turn.kind for turn in asker.refusals()}
        with pytest.raises(TooDear, match=r"the video costs 0\.56 USD, so none was asked for; --spend 0\.56 allows it"):
            next(asker.video(0.3, **VIDEO))
        asker.close()
        assert kinds.isdisjoint({Kind.SUBMIT, Kind.AGAIN, Kind.POLL})
        assert not mock.control.tasks()


def test_the_command_reports_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0 where nothing is broken, 1 where something is, 2 where the address or an option cannot be used."""
    with MockServer() as mock:
        assert main(["check", "server", mock.http_url, "--seed", "1"]) == 0
        assert capsys.readouterr().out.startswith("nothing broken; 22 duties looked at in ")
    with deviating(*[spoil for spoil in DEVIANTS if spoil.__name__ == "loses_messages"]) as url:
        assert main(["check", "server", url, "--seed", "1", "--format", "json"]) == 1
        document = json.loads(capsys.readouterr().out)
        REPORT.validate(document)
        assert [finding["check"] for finding in document["findings"]] == ["lists-errors"]
        assert main(["check", "server", url, "--seed", "1", "--skip", "lists-errors"]) == 0
        capsys.readouterr()
    assert main(["check", "server", "not an address"]) == 2
    assert "is no address such as https://api.runware.ai/v1" in capsys.readouterr().err
    assert main(["check", "server", "http://127.0.0.1:1/v1", "--only", "list-errors"]) == 2
    assert "did you mean lists-errors?" in capsys.readouterr().err


KEY = "sk-live-9f8e7d6c5b4a3928170615243f"


def fails_what_is_free(reply: Reply) -> None:
    """Answer 500 to an authentication, and repeat its key twice: a page ends in it, cut."""
    if reply.task.get("taskType") == "authentication":
        reply.status, reply.body = 500, f"{'-' * 70}{KEY}".encode()


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_report_tells_the_key_that_was_shown(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in what was asked, nor where the server repeats it, nor a part of it where that is cut."""
    with deviating(fails_what_is_free) as url:
        assert main(["check", "server", url, "--key", KEY, "--format", form]) == 1
    told_of = capsys.readouterr().out
    assert "never-fails" in told_of
    assert "answers-in-json" in told_of
    assert told_of.count("<key>") >= 3
    assert KEY[:6] not in told_of


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["http://[::"], "'http://[::' is no address such as https://api.runware.ai/v1"),
        (["http://127.0.0.1:99999"], "is no address such as https://api.runware.ai/v1"),
        (
            [CLOSED, "--key", "\u043a\u043b\u044e\u0447"],
            "--key: a key is of ASCII letters, digits and signs, without blanks",
        ),
        ([CLOSED, "--key", "a\r\nb"], "--key: a key is of ASCII letters"),
        ([CLOSED, "--spend", "nan"], "--spend: nan is no sum; write US dollars from 0 on, such as 0.3"),
        ([CLOSED, "--spend", "inf"], "--spend: inf is no sum"),
        ([CLOSED, "--spend", "-1"], "--spend: -1.0 is no sum"),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_is_asked(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 and one line."""
    assert main(["check", "server", *words]) == 2
    told_of = capsys.readouterr()
    assert told_of.out == ""
    assert said in told_of.err
    assert told_of.err.count("\n") == 1


def test_the_sum_counts_the_duties_that_were_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """Not all that there are."""
    with MockServer() as mock:
        assert main(["check", "server", mock.http_url, "--only", "answers-in-json"]) == 0
    assert capsys.readouterr().out.startswith("nothing broken; 1 duty looked at in ")


def test_an_address_where_nobody_answers_is_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    """It is told in a line, and not as a list of broken duties."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        assert main(["check", "server", url]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"runware-mock: {url}: nobody answers there (")
    assert err.count("\n") == 1
