"""Turns the frames of a person's video into frames in which the person speaks: crop, paint, paste back."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Final

from heygem.engines.alignment import Affine, Image, frame_to_crop, transform, warp_crop
from heygem.engines.engine import FaceCrop, LipSyncEngine, MouthRequest, Performance
from heygem.pipeline.face_track import FaceTrack, FloatArray
from heygem.pipeline.paste import Paster
from heygem.pipeline.prefetch import prefetch
from heygem.pipeline.stopwatch import Stopwatch

FRAMES_AHEAD: Final = 8


@dataclass(frozen=True)
class Shown:
    """A source frame at its place in the output; without a `request` it passes through unchanged.

    `patch` (S, S, 3) is the request's answer, once there is one.
    """

    frame: Image
    weight: float = 0.0
    affine: Affine | None = None
    request: MouthRequest | None = None
    patch: Image | None = None


@dataclass(frozen=True)
class Composer:
    """One job's face and engine. `weights` is (T,): how much of the mouth each source frame shows.

    Its three steps are generators of their own, so that each can run in its own thread.
    """

    engine: LipSyncEngine
    performance: Performance
    track: FaceTrack
    weights: FloatArray
    frame_rate: Fraction
    stopwatch: Stopwatch

    def lead_in(self, start: int) -> int:
        """The frame to compose from, and throw away, to have `start` exactly as in one go: its batch's first."""
        return start - start % self.engine.batch_size

    def skip(self, sources: Iterable[int]) -> None:
        """Goes on as if the output's first frames, from these source frames, had been composed."""
        for place, source in enumerate(sources):
            if self.weights[source] > 0:
                points = self.track.points[source]
                spots = transform(points, frame_to_crop(points, self.engine.crop))
                self.performance.skip(spots, float(place / self.frame_rate))

    def compose(self, frames: Iterable[tuple[int, Image]], start: int = 0) -> Generator[Image, None, None]:
        """The output's frames from `start` on, from (source frame number, frame) in the output's order.

        Two threads take frames, cut and paint ahead of whoever takes the output; closing this generator ends them.
        """
        batch = self.engine.batch_size
        with (
            closing(
                prefetch(self.cut(frames, start), max(FRAMES_AHEAD, batch))
            ) as cut,  # the next one while one is painted
            closing(prefetch(self.paint(cut), FRAMES_AHEAD)) as painted,
        ):
            yield from self.paste(painted)

    def cut(self, frames: Iterable[tuple[int, Image]], start: int = 0) -> Iterator[Shown]:
        """From (source frame number, frame) in the output's order, of which the first is the output's `start`."""
        for place, (source, frame) in enumerate(frames, start):
            weight = float(self.weights[source])
            if weight <= 0:
                yield Shown(frame)
                continue
            with self.stopwatch.measure("render.crop"):
                face, affine = cut_face(frame, self.track.points[source], self.engine)
            yield Shown(frame, weight, affine, MouthRequest(face, float(place / self.frame_rate)))

    def paint(self, shown: Iterable[Shown]) -> Iterator[Shown]:
        """The same with their patches, a batch at a time."""
        items = iter(shown)
        while batch := list(islice(items, self.engine.batch_size)):
            requests = [item.request for item in batch if item.request is not None]
            with self.stopwatch.measure("render.paint"):
                patches = iter(self.performance.paint(requests) if requests else ())
            for item in batch:
                yield item if item.request is None else replace(item, patch=next(patches))

    def paste(self, shown: Iterable[Shown]) -> Iterator[Image]:
        """The output's frames."""
        paster = Paster(self.engine.paste_mask)
        for item in shown:
            if item.patch is None or item.request is None or item.affine is None:
                yield item.frame
                continue
            with self.stopwatch.measure("render.paste"):
                composed = paster.paste(item.frame, item.patch, item.request.face.image, item.affine, item.weight)
            yield composed


def cut_face(frame: Image, points: FloatArray, engine: LipSyncEngine) -> tuple[FaceCrop, Affine]:
    """The crop that the engine wants around the face with landmarks `points`, and the transform from frame to crop."""
    affine = frame_to_crop(points, engine.crop)
    return FaceCrop(warp_crop(frame, affine, engine.crop.size), transform(points, affine)), affine
