"""Picks, for a mouth to paint, the pictures of the person that show it best: most alike, and openest."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import Points

_COMPARED: Final = [*range(*landmarks.LIPS.indices(landmarks.COUNT)), *landmarks.STABLE]
_WEIGHT: Final = np.array([1.0] * 40 + [1.5] * 17, dtype=np.float32)  # a turned head is worse than another mouth
_STAYING: Final = 0.85  # how much nearer another reference must be to take over


def distances(wanted: Points, bank: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,): how far faces `bank` (N, 131, 2) are from the face `wanted` (131, 2), all in one crop's pixels."""
    away = np.linalg.norm(bank[:, _COMPARED] - wanted[_COMPARED], axis=-1)
    return np.asarray(away @ _WEIGHT / _WEIGHT.sum(), dtype=np.float32)


def nearest(wanted: Points, bank: NDArray[np.float32], last: int | None = None) -> int:
    """The row of `bank` nearest to `wanted`; the one chosen `last` stays unless another is clearly nearer."""
    away = distances(wanted, bank)
    best = int(away.argmin())
    return last if last is not None and away[best] > _STAYING * away[last] else best


def openest(wanted: Points, bank: NDArray[np.float32], openings: NDArray[np.float32]) -> int:
    """The row of `bank` with a widely open mouth and a head turned much as in `wanted`; `openings` (N,) in pixels."""
    stable = list(landmarks.STABLE)
    turned = np.linalg.norm(bank[:, stable] - wanted[stable], axis=-1).mean(axis=-1)
    return int((openings - 1.5 * turned).argmax())
