"""The renderer: frames of a held-out clip repainted with their own true key points, without seeing themselves.

What is bent first is another frame, 0.32 s away, and the references are as far: at run time it is the frame itself,
whose mouth says something else.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from heygem.engines.alignment import CropSpec, Image, frame_to_crop, mean_face, transform, warp_crop
from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import FaceCrop
from heygem.engines.mouth_drawing import CROP, hidden_mask
from heygem.engines.repainter import Repainter
from training.crops import smooth_points
from training.dataset import Labels, decode, face_size
from training.evaluation.clips import Clip, get_truth, is_well_seen, list_held_out, pick_few
from training.evaluation.report import Findings, Row, Table, mean_by, mean_row
from training.evaluation.seam import measure_seam
from training.evaluation.workers import Workers, get_engine

_MOST_PER_SPEAKER: Final = 4
_LOOKED_AT: Final = 150  # frames of a clip
_APART_S: Final = 0.32
_SMALLEST_FACE: Final = 44.0  # pixels between the outer eye corners
_NOTE: Final = (
    "error, PSNR: in the hidden part, grey levels of 255. SSIM, sharpness: of the mouth. donor: the other frame's\n"
    "mouth as it is, the scale of what is to be repainted. seam: the gradient across the edge of what is pasted, in\n"
    "whole frames to the clip's own voice, as a share of the frame's own there. sharp enough: the share of speakers\n"
    "whose mouth is 0.8 to 1.2 times as sharp as the source's."
)


def measure_renderer(workers: Workers, models: Path, split: str, quick: bool) -> Findings:
    """Figures are means over speakers."""
    clips = pick_few(list_held_out(split), 1 if quick else _MOST_PER_SPEAKER, most=6 if quick else 0)
    measured = workers.map(partial(_measure_clip, models, 4 if quick else 8), clips)
    speakers = mean_by((f"{clip.group} {clip.speaker}", row) for clip, row in measured)
    groups = mean_by((f"clips of {clip.group}", row) for clip, row in measured)
    means = mean_row(speakers.values())
    means["sharp enough"] = float(np.mean([0.8 <= row["sharpness"] <= 1.2 for row in speakers.values()]))
    return Findings(means, (Table("Renderer", {"mean over speakers": means, **groups, **speakers}, _NOTE),))


def _measure_clip(models: Path, count: int, clip: Clip) -> tuple[Clip, Row] | None:
    truth = get_truth(clip)
    found = np.flatnonzero(truth.found[:_LOOKED_AT])
    if not is_well_seen(truth) or np.median([face_size(truth.points[i]) for i in found]) < _SMALLEST_FACE:
        return None
    engine = get_engine(models)
    faces = _cut_faces(truth, found, engine.crop)
    apart = max(2, round(_APART_S * truth.fps))
    rows = []
    for number in found[np.linspace(0, len(found) - 1, count).astype(int)]:
        donor = faces[min(faces, key=lambda other: abs(abs(other - number) - apart))]
        bank = [faces[i] for i in found[:: max(1, len(found) // 12)] if abs(i - number) >= apart]
        face = faces[number]
        painted = Repainter(engine.painter, bank).repaint([face], [face.points], [donor])[0]
        rows.append(_compare(painted, face.image, donor.image, engine))
    return clip, mean_row(rows) | {"seam": measure_seam(engine, truth, count)}


def _cut_faces(truth: Labels, found: NDArray[np.int64], spec: CropSpec) -> dict[int, FaceCrop]:
    points = smooth_points(truth.points)
    wanted = set(found.tolist())
    faces = {}
    for number, frame in enumerate(decode(truth.clip)):
        if number > found[-1]:
            break
        if number in wanted:
            affine = frame_to_crop(points[number], spec)
            faces[number] = FaceCrop(warp_crop(frame, affine, spec.size), transform(points[number], affine))
    return faces


def _compare(painted: Image, true: Image, donor: Image, engine: EmbeddedEngine) -> Row:
    weight = hidden_mask(replace(CROP, size=engine.crop.size))
    squared = ((painted.astype(float) - true) ** 2).mean(axis=2)
    mouths = [_cut_mouth(image, engine.crop) for image in (painted, true, donor)]
    return {
        "SSIM": _likeness(mouths[0], mouths[1]),
        "PSNR": 10 * np.log10(255**2 / max(float((squared * weight).sum() / weight.sum()), 1e-6)),
        "sharpness": _sharpness(mouths[0]) / max(_sharpness(mouths[1]), 1e-6),
        "error": _error(painted, true, weight),
        "donor SSIM": _likeness(mouths[2], mouths[1]),
        "donor error": _error(donor, true, weight),
    }


def _error(a: Image, b: Image, weight: NDArray[np.float32]) -> float:
    return float((np.abs(a.astype(float) - b).mean(axis=2) * weight).sum() / weight.sum())


def _cut_mouth(image: Image, spec: CropSpec) -> Image:
    """The grey mouth of the mean face, a little wider."""
    lips = mean_face()[36:76]
    low = (lips.min(axis=0) - 0.06 - spec.center + spec.side / 2) * spec.scale
    high = (lips.max(axis=0) + 0.1 - spec.center + spec.side / 2) * spec.scale
    mouth = image[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])]
    return np.asarray(cv2.cvtColor(mouth, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _likeness(a: Image, b: Image) -> float:
    return float(structural_similarity(a, b, data_range=255))  # type: ignore[no-untyped-call]  # scikit-image


def _sharpness(mouth: Image) -> float:
    """The variance of the Laplacian, without the finest noise."""
    calm = cv2.GaussianBlur(mouth.astype(np.float32), (0, 0), 1.0)
    return float(cv2.Laplacian(calm, cv2.CV_32F).var())
