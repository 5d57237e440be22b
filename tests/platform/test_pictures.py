"""Pictures that were checked: where they are kept, and for how long."""

from mockserver.media.pictures import Picture
from mockserver.ports import Shelf
from tests.support.mocks import still_mock


def test_a_checked_picture_is_found_by_its_digest() -> None:
    """Whoever draws a video gets the file of a picture, or learns that it is not kept."""
    desk = still_mock().runtime.desk
    desk.keep(Shelf.PICTURES, ("a1",), Picture(b"the file", "PNG", 300, 300))
    assert desk.find_picture("a1") == b"the file"
    assert desk.find_picture("b2") is None
