"""Gives finished files their names: whole or not at all, on disk for sure, and never in place of somebody else's."""

import errno
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final

from heygem.domain.errors import DiskFullError, HeyGemError, OutputPathError

MEBIBYTE: Final = 1024**2
MAX_STEM_BYTES: Final = 200  # a name has at most 255
NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)


def partial_path(final: Path) -> Path:
    """The hidden name, in the same folder, that a file has until it is complete."""
    stem = final.stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore")
    return final.with_name(f".{stem}.partial{final.suffix}")


def publish(finished: Path, final: Path) -> None:
    """Moves `finished` to `final` without ever replacing: FileExistsError where that is there already.

    From another disk it is copied under its partial name first.
    """
    try:
        os.link(finished, final)
    except FileExistsError:
        raise
    except OSError as error:  # a file system without hard links, or another one
        if error.errno == errno.EXDEV:
            finished = _copy_over(finished, final)
        os.close(os.open(final, os.O_CREAT | os.O_EXCL))
        finished.replace(final)
    finished.unlink(missing_ok=True)
    sync(final.parent)


def replace(finished: Path, final: Path) -> None:
    """Moves `finished` to `final` in place of what may be there."""
    sync(finished)
    try:
        finished.replace(final)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(finished, final).replace(final)
    sync(final.parent)


def write_whole(path: Path, data: bytes, is_lasting: bool = True) -> None:
    """Puts `data` in place of what may be there, whoever else writes it at the same time; makes its folder. What is not
    `is_lasting` need not survive a power cut, and is not waited for. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        part.write_bytes(data)
        replace(part, path) if is_lasting else part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def sync(path: Path) -> None:
    """Waits until the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def translate_output_error(path: Path, error: OSError) -> HeyGemError:
    """The domain's error for a failure to write `path`: DiskFullError or OutputPathError."""
    if error.errno in NO_SPACE:
        free = shutil.disk_usage(path.parent).free
        return DiskFullError(path=path, free_mb=free // MEBIBYTE, needed_mb=1)
    return OutputPathError(path=path, reason=error.strerror)


def _copy_over(finished: Path, final: Path) -> Path:
    copy = partial_path(final)
    try:
        shutil.copyfile(finished, copy)
        sync(copy)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    finished.unlink()
    return copy
