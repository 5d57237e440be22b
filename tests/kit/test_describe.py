"""The page of the duties tells what is checked."""

from tests.kit.describe import PAGE, page


def test_the_page_of_the_duties_is_what_the_checks_say() -> None:
    """Write it anew with `python -m tests.kit.describe`."""
    assert PAGE.read_text(encoding="utf-8") == page()
