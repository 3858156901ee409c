"""How far heard lip motion is from the seen one: where lips and jaw are, how fast they move, how they go together."""

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.speech_motion import MOVED, MotionBasis

_SHARES: Final = (1.0, 0.6)  # of the opening's and of the width's concordance


class MotionLoss(nn.Module):
    """Errors of lips and jaw in face units, of their speed, and of how opening and width go with the truth."""

    motions: Tensor
    measures: Tensor

    def __init__(self, basis: MotionBasis) -> None:
        super().__init__()
        importance = np.repeat([2.0 if 56 <= i < 76 else 1.0 if i < 76 and i >= 36 else 0.4 for i in MOVED], 2)
        self.register_buffer("motions", torch.from_numpy((basis.motions * importance).astype(np.float32)))
        self.register_buffer("measures", torch.from_numpy(measures(basis)))

    def forward(self, heard: Tensor, true: Tensor, weight: Tensor) -> Tensor:
        """Of (B, T, K) coefficients, the frames weighted by (B, T)."""
        total = weight.sum().clamp_min(1)
        error = (heard - true) * weight[..., None]
        offset = error.sum(dim=1, keepdim=True) / weight.sum(dim=1).clamp_min(1)[:, None, None]
        error = (error - 0.5 * offset * weight[..., None]) @ self.motions
        both = weight[:, 1:] * weight[:, :-1]
        speed = ((heard - true).diff(dim=1) * both[..., None]) @ self.motions
        loss = 60 * error.abs().mean(dim=-1).sum() / total + 120 * speed.abs().mean(dim=-1).sum() / total
        return loss + self._discord(heard, true, weight)

    def _discord(self, heard: Tensor, true: Tensor, weight: Tensor) -> Tensor:
        """1 minus the concordance of opening and width over each stretch (Lin, 1989)."""
        a, b = heard @ self.measures, true @ self.measures
        share = (weight / weight.sum(dim=1, keepdim=True).clamp_min(1))[..., None]
        a, b = a - (a * share).sum(1, keepdim=True), b - (b * share).sum(1, keepdim=True)
        together = (a * b * share).sum(1)
        spread = (a * a * share).sum(1) + (b * b * share).sum(1) + 1e-4
        return ((1 - 2 * together / spread) * torch.tensor(_SHARES)).mean()


def viseme_loss(heard: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy of (B, T, 14) logits with rows of VISEMES (B, T, 1), the frames weighted by (B, T)."""
    known = true[..., 0].long().clamp_min(0)  # what is unknown weighs nothing
    error = functional.cross_entropy(heard.flatten(0, 1), known.flatten(), reduction="none")
    return (error * weight.flatten()).sum() / weight.sum().clamp_min(1)


def measures(basis: MotionBasis) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(K, 2): what the coefficients add to opening and width, in face units."""
    place = {point: row for row, point in enumerate(MOVED)}
    motions = basis.motions.reshape(-1, len(MOVED), 2)
    wide = motions[:, place[46], 0] - motions[:, place[36], 0]
    return np.stack([basis.gaps, wide], axis=1).astype(np.float32)
