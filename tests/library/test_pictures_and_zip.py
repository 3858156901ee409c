"""What the library makes of its videos: thumbnails, and many of them as one ZIP."""

import itertools
import zipfile
from io import BytesIO
from pathlib import Path

import cv2
import pytest

from heygem.domain.errors import MediaError, OutputNotFoundError, ResultGoneError
from tests.fakes import write_video
from tests.library.conftest import Shelf


def test_a_thumbnail_is_made_once(shelf: Shelf):
    write_video(shelf.root / "a.mp4", seconds=1)
    output_id = shelf.library.add(shelf.root / "a.mp4")
    path = shelf.library.thumbnail(output_id)
    made = path.stat().st_mtime_ns
    picture = cv2.imread(str(path))
    assert picture is not None and picture.shape == (240, 320, 3) and picture.std() > 20
    shelf.library.trash([output_id])
    assert shelf.library.thumbnail(output_id).stat().st_mtime_ns == made
    path.unlink()
    assert shelf.library.thumbnail(output_id).is_file()  # of the file in the trash
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    shelf.library.purge([output_id])
    with pytest.raises(ResultGoneError):
        shelf.library.thumbnail(output_id)


def test_a_contact_sheet_shows_the_whole_video(shelf: Shelf):
    write_video(shelf.root / "a.mp4", seconds=2)
    output_id = shelf.library.add(shelf.root / "a.mp4")
    path = shelf.library.contact_sheet(output_id)
    sheet = cv2.imread(str(path))
    assert sheet is not None and sheet.shape == (180, 8 * 320, 3)
    tiles = [sheet[:, 320 * number : 320 * (number + 1)].astype(int) for number in range(8)]
    assert all(tile[:, 40:280].std() > 20 and tile[:, :32].max() < 40 for tile in tiles)  # 4:3 between dark bars
    assert all(abs(one - other).mean() > 1 for one, other in itertools.pairwise(tiles))
    shelf.library.trash([output_id])
    shelf.library.purge([output_id])
    assert not path.exists()


def test_no_thumbnail(shelf: Shelf):
    with pytest.raises(MediaError):
        shelf.library.thumbnail(shelf.make("a.mp4"))
    with pytest.raises(MediaError):
        shelf.library.contact_sheet(shelf.make("b.mp4"))
    with pytest.raises(OutputNotFoundError):
        shelf.library.thumbnail("../../etc/passwd")


def test_a_zip_is_as_large_as_it_says_and_its_names_are_right(shelf: Shelf):
    ids = [
        shelf.make(name, 3_000_000) for name in ("一/汇报_v1.mp4", "二/汇报_v1.mp4", "三/汇报_V1.mp4", "emoji 😀.mp4")
    ]
    gone = shelf.make("gone.mp4")
    (shelf.root / "gone.mp4").unlink()
    made = shelf.library.stream_zip([*ids, gone, ids[0], "another"])
    chunks = list(made.chunks)
    assert sum(map(len, chunks)) == made.size_bytes and max(map(len, chunks)) <= 1024**2
    assert made.filename.startswith("heygem_") and made.filename.endswith(".zip")
    with zipfile.ZipFile(BytesIO(b"".join(chunks))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["汇报_v1.mp4", "汇报_v1_2.mp4", "汇报_V1_3.mp4", "emoji 😀.mp4"]
        assert {info.file_size for info in archive.infolist()} == {3_000_000}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert all(info.flag_bits & 0x800 for info in archive.infolist())  # UTF-8


def test_a_zip_of_nothing(shelf: Shelf):
    made = shelf.library.stream_zip([])
    content = b"".join(made.chunks)
    assert len(content) == made.size_bytes and zipfile.ZipFile(BytesIO(content)).namelist() == []


def test_files_that_go_while_they_are_sent(shelf: Shelf):
    first, second, third = [shelf.make(f"{name}.mp4", 3_000_000) for name in "abc"]
    made = shelf.library.stream_zip([first, second])
    parts = [next(made.chunks), next(made.chunks)]
    shelf.library.trash([first, second])
    shelf.library.purge([first])  # it is open
    parts += made.chunks
    assert zipfile.ZipFile(BytesIO(b"".join(parts))).testzip() is None
    broken = shelf.library.stream_zip([second, third])
    shelf.library.trash([third])
    shelf.library.purge([third])
    with pytest.raises(ResultGoneError):
        list(broken.chunks)


def test_get_file(shelf: Shelf, tmp_path: Path):
    output_id = shelf.make("a.mp4")
    assert shelf.library.get_file(output_id) == shelf.root / "a.mp4"
    shelf.library.trash([output_id])
    assert shelf.library.get_file(output_id).is_relative_to(shelf.root / ".work/trash")
    other = shelf.make("a.mp4")
    shelf.library.purge([output_id])
    with pytest.raises(ResultGoneError):
        shelf.library.get_file(output_id)  # the other has its name
    (shelf.root / "a.mp4").unlink()
    (tmp_path / "b.mp4").write_bytes(b"theirs")
    (shelf.root / "a.mp4").symlink_to(tmp_path / "b.mp4")
    with pytest.raises(ResultGoneError):
        shelf.library.get_file(other)
