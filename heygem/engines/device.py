"""Chooses what the networks run on."""

import torch


def choose_device(wanted: str = "auto") -> torch.device:
    """The device called `wanted`, or for "auto" the first of CUDA, Apple's MPS and the CPU that is there."""
    if wanted != "auto":
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
