"""Runs a command and samples the memory of it and of all its children."""

import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psutil

SAMPLE_EVERY_S: Final = 0.05


@dataclass(frozen=True)
class Measured:
    """`peak_bytes` is the largest sum of the resident sizes that was sampled; shared pages count once per process."""

    stdout: str
    seconds: float
    peak_bytes: int


def run_measured(command: Sequence[str]) -> Measured:
    """Raises CalledProcessError, with what the command wrote to stderr, where it fails."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ended, peaks = threading.Event(), [0]

    def sample() -> None:
        while not ended.wait(SAMPLE_EVERY_S):
            peaks[0] = max(peaks[0], tree_bytes(process.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    stdout, stderr = process.communicate()
    seconds = time.monotonic() - began
    ended.set()
    sampler.join()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, list(command), stdout, stderr)
    return Measured(stdout, seconds, peaks[0])


def tree_bytes(root: int) -> int:
    """The resident sizes of process `root` and of its descendants, added up."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(root)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                total += each.memory_info().rss
    return total
