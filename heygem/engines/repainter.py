"""Repaints the mouth of a crop to wanted key points, with other pictures of the same person at hand.

Knows nothing of voices: whoever asks says where the lips have to be.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import Points
from heygem.engines.engine import FaceCrop
from heygem.engines.mouth_drawing import CROP, draw, draw_opening
from heygem.engines.nets.renderer import REFERENCES
from heygem.engines.painter import Painter, Pictures
from heygem.engines.reference_choice import measure_turn, nearest, openest
from heygem.engines.speech_motion import opening

Choice: TypeAlias = tuple[int, int]  # of REFERENCES - 1 references, by number
_MOST_TURNED: Final = 0.045  # face units; a reference turned more differently would show teeth askew


class Repainter:
    """One person's references on the device. Remembers which was used last, so that they do not flicker."""

    def __init__(self, painter: Painter, references: Sequence[FaceCrop]) -> None:
        self._painter = painter
        self._bank, self._points = self._load(references)
        self._openings = opening(self._points)
        self._last: int | None = None

    def repaint(
        self, faces: Sequence[FaceCrop], wanted: Sequence[Points], donors: Sequence[FaceCrop] | None = None
    ) -> NDArray[np.uint8]:
        """`faces` with mouths at the key points `wanted`: (N, S, S, 3) uint8 BGR, as they are outside the hidden part.

        What is bent first is the face itself, or, to measure how well that works, the `donors`.
        """
        chosen = [self._choose(points) for points in wanted]
        painted = np.stack([face.image for face in faces])
        rows, columns = self._painter.box.slices(self._painter.spec.size)

        def repaint_part(part: slice) -> None:
            given = faces[part], wanted[part], None if donors is None else donors[part], chosen[part]
            painted[part, rows, columns] = self._repaint(*given)

        workers = self._painter.workers
        workers.map(repaint_part, workers.split(len(faces)))
        return painted

    def skip(self, wanted: Points) -> None:
        """Remembers as `repaint` does, and paints nothing."""
        self._choose(wanted)

    def _repaint(
        self,
        faces: Sequence[FaceCrop],
        wanted: Sequence[Points],
        donors: Sequence[FaceCrop] | None,
        chosen: Sequence[Choice | None],
    ) -> NDArray[np.uint8]:
        """What the painter's box holds of them. A face without a choice is bent itself in the references' place."""
        own, places = self._load(faces)
        bent, places = (own, places) if donors is None else self._load(donors)
        bank, spots = self._bank, self._points
        if None in chosen:
            bank, spots = bank.join(bent), np.concatenate([spots, places])
        known = len(self._points)
        rows = [(known + i,) * (REFERENCES - 1) if choice is None else choice for i, choice in enumerate(chosen)]
        pictures = [bent, *(bank.pick(column) for column in zip(*rows, strict=True))]
        points = np.concatenate([np.stack(wanted)[:, None], places[:, None], spots[np.array(rows)]], axis=1)
        shrink = CROP.size / self._painter.spec.size
        drawings = np.stack([draw((points + 0.5) * shrink - 0.5, CROP.size) for points in wanted])
        return self._painter.paint(own, pictures, drawings, points)

    def _load(self, faces: Sequence[FaceCrop]) -> tuple[Pictures, NDArray[np.float32]]:
        """The pictures and, (N, 131, 2), their key points."""
        size = self._painter.spec.size
        points = np.array([face.points for face in faces], np.float32).reshape(-1, landmarks.COUNT, 2)
        images = np.array([face.image for face in faces], np.uint8).reshape(-1, size, size, 3)
        small = (points + 0.5) * (CROP.size / size) - 0.5
        mouths = np.array([draw_opening(face, CROP.size) for face in small], np.uint8).reshape(-1, CROP.size, CROP.size)
        return self._painter.load(images, mouths), points

    def _choose(self, points: Points) -> Choice | None:
        """Which references to bend: the one most alike and an open mouth; None if none is turned like this."""
        if not len(self._points):
            return None
        if measure_turn(points, self._points).min() > _MOST_TURNED * self._painter.spec.scale:
            self._last = None
            return None
        self._last = nearest(points, self._points, self._last)
        return self._last, openest(points, self._points, self._openings)
