"""Reads the published checkpoint of Wav2Lip, never running what a pickle may hold, or a safetensors file of it."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from heygem.domain.errors import WeightsError
from heygem.engines.weights import first_line, load_weights

_WRAPPED: Final = "module."  # before each name where it was trained on several GPUs


def load_checkpoint(path: Path) -> dict[str, Tensor]:
    """The network's tensors by name, on the CPU, in single precision. Raises WeightsError."""
    tensors = load_weights(path) if path.suffix == ".safetensors" else _read_pickle(path)
    return {name.removeprefix(_WRAPPED): tensor for name, tensor in tensors.items()}


def fill(net: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Puts `tensors` into `net`. Raises WeightsError, saying which does not fit; `path` is where they came from."""
    wanted = net.state_dict()
    for name, tensor in wanted.items():
        if (given := tensors.get(name)) is None:
            raise WeightsError(path=str(path), reason=f"no tensor {name}")
        if given.shape != tensor.shape:
            raise WeightsError(path=str(path), reason=f"{name} is {list(given.shape)}, not {list(tensor.shape)}")
    if unknown := next((name for name in tensors if name not in wanted), None):
        raise WeightsError(path=str(path), reason=f"unknown tensor {unknown}")
    net.load_state_dict(tensors)


def _read_pickle(path: Path) -> dict[str, Tensor]:
    """`state_dict` of a checkpoint, or a bare one. Anything that is no tensor or plain value is refused unread."""
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, ValueError, KeyError, AttributeError) as error:
        raise WeightsError(path=str(path), reason=first_line(error)) from error
    tensors = found.get("state_dict", found) if isinstance(found, dict) else None
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in tensors.items()
    ):
        raise WeightsError(path=str(path), reason="no state_dict of tensors")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
