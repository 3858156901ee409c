"""A job's folder: the finished stretches of its film, kept so that a job that was ended goes on from there."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heygem.domain.errors import EncodeError
from heygem.domain.job import SEGMENT_FRAMES
from heygem.media.encode import check_frames
from heygem.media.publish import replace, translate_output_error

SHELL_PREFIX: Final = ".heygem-"  # of folders that jobs of the shell have beside their outputs
_PLAN: Final = "plan.json"


@dataclass(frozen=True)
class Segment:
    """Frames `start` to `stop` (exclusive) of the output."""

    start: int
    stop: int
    path: Path

    @property
    def frame_count(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class JobFolder:
    """Holds what has been made of an output of `frame_count` frames. For one process at a time."""

    folder: Path
    frame_count: int
    segment_frames: int = SEGMENT_FRAMES

    @property
    def segments(self) -> list[Segment]:
        starts = range(0, self.frame_count, self.segment_frames)
        stops = (min(start + self.segment_frames, self.frame_count) for start in starts)
        return [
            Segment(start, stop, self.folder / f"{number:05d}.mp4")
            for number, (start, stop) in enumerate(zip(starts, stops, strict=True))
        ]

    @property
    def sound(self) -> Path:
        return self.folder / "voice.m4a"

    @property
    def film(self) -> Path:
        """The joined film, complete and checked."""
        return self.folder / "film.mp4"

    def resume(self, fingerprint: str) -> list[Segment]:
        """The segments that are still to be made.

        Keeps what an attempt at the same output has finished, up to the first gap, and removes everything else.
        """
        missing = self.segments
        kept: set[Path] = set()
        if self._read_plan() == fingerprint:
            kept = {self.folder / _PLAN, self.sound}
            while missing and _is_whole(missing[0]):
                kept.add(missing.pop(0).path)
            if self.film.exists():
                kept, missing = {self.folder / _PLAN, self.film}, []
        for path in self.folder.iterdir():
            if path not in kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if not kept:
            self._write_plan(fingerprint)
        return missing

    def drop_parts(self) -> None:
        """Removes what the film has been joined from."""
        for path in (*(segment.path for segment in self.segments), self.sound):
            path.unlink(missing_ok=True)

    def _read_plan(self) -> str | None:
        try:
            return str(json.loads((self.folder / _PLAN).read_text("utf-8"))["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write_plan(self, fingerprint: str) -> None:
        plan = self.folder / _PLAN
        part = plan.with_name(f".{_PLAN}")
        try:
            part.write_text(json.dumps({"fingerprint": fingerprint, "frame_count": self.frame_count}), "utf-8")
            replace(part, plan)
        except OSError as error:
            raise translate_output_error(plan, error) from error


@contextmanager
def job_folder(output: Path, folder: Path | None) -> Iterator[Path]:
    """`folder`, made if need be and kept; without one, a hidden one beside `output` that goes in any case."""
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            made = Path(tempfile.mkdtemp(prefix=SHELL_PREFIX, dir=output.parent))
    except OSError as error:
        raise translate_output_error(folder or output, error) from error
    if folder is not None:
        yield folder
        return
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def measure_folder(folder: Path) -> int:
    """The bytes of the files in it; 0 for none."""
    return sum(path.stat().st_size for path in folder.iterdir()) if folder.is_dir() else 0


def _is_whole(segment: Segment) -> bool:
    try:
        check_frames(segment.path, segment.frame_count)
    except EncodeError:
        return False
    return True
