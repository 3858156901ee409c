"""Where uploads lie, and the end of those that an earlier run left there: gradio only forgets its own run's."""

import time
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 4 * 1024**3
MAX_AGE_S: Final = 24 * 3600  # a job must have begun by then
SWEEP_EVERY_S: Final = 3600


def uploads_folder(cache: Path) -> Path:
    return cache / "uploads"


def sweep_uploads(folder: Path, now_s: float | None = None) -> None:
    """Deletes files that are older than MAX_AGE_S, and folders with nothing in them. Another server may share them."""
    oldest_s = (time.time() if now_s is None else now_s) - MAX_AGE_S
    for path in sorted(folder.rglob("*"), reverse=True):
        try:
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.lstat().st_mtime < oldest_s:
                path.unlink()
        except OSError:  # in use, gone already, or not ours: the next start tries again
            continue
