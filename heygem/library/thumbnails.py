"""Small pictures of finished videos, made when first asked for and kept in the cache."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from heygem.domain.errors import ResultGoneError
from heygem.domain.library import ArchivedCopy
from heygem.library.copies import Copies, KeyFamily
from heygem.media.decode import FrameReader
from heygem.media.probe import probe_video
from heygem.media.thumbnail import encode_jpeg, join_in_row, shrink

MOST_DECODED: Final = 48  # frames, to come nearer to the middle than the nearest key frame
SHEET_FRAMES: Final = 8  # page.css counts on it
SHEET_DECODED: Final = 240


class Thumbnails(Copies):
    def thumbnail(self, output_id: str) -> Path:
        """A JPEG of a frame about the middle, at most 320 px wide and high; from the archive, what was put there.

        Raises as get_content does, and the MediaError that fits where no picture can be had of it.
        """
        video, picture = self.get_content(output_id), self.thumbnail_path(output_id)
        if not picture.is_file():
            _write(picture, self._fetch(video) if isinstance(video, ArchivedCopy) else _draw(video))
        return picture

    def contact_sheet(self, output_id: str) -> Path:
        """A JPEG of SHEET_FRAMES frames from all over it, in a row, 320 × 180 px each.

        Raises as get_file does, and the MediaError that fits where no picture can be had of it.
        """
        video, picture = self.get_file(output_id), self.sheet_path(output_id)
        if not picture.is_file():
            _write(picture, _draw_sheet(video))
        return picture

    def _fetch(self, copy: ArchivedCopy) -> bytes:
        data = self.read_beside(KeyFamily(copy.key).picture)
        if data is None:
            raise ResultGoneError(name=copy.key)
        return data


def _draw(video: Path) -> bytes:
    facts = probe_video(video)
    reader = FrameReader(facts, thread_count=1, is_exact=False)
    frame = next(reader.sample(1, 1, MOST_DECODED))
    return encode_jpeg(shrink(frame, facts.sample_aspect_ratio))


def _draw_sheet(video: Path) -> bytes:
    facts = probe_video(video)
    frames = FrameReader(facts, thread_count=1, is_exact=False).sample(SHEET_FRAMES, SHEET_FRAMES, SHEET_DECODED)
    tiles = [shrink(frame, facts.sample_aspect_ratio) for frame in frames]
    return encode_jpeg(join_in_row(tiles + tiles[-1:] * (SHEET_FRAMES - len(tiles))))


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, whoever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(data)
            file.flush()
            part.replace(path)
        except OSError:
            part.unlink()
            raise
