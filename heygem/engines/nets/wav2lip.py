"""The network of Wav2Lip with the names and shapes of its published checkpoint, built from a table of its layers.

Source: Prajwal et al., A lip sync expert is all you need for speech to lip generation in the wild, 2020.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

SIDE: Final = 96  # pixels of a face
BANDS: Final = 80
WINDOW: Final = 16  # rows of the spectrum that one face is painted from


@dataclass(frozen=True)
class Step:
    """A convolution to `width` channels, then `residuals` 3x3 ones with a shortcut; `grows` where it is transposed."""

    width: int
    kernel: int = 3
    stride: int | tuple[int, int] = 1
    padding: int = 1
    residuals: int = 0
    grows: bool = False


Steps: TypeAlias = tuple[Step, ...]

_TO_ONE: Final = Step(512, padding=0)  # 3 x 3 to a single place
_MIX: Final = Step(512, kernel=1, padding=0)

# Each line of faces is a block: sides of 96, 48, 24, 12, 6, 3 and 1, and back.
_FACE_ENCODER: Final[tuple[Steps, ...]] = (
    (Step(16, kernel=7, padding=3),),
    (Step(32, stride=2, residuals=2),),
    (Step(64, stride=2, residuals=3),),
    (Step(128, stride=2, residuals=2),),
    (Step(256, stride=2, residuals=2),),
    (Step(512, stride=2, residuals=1),),
    (_TO_ONE, _MIX),
)
_AUDIO_ENCODER: Final[Steps] = (
    Step(32, residuals=2),
    Step(64, stride=(3, 1), residuals=2),
    Step(128, stride=3, residuals=2),
    Step(256, stride=(3, 2), residuals=1),
    _TO_ONE,
    _MIX,
)
_FACE_DECODER: Final[tuple[Steps, ...]] = (
    (_MIX,),
    (Step(512, padding=0, residuals=1, grows=True),),
    *((Step(width, stride=2, residuals=2, grows=True),) for width in (512, 384, 256, 128, 64)),
)
_PAINTED: Final = 32  # channels before the last, 1x1 convolution


class Block(nn.Module):
    """Convolution and batch norm, with a shortcut around both if `is_residual`, then a ReLU."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d, is_residual: bool = False) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels))
        self._is_residual = is_residual

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv_block(x)
        return (y.add_(x) if self._is_residual else y).relu_()

    def fold(self) -> None:
        """For inference: the batch norm goes into the convolution."""
        conv: Any = self.conv_block[0]
        norm: Any = self.conv_block[1]
        fused = fuse_conv_bn_eval(conv, norm, transpose=isinstance(conv, nn.ConvTranspose2d))
        self.conv_block = nn.Sequential(fused)


class Wav2LipNet(nn.Module):
    """36 million weights: faces with their lower halves hidden, and what is heard, to whole faces."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks, widths = _build_blocks(_FACE_ENCODER, 6)
        self.audio_encoder = nn.Sequential(*_build(_AUDIO_ENCODER, 1))
        # Every block of the decoder is met by the encoder's block of the same side.
        shortcuts = dict(enumerate(reversed(widths)))
        self.face_decoder_blocks, painted = _build_blocks(_FACE_DECODER, _AUDIO_ENCODER[-1].width, shortcuts)
        last = painted[-1] + widths[0]
        self.output_block = nn.Sequential(
            Block(nn.Conv2d(last, _PAINTED, 3, padding=1)), nn.Conv2d(_PAINTED, 3, 1), nn.Sigmoid()
        )

    def forward(self, heard: Tensor, faces: Tensor) -> Tensor:
        """Faces (N, 3, 96, 96) BGR in 0..1.

        heard  (N, 1, 80, 16) in -4..4
        faces  (N, 6, 96, 96) in 0..1: a face with its lower half black, then one of the same person, both BGR
        """
        seen = []
        for block in self.face_encoder_blocks:
            faces = block(faces)
            seen.append(faces)
        x = self.audio_encoder(heard)
        for block, face in zip(self.face_decoder_blocks, reversed(seen), strict=True):
            x = torch.cat([block(x), face], dim=1)
        painted: Tensor = self.output_block(x)
        return painted

    def fold(self) -> None:
        """Ready for inference alone, and faster at it: without batch norms, its weights with the channels last."""
        self.eval().requires_grad_(False)
        for module in self.modules():
            if isinstance(module, Block):
                module.fold()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from its stubs


def _build_blocks(
    table: tuple[Steps, ...], inputs: int, shortcuts: Mapping[int, int] | None = None
) -> tuple[nn.ModuleList, list[int]]:
    """The blocks and how many channels each gives; `shortcuts` says how many more the one after each gets."""
    blocks, widths = nn.ModuleList(), []
    for number, steps in enumerate(table):
        blocks.append(nn.Sequential(*_build(steps, inputs)))
        widths.append(steps[-1].width)
        inputs = widths[-1] + (shortcuts or {}).get(number, 0)
    return blocks, widths


def _build(steps: Steps, inputs: int) -> Iterator[Block]:
    for step in steps:
        more: dict[str, Any] = {"stride": step.stride, "padding": step.padding}
        if step.grows:
            more["output_padding"] = int(step.stride != 1)  # so that a side of 3 becomes one of 6
        layer = nn.ConvTranspose2d if step.grows else nn.Conv2d
        yield Block(layer(inputs, step.width, step.kernel, **more))
        for _ in range(step.residuals):
            yield Block(nn.Conv2d(step.width, step.width, 3, padding=1), is_residual=True)
        inputs = step.width
