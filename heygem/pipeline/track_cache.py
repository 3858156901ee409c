"""Keeps face tracks on disk by the content of their video, so that a second job with the same video skips tracking."""

import contextlib
import logging
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heygem.domain.job import FaceChoice
from heygem.pipeline.face_track import FaceTrack
from heygem.pipeline.track import TRACKER_VERSION

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrackCache:
    """A folder of at most `max_bytes`; what was used longest ago goes first. Safe for several processes."""

    folder: Path
    max_bytes: int
    weights_id: str  # of the face tracker: other weights, other tracks

    def find(self, content_hash: str, choice: FaceChoice, frame_count: int) -> FaceTrack | None:
        """The first `frame_count` frames of a track that covers as many; None if there is none, or it is damaged."""
        path = self._path(content_hash, choice)
        try:
            with path.open("rb") as file, np.load(file) as stored:
                points, shots, faces = stored["points"], stored["shots"], int(stored["face_count"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            return None
        if len(points) < frame_count:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        within = tuple(int(shot) for shot in shots if shot < frame_count)
        return FaceTrack(points[:frame_count], within, faces)

    def store(self, content_hash: str, choice: FaceChoice, track: FaceTrack) -> None:
        """Stores a track, then removes the oldest ones over the limit. What keeps it from that is logged, no error."""
        try:
            self._write(content_hash, choice, track)
            self._prune()
        except OSError as error:
            log.warning("the track is not cached: %s", error)

    def _write(self, content_hash: str, choice: FaceChoice, track: FaceTrack) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", suffix=".partial", delete=False) as file:
            try:
                np.savez(file, points=track.points, shots=np.array(track.shots), face_count=track.face_count)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        Path(file.name).replace(self._path(content_hash, choice))

    def _path(self, content_hash: str, choice: FaceChoice) -> Path:
        return self.folder / f"{content_hash[:32]}-{choice}-{self.weights_id}-{TRACKER_VERSION}.npz"

    def _prune(self) -> None:
        kept_bytes = 0
        entries = [(path, path.stat()) for path in self.folder.glob("*.npz")]
        for path, stat in sorted(entries, key=lambda entry: entry[1].st_mtime, reverse=True):
            kept_bytes += stat.st_size
            if kept_bytes > self.max_bytes:
                path.unlink(missing_ok=True)
