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


def describe_device(device: torch.device) -> str:
    """For people: the graphics card's name and memory, or the number of CPU threads that torch uses."""
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        return f"{card.name}, {card.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
    if device.type == "mps":
        return "Apple GPU (MPS)"
    return f"CPU, {torch.get_num_threads()} threads"


def name_device(device: torch.device) -> str:
    """For records: the graphics card's name, or `cpu`."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


def list_devices() -> list[str]:
    """The names of all that can render at the same time: each CUDA device, or the one that is there."""
    if torch.cuda.is_available():
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [str(choose_device())]


if __name__ == "__main__":
    print(*list_devices(), sep="\n")
