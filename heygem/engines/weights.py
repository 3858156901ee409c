"""Reads and writes network weights: safetensors files, half precision on disk, single precision in memory.

Knows nothing of the networks; their names, versions and configurations travel in the file's metadata.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from heygem.domain.errors import WeightsError

ID_DIGITS: Final = 12


def load_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file on the CPU, those in half precision widened to float32.

    Raises WeightsError where the file is missing or damaged.
    """
    with _open(path) as file:
        return {name: _widen(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 - no mapping


def read_metadata(path: Path) -> dict[str, Any]:
    """What `save_weights` was told: name, version, config; values are decoded from JSON where they are JSON.

    Raises WeightsError as `load_weights` does.
    """
    with _open(path) as file:
        return {key: _decode(value) for key, value in (file.metadata() or {}).items()}


def identify_weights(*paths: Path) -> str:
    """A short name for these very weights: 12 digits of the SHA-256 of the files. Raises WeightsError."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)
        except OSError as error:
            raise WeightsError(path=str(path), reason=str(error)) from error
    return digest.hexdigest()[:ID_DIGITS]


def save_weights(path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write `weights` to `path` at once, floats as float16; `metadata` is encoded as JSON, a value at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    narrow = {name: _narrow(tensor) for name, tensor in weights.items()}
    save_file(narrow, part, {key: json.dumps(value) for key, value in metadata.items()})
    part.chmod(0o644)  # safetensors makes it the owner's alone
    part.replace(path)


@contextmanager
def filled_from(path: Path) -> Iterator[None]:
    """For building a network and filling it with the weights in `path`: WeightsError where the two do not fit."""
    try:
        yield
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(path=str(path), reason=first_line(error)) from error


def first_line(error: Exception) -> str:
    """Of what it says, or else its kind."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise WeightsError(path=str(path), reason=str(error)) from error


def _widen(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _narrow(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu()
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()


def _decode(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
