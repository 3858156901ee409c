"""The 131 facial landmarks that all of the product speaks of, by group and by standard crop template.

Knows nothing of the networks that find them or of the teacher that they are distilled from.
A landmark array is (131, 2) float32, x then y, in pixels of the frame unless a name says otherwise.
"Left" and "right" are the viewer's.
"""

from dataclasses import dataclass
from typing import Final

OVAL: Final = slice(0, 36)  # face contour, from the middle of the forehead clockwise as the viewer sees it
LIPS_OUTER: Final = slice(36, 56)  # from the left corner along the lower lip to the right one, back along the upper
LIPS_INNER: Final = slice(56, 76)  # the same order as LIPS_OUTER
EYE_LEFT: Final = slice(76, 92)  # from the outer corner, lower lid first
EYE_RIGHT: Final = slice(92, 108)  # from the outer corner, lower lid first
BROW_LEFT: Final = slice(108, 113)  # outer end to inner end
BROW_RIGHT: Final = slice(113, 118)  # outer end to inner end
NOSE: Final = slice(118, 131)  # five of the bridge from the top to the tip, then the base
COUNT: Final = 131

LIPS: Final = slice(36, 76)
JAW: Final = slice(10, 27)  # the part of OVAL below the ears, the chin's tip in its middle

EYE_OUTER_CORNERS: Final = (76, 92)
EYE_INNER_CORNERS: Final = (84, 100)
CHIN: Final = 18
MOUTH_CORNERS: Final = (36, 46)
LIP_INNER_MIDDLES: Final = (71, 61)  # upper, lower

# What speech does not move: eye corners, nose bridge, nose base.
STABLE: Final = (76, 84, 92, 100, *range(118, 131))


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in pixels, right and bottom exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(0.0, width) * max(0.0, height)
        return shared / max(self.area + other.area - shared, 1e-9)
