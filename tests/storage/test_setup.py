"""A storage emulator that is not there is not overlooked, and one that was there leaves nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.storage.azurite import AZURITE
from tests.storage.base import started
from tests.storage.moto import MOTO
from tests.support.processes import children


@pytest.mark.parametrize(
    ("missing", "named"),
    [({"packages": ("node/nowhere",)}, "node/nowhere"), ({"command": lambda *_: ("no-node",)}, "no-node")],
)
def test_a_missing_emulator_fails_its_tests_in_one_line(tmp_path: Path, missing: dict[str, object], named: str) -> None:
    """Without an emulator its tests fail and say what is missing and what sets it up; they are not skipped."""
    (folder := tmp_path / "kept").mkdir()
    with pytest.raises(pytest.fail.Exception) as failure, started(replace(AZURITE, **missing), folder):  # type: ignore[arg-type]
        pass
    message = str(failure.value)
    assert AZURITE.name in message
    assert named in message
    assert "make test" in message
    assert "\n" not in message


def test_an_emulator_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    """What was started for a test ends with it, and what it kept goes."""
    before = children()
    (folder := tmp_path / "kept").mkdir()
    with started(MOTO, folder) as storage:
        storage.open("videos")
        assert len(children() - before) == 2
    assert not children() - before
    assert not folder.exists()
