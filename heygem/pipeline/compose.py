"""Turns the frames of a person's video into frames in which the person speaks: crop, paint, paste back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from heygem.engines.alignment import Affine, Image, frame_to_crop, transform, warp_crop
from heygem.engines.engine import FaceCrop, LipSyncEngine, MouthRequest, Performance
from heygem.pipeline.face_track import FaceTrack, FloatArray
from heygem.pipeline.paste import match_colours, paste_back
from heygem.pipeline.stopwatch import Stopwatch


@dataclass(frozen=True)
class _Shown:
    """A source frame at its place in the output; `request` is None where it passes through unchanged."""

    frame: Image
    affine: Affine | None = None
    request: MouthRequest | None = None
    weight: float = 0.0


@dataclass(frozen=True)
class Composer:
    """One job's face and engine. `weights` is (T,): how much of the mouth each source frame shows."""

    engine: LipSyncEngine
    performance: Performance
    track: FaceTrack
    weights: FloatArray
    frame_rate: Fraction
    stopwatch: Stopwatch

    def compose(self, frames: Iterable[tuple[int, Image]]) -> Iterator[Image]:
        """The output's frames, from (source frame number, frame) in the output's order; a batch at a time."""
        numbered = enumerate(frames)
        while batch := list(islice(numbered, self.engine.batch_size)):
            with self.stopwatch.measure("render.crop"):
                shown = [self._cut(place, source, frame) for place, (source, frame) in batch]
            yield from self._paint(shown)

    def _cut(self, place: int, source: int, frame: Image) -> _Shown:
        weight = float(self.weights[source])
        if weight <= 0:
            return _Shown(frame)
        face, affine = cut_face(frame, self.track.points[source], self.engine)
        time_s = float(place / self.frame_rate)
        return _Shown(frame, affine, MouthRequest(face, time_s), weight)

    def _paint(self, shown: list[_Shown]) -> Iterator[Image]:
        requests = [item.request for item in shown if item.request is not None]
        with self.stopwatch.measure("render.paint"):
            patches = iter(self.performance.paint(requests) if requests else ())
        for item in shown:
            if item.request is None or item.affine is None:
                yield item.frame
                continue
            with self.stopwatch.measure("render.paste"):
                mask = self.engine.paste_mask
                patch = match_colours(next(patches), item.request.face.image, mask)
                composed = paste_back(item.frame, patch, mask, item.affine, item.weight)
            yield composed


def cut_face(frame: Image, points: FloatArray, engine: LipSyncEngine) -> tuple[FaceCrop, Affine]:
    """The crop that the engine wants around the face with landmarks `points`, and the transform from frame to crop."""
    affine = frame_to_crop(points, engine.crop)
    return FaceCrop(warp_crop(frame, affine, engine.crop.size), transform(points, affine)), affine
