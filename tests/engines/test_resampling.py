"""The quick ways of regrouping pixels give what torch's own functions give."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from heygem.engines.nets.resampling import enlarge, fold, shrink, unfold


@pytest.fixture
def planes() -> Tensor:
    return torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("factor", [1, 2, 4, 6])
def test_enlarging(planes: Tensor, factor: int) -> None:
    usual = functional.interpolate(planes, scale_factor=factor, mode="bilinear", align_corners=False)
    with torch.inference_mode():
        assert torch.allclose(enlarge(planes, factor), usual, atol=1e-6)
    assert torch.allclose(enlarge(planes, factor), usual, atol=1e-6)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_shrinking(planes: Tensor, factor: int) -> None:
    usual = functional.avg_pool2d(planes, factor)
    with torch.inference_mode():
        assert torch.allclose(shrink(planes, factor), usual, atol=1e-6)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
def test_folding_and_back(planes: Tensor, kind: torch.dtype) -> None:
    usual = functional.pixel_unshuffle(planes.to(kind), 2)
    with torch.inference_mode():
        cells = fold(planes, kind)
        back = unfold(cells)
    assert torch.equal(cells, usual)
    assert cells.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(back, planes.to(kind).float())


def test_gradients_pass(planes: Tensor) -> None:
    planes.requires_grad_()
    unfold(fold(shrink(enlarge(planes, 4), 2), torch.float32)).sum().backward()
    assert planes.grad is not None
    assert torch.allclose(planes.grad, torch.full_like(planes, 4.0), atol=1e-5)
