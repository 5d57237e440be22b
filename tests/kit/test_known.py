"""What is known to be broken, with a reason, does not fail; what cannot be used in its file is told with its place."""

from pathlib import Path

import pytest

from contracts.checks import CHECKS
from contracts.cli import main
from contracts.known import BadKnown, load_known
from contracts.report import REPLAY
from contracts.reports import FORMATS
from tests.kit.forms import SUBJECT, hostile

HURRIED = ["check", "client", "tests.kit.example:in_a_hurry", "--profile", "quick", "--seed", "1"]
KNOWN = """\
known:
  - check: survives-refusals-for-now
    reason: waits for the new transport, VID-112
  - check: sends-json-lists
    reason: was wrong once
"""


def written(folder: Path, text: str) -> Path:
    """Return a file of known findings."""
    path = folder / "known.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_new_findings_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A known one is told with its reason, and one that is not broken any more is to be taken out."""
    known = ["--known", str(written(tmp_path, KNOWN))]
    assert main([*HURRIED, *known, "--only", "survives-refusals-for-now", "--only", "sends-json-lists"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("survives-refusals-for-now (must, known): gave up at an answer of ")
    assert "  reason    waits for the new transport, VID-112\n" in told
    assert "sends-json-lists is not broken any more: take it out of the file of known findings\n" in told
    assert "1 broken duty, 1 of them known; 2 duties looked at" in told
    assert main([*HURRIED, *known, "--only", "reports-the-code"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("reports-the-code (must): ")
    assert "any more" not in told


def test_json_is_read_as_well_and_reasons_are_a_line(tmp_path: Path) -> None:
    """Blanks and line breaks of a file do not matter."""
    text = '{"known": [{"check": "backs-off", "reason": " on\\n  purpose "}]}'
    assert load_known(written(tmp_path, text), CHECKS) == {"backs-off": "on purpose"}
    assert load_known(written(tmp_path, "known: []"), CHECKS) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("known: [", "known.yaml:1:9: "),
        ("", "known.yaml:1:1: an object is expected, with known"),
        ("known: 5", "known.yaml:1:1: /known: a list is expected, each with a check and a reason"),
        ("knwn: []", "known.yaml:1:1: /knwn: there is no such member; did you mean known?"),
        ("known:\n  - backs-off\n", "known.yaml:2:5: /known/0: an object is expected, with check and reason"),
        (
            "known:\n  - check: backs-of\n    reason: x\n",
            "known.yaml:2:5: /known/0/check: there is no check 'backs-of'; did you mean backs-off?",
        ),
        (
            "known:\n  - check: backs-off\n",
            "known.yaml:2:5: /known/0/reason: say in a few words why this is accepted for now",
        ),
        (
            "known:\n  - check: backs-off\n    reason: ' '\n",
            "known.yaml:3:5: /known/0/reason: say in a few words why this is accepted for now",
        ),
        (
            "known:\n  - {check: backs-off, reason: x}\n  - {check: backs-off, reason: y}\n",
            "known.yaml:3:6: /known/1/check: backs-off stands here a second time; take one of them out",
        ),
        (
            "known:\n  - {check: backs-off, reason: x, until: 2027-01-01}\n",
            "known.yaml:2:35: /known/0/until: there is no such member; there is check and reason",
        ),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(
    text: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line and column, and how to mend it; nothing is played, and the exit status is 2."""
    path = written(tmp_path, text)
    with pytest.raises(BadKnown) as raised:
        load_known(path, CHECKS)
    assert problem in str(raised.value)
    assert main([*HURRIED, "--known", str(path)]) == 2
    told = capsys.readouterr()
    assert problem in told.err
    assert (told.err.count("\n"), told.out) == (1, "")


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_told(content: bytes | None, tmp_path: Path) -> None:
    """One that is not there, and one that is no text."""
    path = tmp_path / "known.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadKnown, match="cannot be read"):
        load_known(path, CHECKS)


def test_one_example_says_nothing_of_what_is_mended() -> None:
    """Nor does a run that did not look at the duty."""
    known = {"backs-off": "later"}
    assert hostile(known=known).mended == ["backs-off"]
    assert hostile(known=known, checks=["sends-values-untouched"]).mended == []
    replayed = hostile(known=known)
    replayed.profile = REPLAY
    assert replayed.mended == []
    assert "any more" not in FORMATS["text"](replayed, SUBJECT)
