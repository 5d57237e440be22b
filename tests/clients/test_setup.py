"""An SDK that is not there is not overlooked."""

from dataclasses import replace

import pytest

from tests.clients.sdks import SDK_JS


@pytest.mark.parametrize(
    ("missing", "named"), [({"package": "node/nowhere"}, "node/nowhere"), ({"program": ("no-node",)}, "no-node")]
)
def test_a_missing_sdk_fails_its_tests_in_one_line(missing: dict[str, object], named: str) -> None:
    """Without an SDK its tests fail and say what is missing and what sets it up; they are not skipped."""
    with pytest.raises(pytest.fail.Exception) as failure:
        replace(SDK_JS, **missing).require()  # type: ignore[arg-type]
    message = str(failure.value)
    assert named in message
    assert "make test" in message
    assert "\n" not in message
