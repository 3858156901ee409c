"""Wav2Lip as it was published, layer by layer, and a checkpoint with random weights in its layout.

Written for comparison, from the published names and shapes alone; shares nothing with the engine.
"""

from functools import cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

# name: inputs, outputs, kernel, stride, padding; "up" for a transposed convolution, "+" for a shortcut around it
LAYERS: Final = """
face_encoder_blocks.0.0 6 16 7 1 3
face_encoder_blocks.1.0 16 32 3 2 1
face_encoder_blocks.1.1 32 32 3 1 1 +
face_encoder_blocks.1.2 32 32 3 1 1 +
face_encoder_blocks.2.0 32 64 3 2 1
face_encoder_blocks.2.1 64 64 3 1 1 +
face_encoder_blocks.2.2 64 64 3 1 1 +
face_encoder_blocks.2.3 64 64 3 1 1 +
face_encoder_blocks.3.0 64 128 3 2 1
face_encoder_blocks.3.1 128 128 3 1 1 +
face_encoder_blocks.3.2 128 128 3 1 1 +
face_encoder_blocks.4.0 128 256 3 2 1
face_encoder_blocks.4.1 256 256 3 1 1 +
face_encoder_blocks.4.2 256 256 3 1 1 +
face_encoder_blocks.5.0 256 512 3 2 1
face_encoder_blocks.5.1 512 512 3 1 1 +
face_encoder_blocks.6.0 512 512 3 1 0
face_encoder_blocks.6.1 512 512 1 1 0
audio_encoder.0 1 32 3 1 1
audio_encoder.1 32 32 3 1 1 +
audio_encoder.2 32 32 3 1 1 +
audio_encoder.3 32 64 3 3,1 1
audio_encoder.4 64 64 3 1 1 +
audio_encoder.5 64 64 3 1 1 +
audio_encoder.6 64 128 3 3 1
audio_encoder.7 128 128 3 1 1 +
audio_encoder.8 128 128 3 1 1 +
audio_encoder.9 128 256 3 3,2 1
audio_encoder.10 256 256 3 1 1 +
audio_encoder.11 256 512 3 1 0
audio_encoder.12 512 512 1 1 0
face_decoder_blocks.0.0 512 512 1 1 0
face_decoder_blocks.1.0 1024 512 3 1 0 up
face_decoder_blocks.1.1 512 512 3 1 1 +
face_decoder_blocks.2.0 1024 512 3 2 1 up
face_decoder_blocks.2.1 512 512 3 1 1 +
face_decoder_blocks.2.2 512 512 3 1 1 +
face_decoder_blocks.3.0 768 384 3 2 1 up
face_decoder_blocks.3.1 384 384 3 1 1 +
face_decoder_blocks.3.2 384 384 3 1 1 +
face_decoder_blocks.4.0 512 256 3 2 1 up
face_decoder_blocks.4.1 256 256 3 1 1 +
face_decoder_blocks.4.2 256 256 3 1 1 +
face_decoder_blocks.5.0 320 128 3 2 1 up
face_decoder_blocks.5.1 128 128 3 1 1 +
face_decoder_blocks.5.2 128 128 3 1 1 +
face_decoder_blocks.6.0 160 64 3 2 1 up
face_decoder_blocks.6.1 64 64 3 1 1 +
face_decoder_blocks.6.2 64 64 3 1 1 +
output_block.0 80 32 3 1 1
"""

ROWS: Final = [line.split() for line in LAYERS.split("\n") if line]


@cache
def random_state() -> dict[str, Tensor]:
    """Weights with which signals neither die nor grow out of bounds on their way."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    state: dict[str, Tensor] = {}
    for name, inputs, outputs, kernel, stride, _, *kind in ROWS:
        n_in, n_out, side = int(inputs), int(outputs), int(kernel)
        met = n_in * side * side / (int(stride) ** 2 if kind == ["up"] else 1)  # inputs of one output
        shape = (n_in, n_out, side, side) if kind == ["up"] else (n_out, n_in, side, side)
        state |= {
            f"{name}.conv_block.0.weight": normal(*shape) * (1.4 / met**0.5),
            f"{name}.conv_block.0.bias": 0.1 * normal(n_out),
            f"{name}.conv_block.1.weight": 0.8 + 0.1 * normal(n_out),
            f"{name}.conv_block.1.bias": 0.1 * normal(n_out),
            f"{name}.conv_block.1.running_mean": 0.1 * normal(n_out),
            f"{name}.conv_block.1.running_var": 1 + 0.2 * normal(n_out).clamp(-2, 2),
            f"{name}.conv_block.1.num_batches_tracked": torch.tensor(7),
        }
    return state | {"output_block.1.weight": 0.2 * normal(3, 32, 1, 1), "output_block.1.bias": 0.1 * normal(3)}


def write_checkpoint(path: Path, state: dict[str, Tensor], is_old: bool = True) -> None:
    """As training left it, in the format of torch before 1.6 if `is_old`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    optimizer = {"state": {0: {"step": 3, "exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    checkpoint = {
        "state_dict": {f"module.{name}": tensor for name, tensor in state.items()},
        "optimizer": optimizer,
        "global_step": 5,
        "global_epoch": 1,
    }
    torch.save(checkpoint, path, _use_new_zipfile_serialization=not is_old)


@torch.inference_mode()
def paint(state: dict[str, Tensor], heard: Tensor, faces: Tensor) -> Tensor:
    """(N, 3, 96, 96) from (N, 1, 80, 16) and (N, 6, 96, 96)."""
    encoded = []
    for block in range(7):
        faces = _run(state, f"face_encoder_blocks.{block}.", faces)
        encoded.append(faces)
    x = _run(state, "audio_encoder.", heard)
    for block in range(7):
        x = torch.cat([_run(state, f"face_decoder_blocks.{block}.", x), encoded.pop()], dim=1)
    x = _run(state, "output_block.0", x)
    return functional.conv2d(x, state["output_block.1.weight"], state["output_block.1.bias"]).sigmoid()


def _run(state: dict[str, Tensor], prefix: str, x: Tensor) -> Tensor:
    for name, _, _, _, stride, padding, *kind in ROWS:
        if not name.startswith(prefix):
            continue
        conv, norm = f"{name}.conv_block.0", f"{name}.conv_block.1"
        weight, bias = state[f"{conv}.weight"], state[f"{conv}.bias"]
        steps = [int(step) for step in stride.split(",")]
        if kind == ["up"]:
            y = functional.conv_transpose2d(
                x, weight, bias, steps, int(padding), output_padding=1 if steps[0] > 1 else 0
            )
        else:
            y = functional.conv2d(x, weight, bias, steps if len(steps) > 1 else steps[0], int(padding))
        mean, variance = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        y = functional.batch_norm(y, mean, variance, state[f"{norm}.weight"], state[f"{norm}.bias"], eps=1e-5)
        x = functional.relu(y + x if kind == ["+"] else y)
    return x
