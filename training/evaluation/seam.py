"""Whether one sees where a mouth was pasted in: gradients across the edge of the pasted part, in whole frames."""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from heygem.engines.alignment import Affine, Image
from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import MouthRequest
from heygem.pipeline.compose import cut_face
from heygem.pipeline.face_track import FaceTrack
from heygem.pipeline.paste import Paster
from heygem.pipeline.references import choose_references
from heygem.pipeline.smoothing import smooth_track
from training.dataset import Labels, decode
from training.voices import read_voice

_EDGE: Final = (0.02, 0.98)  # what the paste mask is within in the band where frame and patch meet


def measure_seam(engine: EmbeddedEngine, truth: Labels, count: int) -> float:
    """The mean gradient across the edge in `count` frames of a clip that speaks with its own voice, over its own.

    Put together as the pipeline does, with colours matched; not encoded. The face is where the teacher has it.
    """
    ours, true = 0.0, 0.0
    for composed, frame, affine in _compose(engine, truth, count):
        gradients = measure_across(composed, frame, engine.paste_mask, affine)
        ours, true = ours + gradients[0], true + gradients[1]
    return ours / max(true, 1e-6)


def measure_across(composed: Image, frame: Image, mask: np.ndarray, affine: Affine) -> tuple[float, float]:
    """The mean gradient across the edge of `mask` (S, S), which `affine` leads to from the frame, in both pictures."""
    height, width = frame.shape[:2]
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    alpha = np.asarray(cv2.warpAffine(mask, affine, (width, height), flags=flags), np.float32)
    across = _slopes(cv2.GaussianBlur(alpha, (0, 0), 1.0))
    steep = np.linalg.norm(across, axis=0)
    band = (alpha > _EDGE[0]) & (alpha < _EDGE[1]) & (steep > 1e-4)
    normal = across[:, band] / steep[band]
    ours, true = (
        float(np.abs((_slopes(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))[:, band] * normal).sum(axis=0)).mean())
        for image in (composed, frame)
    )
    return ours, true


def _slopes(grey: np.ndarray) -> np.ndarray:
    """(2, H, W): by how much a picture changes to the right and downwards."""
    down, right = np.gradient(grey.astype(np.float32), axis=(0, 1))
    return np.stack([right, down])


def _compose(engine: EmbeddedEngine, truth: Labels, count: int) -> Iterator[tuple[Image, Image, Affine]]:
    """Frames spread over the clip: composed, as they were, and the transform to their crop."""
    track = smooth_track(FaceTrack(truth.points, (0,), 1))
    chosen = choose_references(track, engine.reference_count)
    found = np.flatnonzero(track.found)
    wanted = found[np.linspace(0, len(found) - 1, count).astype(int)].tolist()
    kept = {i: frame for i, frame in enumerate(decode(truth.clip)) if i in {*chosen, *wanted}}
    references = [cut_face(kept[i], track.points[i], engine)[0] for i in chosen]
    performance = engine.perform(engine.listen([read_voice(truth.clip)]), track.points, references)
    paster = Paster(engine.paste_mask)
    for number in wanted:
        face, affine = cut_face(kept[number], track.points[number], engine)
        patch = performance.paint([MouthRequest(face, number / truth.fps)])[0]
        yield paster.paste(kept[number], patch, face.image, affine, 1.0), kept[number], affine
