"""Picks, for a mouth to paint, the pictures of the person that show it best: most alike, and openest.

Faces are (131, 2), a bank of them (N, 131, 2), all in pixels of one and the same crop.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import Points

Bank = NDArray[np.float32]

_LIPS: Final = list(range(*landmarks.LIPS.indices(landmarks.COUNT)))
_STABLE: Final = list(landmarks.STABLE)
_STAYING: Final = 0.85  # how much nearer another reference must be to take over


def measure_turn(wanted: Points, bank: Bank) -> NDArray[np.float32]:
    """(N,): how differently the heads of `bank` are turned, a mean distance in pixels."""
    return _distance(wanted, bank, _STABLE)


def nearest(wanted: Points, bank: Bank, last: int | None = None) -> int:
    """The row of `bank` nearest to `wanted`; the one chosen `last` stays unless another is clearly nearer."""
    away = (40 * _distance(wanted, bank, _LIPS) + 25 * measure_turn(wanted, bank)) / 65  # lips count most
    best = int(away.argmin())
    return last if last is not None and away[best] > _STAYING * away[last] else best


def openest(wanted: Points, bank: Bank, openings: NDArray[np.float32]) -> int:
    """The row of `bank` with a widely open mouth and a head turned much as in `wanted`; `openings` (N,) in pixels."""
    return int((openings - 1.5 * measure_turn(wanted, bank)).argmax())


def _distance(wanted: Points, bank: Bank, rows: list[int]) -> NDArray[np.float32]:
    return np.asarray(np.linalg.norm(bank[:, rows] - wanted[rows], axis=-1).mean(axis=-1), dtype=np.float32)
