"""A run of the kit: rounds, what is tried in each, and what happens when time is up."""

from dataclasses import replace

from contracts.clients.python import PythonClient
from contracts.families import FAMILIES
from contracts.playing import Player
from contracts.recording import Recording
from contracts.reports import FORMATS
from contracts.runner import Profile, Runner, kinds_for
from contracts.stage import Stage
from contracts.together import TOGETHER
from tests.kit.sound import client

TASK = {"model": "minimax:3@1", "positivePrompt": "a lighthouse"}
NOTHING_WRONG: dict[str, list[object]] = {"rules": []}


def test_every_round_tries_every_kind() -> None:
    """What is easily found is found before any kind is looked at for long."""
    told: list[str] = []
    with Stage(PythonClient(client), is_short=True) as stage:
        report = Runner(stage, seed=1, tell=told.append, plan=Profile((1, 1), 600)).run(["words", "failing"])
    assert told == ["words", "failing"] * 2
    assert not report.untried
    assert not report.broken


def test_what_there_was_too_little_time_for_is_told() -> None:
    """A report does not pass over what was not tried."""
    with Stage(PythonClient(client)) as stage:
        report = Runner(stage, seed=1, plan=Profile((6, 24), 0)).run()
    assert report.examples == 0
    assert report.untried == kinds_for(is_inside=True)
    last = FORMATS["text"](report, "client").splitlines()[-1]
    assert f"there was too little time for {next(iter(FAMILIES))}, " in last
    assert f" and {TOGETHER} (seed 1" in last


def test_an_example_is_played_once() -> None:
    """A search that begins anew draws the same again, and what came of it is known."""
    heard: list[Recording] = []
    with Stage(PythonClient(client), is_short=True) as stage:
        player = Player(stage, heard.append)
        first = player.play(TASK, NOTHING_WRONG, "words")
        assert player.play(TASK, NOTHING_WRONG, "words") is first
        assert player.play_all([(TASK, NOTHING_WRONG)], "words") == [first]
        player.begin()
        assert player.play(TASK, NOTHING_WRONG, "words") is not first
    assert player.examples == len(heard) == 2


def test_chance_in_the_mock_hangs_on_the_example() -> None:
    """The same example goes the same way again, under another key and in another run."""

    def played(times: int) -> list[Recording]:
        with Stage(PythonClient(client), is_short=True) as stage:
            return [stage.run(stage.play(TASK, NOTHING_WRONG, "words")) for _ in range(times)]

    one, *others = [*played(2), *played(1)]
    for other in others:
        assert one.api_key != other.api_key
        assert one.results.keys() == other.results.keys()
        assert [each.at_ms for each in one.exchanges] == [each.at_ms for each in other.exchanges]


def test_what_is_known_to_be_broken_is_not_called_mended_for_want_of_time() -> None:
    """A run that was cut short has not looked."""
    with Stage(PythonClient(client)) as stage:
        report = Runner(stage, seed=1, plan=Profile((6,), 0)).run()
    assert replace(report, known={"gives-up": "VID-112"}).mended == []
    assert replace(report, untried=(), known={"gives-up": "VID-112"}).mended == ["gives-up"]
