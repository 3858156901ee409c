"""Bending pictures by key points."""

import numpy as np
import torch
from torch import Tensor

from heygem.engines.alignment import mean_face
from heygem.engines.mouth_drawing import CROP
from heygem.engines.nets import key_point_warp

SIDE = 64


def face() -> Tensor:
    """(1, 131, 2): the mean face in -1..1 of the crop."""
    return torch.from_numpy((mean_face() - np.array(CROP.center, np.float32)) * np.float32(2 / CROP.side))[None]


def identity() -> Tensor:
    axis = (torch.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"))


def test_nothing_moves_where_nothing_has_moved() -> None:
    assert torch.allclose(key_point_warp.flow(face(), face(), SIDE)[0, 0], identity(), atol=1e-5)


def test_a_shifted_face_is_fetched_from_there() -> None:
    shift = torch.tensor([0.1, -0.05])
    assert torch.allclose(
        key_point_warp.flow(face(), face() + shift, SIDE)[0, 0], identity() + shift[:, None, None], atol=1e-4
    )


def test_key_points_come_from_where_they_were() -> None:
    source = face()
    source[:, 36:76, 1] += 0.04 * torch.sin(3 * source[:, 36:76, 0])
    field = key_point_warp.flow(face(), source, SIDE)[:, 0]
    places = face()[:, 36:76].permute(0, 2, 1)[:, :, None]
    fetched = key_point_warp.sample(field, places)[0, :, 0].T
    assert (fetched - source[0, 36:76]).abs().max() < 0.015


def test_lips_that_fall_together_do_not_tear() -> None:
    closed, source = face(), face()
    closed[:, 56:76, 1] = closed[:, 71:72, 1]
    field = key_point_warp.flow(closed, source, SIDE)
    assert torch.isfinite(field).all()
    assert (field[0, 0, 1].diff(dim=0) > -0.02).all()  # hardly anything is turned upside down


def test_several_sources_at_once() -> None:
    sources = torch.stack([face(), face() + 0.1], dim=1)
    both = key_point_warp.flow(face(), sources, SIDE)
    assert torch.allclose(both[:, 1], key_point_warp.flow(face(), face() + 0.1, SIDE)[:, 0], atol=1e-5)
