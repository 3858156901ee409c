"""Removes what is of no use any more: temporary files by age, and what jobs of the shell that died have left.

Each sweep keeps to the folder that it is given, follows no link, and leaves what it cannot remove to the next one.
"""

import logging
import os
import shutil
from collections.abc import Container, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from heygem.pipeline.job_folder import SHELL_PREFIX

log = logging.getLogger(__name__)

PART_SUFFIX: Final = ".part"
QUIET: Final = timedelta(days=1)  # longer than any job at work leaves its folder untouched
EMPTY: Final = timedelta(hours=1)  # a new folder's first file may be on its way


def sweep_files(
    folder: Path,
    max_age: timedelta,
    now: datetime,
    max_bytes: int | None = None,
    fresh: timedelta = timedelta(0),
    spared: Container[str] = (),
) -> int:
    """Removes files older than `max_age`, then the oldest until `max_bytes` are left, then empty folders.

    Files younger than `fresh` stay however many there are, and so do those whose real path is `spared`. Returns the
    bytes that went. Several processes may sweep and use one folder.
    """
    files = sorted((_age_first(path) for path in _walk(folder)), reverse=True)
    oldest_s, fresh_s = (now - max_age).timestamp(), (now - fresh).timestamp()
    kept_bytes = freed_bytes = 0
    for changed_s, size, path in files:
        kept_bytes += size
        is_over = max_bytes is not None and kept_bytes > max_bytes and changed_s <= fresh_s
        if (changed_s < oldest_s or is_over) and os.path.realpath(path) not in spared and _unlink(path):
            freed_bytes += size
    _drop_empty(folder, (now - EMPTY).timestamp())
    return freed_bytes


def sweep_parts(models: Path, max_age: timedelta, now: datetime) -> None:
    """Removes unfinished downloads below `models` that nothing has come to for so long, with their journals."""
    oldest_s = (now - max_age).timestamp()
    for part in [path for path in _walk(models) if path.suffix == PART_SUFFIX]:
        journal = part.with_name(f"{part.name}.jsonl")
        if max(_age_first(path)[0] for path in (part, journal) if path.exists()) < oldest_s:
            log.info("%s is removed: nobody has gone on with this download", part)
            journal.unlink(missing_ok=True)  # first: bytes of which no journal tells are fetched anew
            _unlink(part)


def sweep_shell_folders(outputs: Path, now: datetime) -> int:
    """Removes folders of shell jobs that died QUIET ago below `outputs`; how many."""
    oldest_s = (now - QUIET).timestamp()
    dead = [folder for folder in _find_shell_folders(outputs) if _newest_s(folder) < oldest_s]
    for folder in dead:
        log.info("%s is removed: its job died", folder)
        shutil.rmtree(folder, ignore_errors=True)
    return len(dead)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent) / name for name in names)


def _age_first(path: Path) -> tuple[float, int, Path]:
    """When it changed, its bytes, and itself; one that has gone this moment counts as new and empty."""
    try:
        status = path.lstat()
    except OSError:
        return float("inf"), 0, path
    return status.st_mtime, status.st_size, path


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:  # in use, gone already, or not ours
        return False
    return True


def _drop_empty(folder: Path, oldest_s: float) -> None:
    """All folders below it that have had nothing in them since `oldest_s`."""
    for parent, names, _ in os.walk(folder, topdown=False):
        for path in (Path(parent) / name for name in names):
            with suppress(OSError):  # something has come into it, or it is a link
                if path.lstat().st_mtime < oldest_s:
                    path.rmdir()


def _find_shell_folders(outputs: Path) -> Iterator[Path]:
    for parent, names, _ in os.walk(outputs):
        yield from (Path(parent) / name for name in names if _is_shell_folder(Path(parent) / name))
        names[:] = [name for name in names if not name.startswith(".")]


def _is_shell_folder(path: Path) -> bool:
    return path.name.startswith(SHELL_PREFIX) and not path.is_symlink()


def _newest_s(folder: Path) -> float:
    return max(_age_first(path)[0] for path in (folder, *_walk(folder)))
