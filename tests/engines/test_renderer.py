"""What is painted in the box, in parts or at the size that is trained at, is what is painted of the whole crop."""

import pytest
import torch
from torch import Tensor

from heygem.engines.mouth_drawing import hidden_mask
from heygem.engines.nets.renderer import FLOW_SIDE, REFERENCES, WHOLE, Box, Plan, Renderer, fetch, mix
from heygem.engines.nets.resampling import enlarge

SIDE = 2 * FLOW_SIDE
BATCH = 2


@pytest.fixture(scope="module")
def net() -> Renderer:
    torch.manual_seed(3)
    return Renderer(torch.from_numpy(hidden_mask()), width=16)


def pictures(channels: int, side: int, seed: int) -> Tensor:
    """Smooth noise in about -1..1."""
    noise = torch.randn(BATCH, channels, FLOW_SIDE // 4, FLOW_SIDE // 4, generator=torch.Generator().manual_seed(seed))
    return enlarge(noise, side * 4 // FLOW_SIDE) / 2


def moved_fields() -> Tensor:
    """(B, R, 2, FLOW_SIDE, FLOW_SIDE): near where each point is."""
    axis = (torch.arange(FLOW_SIDE) + 0.5) * (2 / FLOW_SIDE) - 1
    still = torch.stack(torch.meshgrid(axis, axis, indexing="xy"))
    moves = torch.cat([pictures(2, FLOW_SIDE, seed) for seed in range(REFERENCES)], dim=1)
    return still + 0.05 * moves.unflatten(1, (REFERENCES, 2))


def test_the_box_reaches_all_that_is_hidden(net: Renderer) -> None:
    box = Box.around(net.hidden[0, 0])
    outside = net.hidden.clone()
    box.cut(outside).zero_()
    assert not outside.any()
    assert 0 < box.left < box.right < FLOW_SIDE
    rim = box.cut(net.hidden)[0, 0]
    assert not torch.cat([rim[:2].flatten(), rim[-2:].flatten(), rim[:, :2].flatten(), rim[:, -2:].flatten()]).any()


def test_a_box_at_the_rim_of_the_crop_stays_inside() -> None:
    assert Box.around(torch.ones(SIDE, SIDE)) == WHOLE


@pytest.mark.parametrize("scale", [1, 2])
def test_the_box_alone_is_painted_as_the_whole_is(net: Renderer, scale: int) -> None:
    size = scale * SIDE
    face, hidden = pictures(3, size, 1), enlarge(net.hidden, scale)
    references = [pictures(3, size, seed) for seed in (2, 3, 4)]
    shares = pictures(REFERENCES - 1, SIDE, 6).abs() / 4
    plan = Plan(moved_fields(), pictures(3, SIDE, 5), shares)
    box = Box.around(net.hidden[0, 0])
    with torch.inference_mode():
        whole = mix(plan, face, fetch(plan.fields, references), hidden)
        part = mix(plan, face, fetch(plan.fields, references, box), hidden, box)
    assert torch.allclose(part, box.cut(whole), atol=1e-5)
    untouched = whole.clone()
    box.cut(untouched).copy_(box.cut(face))
    assert torch.equal(untouched, face)


def test_what_is_trained_is_what_is_run(net: Renderer) -> None:
    face, drawing = pictures(3, SIDE, 1), pictures(3, SIDE, 2).abs()
    references = torch.stack([pictures(4, SIDE, seed) for seed in (3, 4, 5)], dim=1)
    trained = net(face, drawing, references, moved_fields())
    box = Box.around(net.hidden[0, 0])
    with torch.inference_mode():
        plan = net.plan(face, drawing, references.unbind(1), moved_fields())
        fetched = fetch(plan.fields, references[:, :, :3].unbind(1), box)
        image = mix(plan, face, fetched, net.hidden, box)
    assert torch.allclose(image, box.cut(trained.image), atol=1e-4)
    assert trained.fetched.shape == (BATCH, REFERENCES, 3, SIDE, SIDE)
    assert trained.mended.shape == face.shape
    trained.image.sum().backward()
    assert all(weight.grad is not None for weight in net.parameters())


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_paints_the_same(net: Renderer, kind: torch.dtype) -> None:
    face, drawing = pictures(3, SIDE, 1), pictures(3, SIDE, 2).abs()
    references = [pictures(4, SIDE, seed) for seed in (3, 4, 5)]
    half = Renderer(net.hidden[0, 0], width=16)
    half.load_state_dict(net.state_dict())
    half.to(kind).hidden = net.hidden
    with torch.inference_mode():
        exact, rough = (each.plan(face, drawing, references, moved_fields()) for each in (net, half))
    assert torch.allclose(exact.mended, rough.mended, atol=0.03)
    assert torch.allclose(exact.fields, rough.fields, atol=0.01)
    assert torch.allclose(exact.others, rough.others, atol=0.03)
