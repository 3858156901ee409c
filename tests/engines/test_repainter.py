"""Faces painted together are painted as each would be alone, with whichever references fit them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import FaceCrop
from heygem.engines.repainter import Repainter
from tests.engines.test_embedded import crop_face, talking

ROOT = Path(__file__).parents[2]
TURNED = 2  # of the faces: no reference is turned like it


@pytest.fixture(scope="module")
def engine() -> EmbeddedEngine:
    return EmbeddedEngine.load(ROOT / "models", torch.device("cpu"))


@pytest.fixture(scope="module")
def faces(engine: EmbeddedEngine) -> list[FaceCrop]:
    crops = [crop_face(engine, points) for points in talking(7)]
    points = crops[TURNED].points.copy()
    points[118:131, 0] += 0.2 * engine.crop.scale
    return [*crops[:TURNED], FaceCrop(crops[TURNED].image, points), *crops[TURNED + 1 :]]


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int_]:
    return np.abs(one.astype(int) - other)


def test_together_or_alone(engine: EmbeddedEngine, faces: list[FaceCrop]) -> None:
    wanted = [face.points for face in faces[1:] + faces[:1]]
    wanted[TURNED] = faces[TURNED].points
    together = Repainter(engine.painter, faces[3:6]).repaint(faces, wanted)
    one_by_one = Repainter(engine.painter, faces[3:6])
    alone = [one_by_one.repaint([face], [points])[0] for face, points in zip(faces, wanted, strict=True)]
    assert apart(together, np.stack(alone)).max() <= 2
    assert apart(together, np.stack(alone)).mean() < 0.05


def test_a_face_that_no_reference_fits_is_bent_itself(engine: EmbeddedEngine, faces: list[FaceCrop]) -> None:
    face, wanted = faces[TURNED], faces[TURNED].points
    with_bank = Repainter(engine.painter, faces[3:6]).repaint([face], [wanted])
    without = Repainter(engine.painter, []).repaint([face], [wanted])
    assert apart(with_bank, without).max() <= 1


def test_a_donor_is_bent_in_the_faces_place(engine: EmbeddedEngine, faces: list[FaceCrop]) -> None:
    face = faces[0]
    black = FaceCrop(np.zeros_like(face.image), face.points)
    own = Repainter(engine.painter, [black]).repaint([face], [face.points])
    donated = Repainter(engine.painter, [black]).repaint([face], [face.points], [black])
    center = engine.crop.size // 2
    assert donated[0, center, center].mean() < own[0, center, center].mean() - 30
    assert np.array_equal(donated[0, :4], face.image[:4])  # what is not hidden stays the face's own


def test_after_skipped_frames_the_next_is_painted_as_after_painted_ones(engine: EmbeddedEngine) -> None:
    """The 30th is about as near to two references: the one in use stays, where a fresh start would choose the other."""
    crops = [crop_face(engine, points) for points in talking(30)]
    wanted = [face.points for face in crops]
    in_one_go, resumed, afresh = (Repainter(engine.painter, crops[1:6:2]) for _ in range(3))
    in_one_go.repaint(crops[:29], wanted[:29])
    for points in wanted[:29]:
        resumed.skip(points)
    last = crops[29:], wanted[29:]
    expected = in_one_go.repaint(*last)
    assert np.array_equal(resumed.repaint(*last), expected)
    assert not np.array_equal(afresh.repaint(*last), expected)
