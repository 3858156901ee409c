"""Writes frames and a voice into an MP4 that appears under its name only once it is complete and checked."""

import errno
import logging
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from heygem.domain.errors import (
    CancelledError,
    DiskFullError,
    EncodeError,
    FaultError,
    FfmpegMissingError,
    HeyGemError,
    MediaError,
    OutputPathError,
)
from heygem.domain.progress import CancelToken
from heygem.media.ffmpeg_command import EncodePlan, encode_command
from heygem.media.ffmpeg_process import FfmpegProcess
from heygem.media.probe import probe_video
from heygem.media.still import Image

logger = logging.getLogger(__name__)

NO_SPACE: Final = ("No space left on device", "Disk quota exceeded")
MEBIBYTE: Final = 1024**2
MAX_STEM_BYTES: Final = 200  # a name has at most 255


class VideoEncoder:
    """Context manager: `write` every frame of the plan, then `finish`. Left in any other way, nothing remains.

    `plan.width` and `plan.height` are those of the frames; odd ones are padded by their last column and row. The
    output folder must exist, the output must not.
    """

    def __init__(self, binary: Path, plan: EncodePlan, cancel: CancelToken | None = None) -> None:
        self._binary = binary
        self._size = (plan.height, plan.width, 3)
        self._padding = (plan.height % 2, plan.width % 2)
        self._final = plan.output.absolute()
        self._partial = partial_path(self._final)
        self._plan = replace(
            plan, output=self._partial, width=plan.width + plan.width % 2, height=plan.height + plan.height % 2
        )
        self._cancel = cancel or CancelToken()
        self._aborted = threading.Event()
        self._written = 0
        self._process: FfmpegProcess | None = None

    def __enter__(self) -> Self:
        self._reserve()
        try:
            self._process = FfmpegProcess(encode_command(self._binary, self._plan), self._check)
        except OSError as error:
            self._partial.unlink(missing_ok=True)
            raise FfmpegMissingError() from error
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._get_process().close()
        self._partial.unlink(missing_ok=True)

    def write(self, frame: Image) -> None:
        """Encodes one (H, W, 3) uint8 BGR frame. Returns within a second once cancelled, by CancelledError.

        Raises ValueError for a frame of another size, DiskFullError or EncodeError when FFmpeg has given up.
        """
        if frame.shape != self._size or frame.dtype != np.uint8:
            raise ValueError(f"frame is {frame.shape} {frame.dtype}, not {self._size} uint8")
        bottom, right = self._padding
        if bottom or right:
            frame = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
        try:
            self._get_process().write(np.ascontiguousarray(frame).data.cast("B"))
        except BrokenPipeError as error:
            self._get_process().finish()
            raise self._failure() from error
        self._written += 1

    def finish(self) -> Path:
        """Waits for the last frame, checks the file and gives it its name: the path of the output.

        Raises DiskFullError or EncodeError, CancelledError, or OutputPathError when the name has been taken meanwhile.
        """
        if self._get_process().finish() != 0:
            raise self._failure()
        self._verify()
        _sync(self._partial)
        try:
            publish(self._partial, self._final)
        except OSError as error:
            raise _output_error(self._final, error) from error
        return self._final

    def abort(self) -> None:
        """Ends the encoding at once, from any thread: a `write` that waits raises CancelledError."""
        self._aborted.set()
        if self._process:
            self._process.kill()

    def _get_process(self) -> FfmpegProcess:
        if self._process is None:
            raise RuntimeError("the encoder is used outside its with block")
        return self._process

    def _check(self) -> None:
        self._cancel.check()
        if self._aborted.is_set():
            raise CancelledError()

    def _reserve(self) -> None:
        if self._final.exists():
            raise OutputPathError(path=self._final, reason=os.strerror(errno.EEXIST))
        try:
            self._partial.write_bytes(b"")
        except OSError as error:
            raise _output_error(self._final, error) from error

    def _verify(self) -> None:
        try:
            found = probe_video(self._partial).frame_count
        except MediaError as error:
            raise EncodeError(reason=str(error)) from error
        if found != self._written or found != self._plan.frame_count:
            raise EncodeError(
                reason=f"{found} frames in the file, {self._written} written, {self._plan.frame_count} planned"
            )

    def _failure(self) -> HeyGemError:
        if self._aborted.is_set() or self._cancel.is_cancelled:
            return CancelledError()
        process = self._get_process()
        words = process.last_words() or f"exit status {process.exit_status}"
        logger.error("FFmpeg failed after %d frames: %s", self._written, words)
        return self._disk_full() if any(phrase in words for phrase in NO_SPACE) else EncodeError(reason=words)

    def _disk_full(self) -> FaultError:
        """With what is free, and what the rest of the film would need going by what has been written, in MiB."""
        size = self._partial.stat().st_size if self._partial.exists() else 0
        needed = size / max(1, self._written) * max(1, self._plan.frame_count)
        free = shutil.disk_usage(self._final.parent).free + size
        return DiskFullError(path=self._final, free_mb=free // MEBIBYTE, needed_mb=max(1, round(needed / MEBIBYTE)))


def partial_path(final: Path) -> Path:
    """The hidden name, in the same folder, that the output has until it is complete."""
    stem = final.stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore")
    return final.with_name(f".{stem}.partial{final.suffix}")


def publish(partial: Path, final: Path) -> None:
    """Renames without ever replacing: FileExistsError where `final` is there already."""
    try:
        os.link(partial, final)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(final, os.O_CREAT | os.O_EXCL))
        partial.replace(final)
    partial.unlink(missing_ok=True)
    _sync(final.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _output_error(path: Path, error: OSError) -> HeyGemError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(path.parent).free
        return DiskFullError(path=path, free_mb=free // MEBIBYTE, needed_mb=1)
    return OutputPathError(path=path, reason=error.strerror)
