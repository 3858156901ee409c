"""Small pictures of finished videos, made when first asked for and kept in the cache."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from heygem.domain.errors import ResultGoneError
from heygem.domain.library import ArchivedCopy
from heygem.library.copies import Copies, KeyFamily
from heygem.media.decode import FrameReader
from heygem.media.probe import probe_video
from heygem.media.publish import write_whole
from heygem.media.thumbnail import encode_jpeg, join_in_row, shrink

MOST_DECODED: Final = 48  # frames, to come nearer to the middle than the nearest key frame
SHEET_FRAMES: Final = 8  # page.css counts on it
SHEET_DECODED: Final = 240


class Thumbnails(Copies):
    def thumbnail(self, output_id: str) -> Path:
        """A JPEG of a frame about the middle, at most 320 px wide and high; from the archive, what was put there.

        Raises as get_content does, and the MediaError that fits where no picture can be had of it.
        """
        return self._make(output_id, self.thumbnail_path(output_id), lambda keys: keys.picture, _draw)

    def contact_sheet(self, output_id: str) -> Path:
        """A JPEG of SHEET_FRAMES frames from all over it, in a row, 320 × 180 px each. Raises as thumbnail does."""
        return self._make(output_id, self.sheet_path(output_id), lambda keys: keys.sheet, _draw_sheet)

    def _make(
        self, output_id: str, picture: Path, key_of: Callable[[KeyFamily], str], draw: Callable[[Path], bytes]
    ) -> Path:
        content = self.get_content(output_id)
        if picture.is_file():
            return picture
        data = self._fetch(key_of(KeyFamily(content.key))) if isinstance(content, ArchivedCopy) else draw(content)
        write_whole(picture, data, is_lasting=False)
        return picture

    def _fetch(self, key: str) -> bytes:
        data = self.read_beside(key)
        if data is None:
            raise ResultGoneError(name=key)
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
