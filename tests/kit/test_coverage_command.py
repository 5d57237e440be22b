"""`runware-mock coverage` and `check client --coverage`: tables for people, documents for programs, pages, exit statuses."""

import json
import re
import socket
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from contracts.cli import main
from contracts.commands.coverage import FORMATS as NAMES
from contracts.coverage import FORMATS, as_html, as_text
from contracts.coverage.base import Coverage, from_data
from mockserver import MockServer
from tests.kit.forms import REPORT
from tests.kit.said import AIR, heard, item, seen, video
from tests.kit.said import exchange as said
from tests.support.asking import ask, poll

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    """A mock that was asked for two videos, of which one was refused."""
    with MockServer() as served:
        ask(served, video(duration=10, outputQuality=20))
        ask(served, video(outputQuality=19))
        ask(served, poll())
        yield served


@pytest.fixture
def archive(mock: MockServer, tmp_path: Path) -> Path:
    """The same as an HTTP archive, with a byte order mark as some tools write it."""
    path = tmp_path / "journal.har"
    path.write_text(json.dumps(mock.control.har()), encoding="utf-8-sig")
    return path


def run(capsys: Captured, *words: str) -> tuple[int, str, str]:
    """Run the command line and return its exit status and what it wrote to each stream."""
    capsys.readouterr()
    status = main(words)
    told = capsys.readouterr()
    return status, told.out, told.err


def coverage_of(capsys: Captured, *words: str) -> Coverage:
    """Return what the command tells programs."""
    status, out, err = run(capsys, "coverage", *words, "--format", "json")
    assert (status, err) == (0, "")
    return from_data(json.loads(out))


def test_a_running_mock_and_its_archive_tell_the_same(capsys: Captured, mock: MockServer, archive: Path) -> None:
    """By its address, or the one where tasks are handed in."""
    told = coverage_of(capsys, mock.base_url)
    assert told.exchanges == 3
    assert seen(told, "values", AIR)["duration"] == ["10"]
    assert seen(told, "boundaries", AIR)["outputQuality"] == ["minimum 20"]
    assert seen(told, "refusals", AIR)["outputQuality"] == ["below 20"]
    assert seen(told, "life cycle")["submission"] == ["of a new task", "refused: a rule is broken"]
    assert coverage_of(capsys, mock.http_url) == told
    assert coverage_of(capsys, str(archive)) == told


def test_people_read_a_table_and_what_is_missing(capsys: Captured, mock: MockServer) -> None:
    """In the width of a terminal, with all areas and their sum."""
    status, out, _ = run(capsys, "coverage", mock.base_url)
    assert status == 0
    assert out.startswith("What was exercised of minimax:3@1, in 3 exchanges\n\n  parameters ")
    *parts, (all_done, of_all) = re.findall(r"^  \S.*? +(\d+) of +(\d+) +\d+ %$", out, re.MULTILINE)
    assert (sum(int(done) for done, _ in parts), sum(int(of) for _, of in parts)) == (int(all_done), int(of_all))
    assert int(of_all) > 200
    assert re.search(r"^  refusals +1 of +16 +6 %   \(refused tasks; not counted\)$", out, re.MULTILINE)
    assert "\n    outputFormat: MP4, WEBM, MOV\n" in out
    assert "\n    duration: 6\n" in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_page_holds_the_table_and_no_scripts(capsys: Captured, mock: MockServer, tmp_path: Path) -> None:
    """It goes into a file, and is well formed."""
    page = tmp_path / "coverage.html"
    status, out, _ = run(capsys, "coverage", mock.base_url, "--format", "html", "--output", str(page))
    assert (status, out) == (0, "")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "<script" not in text
    assert _unclosed(text) == []
    assert "inputs.frameImages[].frame" in text


def test_what_comes_from_outside_is_escaped_in_a_page() -> None:
    """A name of a data file or a gap is text."""
    data: Any = {"exchanges": 1, "gaps": ["<b>"]}
    data["areas"] = [
        {
            "name": "values",
            "model": "<i>",
            "isCounted": True,
            "rows": [{"name": "<u>", "points": {"<s>": True, "&": False}}],
        }
    ]
    told = as_html(from_data(data))
    assert told.startswith('<section class="coverage">')
    assert not re.search("<[bius]>", told)
    for shown in ("&lt;b&gt;", "&lt;i&gt;", "&lt;u&gt;", "&lt;s&gt;", "&amp;"):
        assert shown in told


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _unclosed(text: str) -> list[str]:
    tags = _Tags()
    tags.feed(text)
    return tags.open


@pytest.mark.parametrize(
    ("wanted", "expected", "said_of_it"),
    [
        (["5"], 0, ""),
        (["99.5"], 1, r"all: \d+\.\d % exercised, 99\.5 % wanted"),
        (["parameters=10", "life cycle=1"], 0, ""),
        (["parameters=100", "values=100", "boundaries=1"], 1, "parameters: .*\nrunware-mock: values: "),
    ],
)
def test_less_than_is_wanted_ends_with_1(
    capsys: Captured, mock: MockServer, wanted: list[str], expected: int, said_of_it: str
) -> None:
    """Of everything or of an area; the report is printed all the same."""
    words = [word for each in wanted for word in ("--fail-under", each)]
    status, out, err = run(capsys, "coverage", mock.base_url, *words)
    assert status == expected
    assert out.startswith("What was exercised")
    assert re.search(said_of_it, err)
    assert bool(err) == bool(expected)


def test_a_mock_that_imitates_something_else_says_so(capsys: Captured) -> None:
    """Its profile and choices are asked for; for an archive they are options."""
    with MockServer(profile="compat", choices={"sizes": "only-1080"}) as served:
        ask(served, video(deliveryMethod="async"))
        told = coverage_of(capsys, served.base_url)
        [row] = [row for area in told.areas if area.name == "values" for row in area.rows if row.name == "width"]
        assert list(row.points) == ["1920"]
        assert "synchronous delivery" in {row.name for area in told.areas for row in area.rows}


def test_a_mock_that_dropped_entries_gives_a_lower_bound(capsys: Captured) -> None:
    """The table says so, and the document for programs."""
    with MockServer(journal=1) as served:
        ask(served, video())
        ask(served, poll())
        _, out, _ = run(capsys, "coverage", served.base_url)
        gap = "A lower bound: 1 entry of the journal is not there any more (--journal says how many a mock keeps)."
        assert " ".join(out.split()).endswith(gap)
        assert len(coverage_of(capsys, served.base_url).gaps) == 1


def test_a_model_can_be_chosen(capsys: Captured, mock: MockServer) -> None:
    """Without a word it is those that were asked for."""
    told = coverage_of(capsys, mock.base_url, "--model", "minimax:4@1")
    assert told.subjects == ["minimax:4@1"]
    assert told.share("parameters") == 0
    several = as_text(heard(said(video(), data=[item()]), said(video(model="minimax:4@1"), data=[item()])).focused())
    assert several.startswith("What was exercised of minimax:3@1 and minimax:4@1, in 2 exchanges\n")
    assert "\n  rules of minimax:4@1 " in several


def test_a_further_model_of_a_mock_needs_its_folder(capsys: Captured, tmp_path: Path) -> None:
    """Else its tasks would not count, and nobody would hear of it."""
    from mockserver.spec.documents import shipped_root

    model = json.loads((shipped_root() / "models/minimax-3@1.json").read_text(encoding="utf-8"))
    model["$id"] = model["$id"].replace("minimax-3@1", "painter-1@1")
    model["properties"]["model"] |= {"const": "painter:1@1", "examples": ["painter:1@1"]}
    (tmp_path / "models").mkdir()
    (tmp_path / "models/painter-1@1.json").write_text(json.dumps(model), encoding="utf-8")
    with MockServer(schema=tmp_path) as served:
        ask(served, video(model="painter:1@1"))
        status, _, err = run(capsys, "coverage", served.base_url)
        assert status == 2
        assert "the mock has the model painter:1@1, whose file is elsewhere; name its folder with --schema" in err
        told = coverage_of(capsys, served.base_url, "--schema", str(tmp_path))
        assert told.subjects == ["painter:1@1"]


def test_what_cannot_be_used_ends_with_2_and_one_line(capsys: Captured, archive: Path, tmp_path: Path) -> None:
    """Sources, options, and files that cannot be written."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = f"http://127.0.0.1:{listener.getsockname()[1]}"
    (tmp_path / "text.har").write_text("no JSON")
    (tmp_path / "other.har").write_text("[]")
    with MockServer(journal=0) as silent, MockServer(control_token="secret") as closed:
        lines = {
            (free,): f"{free}: no mock answers at {free}",
            (silent.base_url,): "the journal is switched off",
            (closed.base_url,): closed.base_url,
            ("nowhere.har",): "nowhere.har: it cannot be read (No such file or directory)",
            ("127.0.0.1:8080",): "an address begins with http://",
            (str(tmp_path / "text.har"),): "it is no JSON",
            (str(tmp_path / "other.har"),): "/log: an object is expected; is it an HTTP archive?",
            (str(archive), "--fail-under", "many"): "--fail-under: 'many' is no percentage",
            (str(archive), "--fail-under", "101"): "write a number from 0 to 100",
            (str(archive), "--fail-under", "nan"): "--fail-under: 'nan' is no percentage",
            (str(archive), "--fail-under", "parameter=5"): "no area 'parameter'; did you mean parameters?",
            (str(archive), "--model", "minimax:9@9"): "--model: there is no model 'minimax:9@9'; there are minimax:3@1",
            (str(archive), "--choice", "sizes"): "--choice: 'sizes' has no value; write it as in sizes=with-512",
            (str(archive), "--choice", "sizes=big"): "sizes",
            (str(archive), "--profile", "lax"): "lax",
            (str(archive), "--output", str(tmp_path)): f"--output: {tmp_path} cannot be written (Is a directory)",
            (str(archive), "--output", str(tmp_path / "no" / "file")): "cannot be written (No such file or directory)",
        }
        for words, reason in lines.items():
            status, out, err = run(capsys, "coverage", *words)
            assert (status, out) == (2, ""), words
            assert reason in err, words
            assert err.startswith("runware-mock: "), words
            assert len(err.splitlines()) == 1, words
        assert run(capsys, "coverage", closed.base_url, "--token", "secret")[0] == 0


def test_the_command_line_offers_every_form() -> None:
    """The names of forms are there before what they need is loaded."""
    assert tuple(FORMATS) == NAMES


def test_check_client_tells_what_it_exercised(capsys: Captured) -> None:
    """Below the text, and in the document for programs; a form that has no place for it is refused at once."""
    example = json.dumps(
        {"task": {"model": AIR, "positivePrompt": "a lighthouse", "ttl": 60}, "behaviour": {"rules": []}}
    )
    words = ("check", "client", "tests.kit.sound:client", "--example", example, "--coverage")
    status, out, _ = run(capsys, *words)
    assert status == 0
    table, _, ending = out.rpartition("\n\n")
    assert table.startswith("What was exercised of minimax:3@1, in ")
    assert ending.startswith("nothing broken")
    _, out, _ = run(capsys, *words, "--format", "json")
    document = json.loads(out)
    assert document["findings"] == []
    assert REPORT.is_valid(document)
    told = from_data(document["coverage"])
    assert seen(told, "boundaries")["ttl"] == ["minimum 60"]
    assert seen(told, "life cycle")["transport"] == ["http"]
    _, out, _ = run(capsys, *words, "--format", "html")
    assert "<h2>What was exercised of minimax:3@1, in " in out
    status, out, err = run(capsys, *words, "--format", "junit")
    assert (status, out) == (2, "")
    assert err == "runware-mock: --coverage: no place for it in junit; use text, html or json\n"
