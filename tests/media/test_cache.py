"""The folder of rendered files: what is kept, what goes, and what is left alone."""

import gc
import os
from pathlib import Path

import pytest

from mockserver.media.cache import FORSAKEN_S, Cache

NAMES = [f"{digit * 32}.mp4" for digit in "0123456789abcdef"]


def keep(cache: Cache, name: str, size_bytes: int = 10) -> Path:
    """Keep a file."""
    draft = cache.draft()
    draft.write_bytes(bytes(size_bytes))
    return cache.keep(draft, name)


def test_a_file_is_found_whole_or_not_at_all(tmp_path: Path) -> None:
    """A draft cannot be found before it is kept; then it is there under its name alone."""
    cache = Cache(tmp_path / "new", 1000)
    assert cache.find(NAMES[0]) is None
    draft = cache.draft()
    draft.write_bytes(b"film")
    assert cache.find(NAMES[0]) is None
    path = cache.keep(draft, NAMES[0])
    assert (cache.find(NAMES[0]), path.read_bytes()) == (path, b"film")
    assert list((tmp_path / "new").iterdir()) == [path]


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    """Past the limit files are dropped in the order of their last use, not of their making."""
    cache = Cache(tmp_path, 30)
    for name in NAMES[:3]:
        keep(cache, name)
    assert cache.find(NAMES[0])
    keep(cache, NAMES[3])
    assert [bool(cache.find(name)) for name in NAMES[:4]] == [True, False, True, True]
    keep(cache, NAMES[4], 25)
    assert [bool(cache.find(name)) for name in NAMES[:5]] == [False, False, False, False, True]


def test_the_newest_file_stays_even_if_it_is_too_large(tmp_path: Path) -> None:
    """A file is served once at least, however small the cache is."""
    cache = Cache(tmp_path, 5)
    keep(cache, NAMES[0], 3)
    keep(cache, NAMES[1], 50)
    assert [bool(cache.find(name)) for name in NAMES[:2]] == [False, True]


def test_use_does_not_change_when_a_file_was_made(tmp_path: Path) -> None:
    """The date of the content is left as it is."""
    cache = Cache(tmp_path, 1000)
    path = keep(cache, NAMES[0])
    os.utime(path, (1000, 1000))
    assert cache.find(NAMES[0])
    assert path.stat().st_mtime == 1000 < path.stat().st_atime


def test_a_folder_is_shared_and_outlives_its_users(tmp_path: Path) -> None:
    """What one cache kept another finds, at the same time or later, and what one drops the other has not."""
    one, other = Cache(tmp_path, 20), Cache(tmp_path, 20)
    keep(one, NAMES[0])
    assert other.find(NAMES[0])
    one.close()
    keep(other, NAMES[1])
    keep(other, NAMES[2])
    assert [bool(one.find(name)) for name in NAMES[:3]] == [False, True, True]
    assert Cache(tmp_path, 20).find(NAMES[2])


def test_nothing_that_is_not_ours_is_dropped(tmp_path: Path) -> None:
    """Files of other names stay, and count for nothing; drafts go when whoever wrote them is long gone."""
    foreign = [tmp_path / name for name in ("film.mp4", "README", f"{'0' * 31}g.mp4", "draft.mp4")]
    for path in foreign:
        path.write_bytes(bytes(100))
    cache = Cache(tmp_path, 15)
    forsaken, fresh = cache.draft(), cache.draft()
    long_ago = forsaken.stat().st_mtime - FORSAKEN_S - 60
    os.utime(forsaken, (long_ago, long_ago))
    keep(cache, NAMES[0])
    keep(cache, NAMES[1])
    assert {*tmp_path.iterdir()} == {*foreign, fresh, tmp_path / NAMES[1]}


@pytest.mark.parametrize("ends", ["closed", "forgotten"])
def test_a_temporary_folder_goes_with_its_cache(ends: str) -> None:
    """Without a folder of the user's nothing is left behind, and a later use begins anew."""
    cache = Cache(None, 1000)
    assert cache.find(NAMES[0]) is None
    folder = keep(cache, NAMES[0]).parent
    if ends == "closed":
        cache.close()
        assert cache.find(NAMES[0]) is None
        assert keep(cache, NAMES[0]).parent != folder
        cache.close()
    del cache
    gc.collect()
    assert not folder.exists()


def test_a_temporary_folder_that_somebody_swept_away_is_made_again() -> None:
    """A mock outlives the cleaners of temporary folders."""
    cache = Cache(None, 1000)
    path = keep(cache, NAMES[0])
    path.unlink()
    path.parent.rmdir()
    assert cache.find(NAMES[0]) is None
    assert keep(cache, NAMES[0]).is_file()
    cache.close()
