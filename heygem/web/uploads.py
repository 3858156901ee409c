"""Where uploads lie, and how long gradio keeps those of its own run; the housekeeping sweeps what others left."""

from pathlib import Path
from typing import Final

MAX_BYTES: Final = 4 * 1024**3
MAX_AGE_S: Final = 24 * 3600  # a job must have begun by then
SWEEP_EVERY_S: Final = 3600


def uploads_folder(cache: Path) -> Path:
    return cache / "uploads"
