"""Builds face_template.json, the mean of the near-frontal training faces: `python -m training.build_template`.

Procrustes: each face is brought to the mean so far by the landmarks that speech does not move; sets of clips count
alike, however many frames they have.
"""

import json
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import TEMPLATE_PATH, Points, estimate_similarity, transform
from training.dataset import DATA, list_labels, read_labels
from training.mirror import MIRROR

STABLE = list(landmarks.STABLE)
SAMPLES_PER_CLIP = 4


def is_frontal(points: Points) -> bool:
    """Whether the nose's tip is about in the middle between the outer eye corners and the face's sides."""
    axis = points[92] - points[76]
    width = float(np.linalg.norm(axis))
    if width < 24:
        return False
    along = (points[[122, 130, 9, 27]] - points[76]) @ axis / width**2
    sides = along[2] + along[3]
    return bool(abs(along[0] - 0.5) < 0.06 and abs(along[1] - 0.5) < 0.06 and abs(sides - 1) < 0.1)


def normalize(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Symmetric, outer eye corners at (-0.5, 0) and (0.5, 0)."""
    target = np.array([[-0.5, 0], [0.5, 0]], dtype=np.float32)
    upright = transform(points.astype(np.float32), estimate_similarity(points[[76, 92]].astype(np.float32), target))
    mirrored = upright[MIRROR] * np.array([-1, 1])
    symmetric: NDArray[np.float64] = (upright.astype(np.float64) + mirrored) / 2
    return symmetric


def build_template() -> tuple[NDArray[np.float64], int]:
    """The mean face (131, 2) in face units, and how many faces are in it."""
    sets: dict[str, list[Points]] = defaultdict(list)
    for path in list_labels("train"):
        labels = read_labels(path)
        frontal = [points for points in labels.points[labels.found] if is_frontal(points)]
        if frontal:
            picks = np.linspace(0, len(frontal) - 1, SAMPLES_PER_CLIP).astype(int)
            sets[labels.source.split("/")[1]].extend(frontal[pick] for pick in picks)
    mean = normalize(np.asarray(next(iter(sets.values()))[0], dtype=np.float64))
    for _ in range(4):
        means = []
        for faces in sets.values():
            aligned = [transform(f, estimate_similarity(f[STABLE], mean[STABLE].astype(np.float32))) for f in faces]
            means.append(np.mean(aligned, axis=0, dtype=np.float64))
        mean = normalize(np.mean(means, axis=0))
    print({name: len(faces) for name, faces in sets.items()})
    return mean, sum(map(len, sets.values()))


if __name__ == "__main__":
    template, count = build_template()
    TEMPLATE_PATH.write_text(json.dumps([[round(float(v), 4) + 0.0 for v in row] for row in template]) + "\n")
    print(f"{count} faces, chin at {template[landmarks.CHIN]}, mouth from {template[36]} to {template[46]}")
    with (DATA / "STATUS").open("a", encoding="utf-8") as status:
        status.write("template ready\n")
