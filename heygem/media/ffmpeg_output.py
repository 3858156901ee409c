"""One file made by one FFmpeg, which appears under its name only once it is complete and checked."""

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from heygem.domain.errors import CancelledError, DiskFullError, EncodeError, FfmpegMissingError, HeyGemError
from heygem.domain.progress import CancelToken
from heygem.media.ffmpeg_process import FfmpegProcess
from heygem.media.publish import MEBIBYTE, partial_path, replace, translate_output_error

logger = logging.getLogger(__name__)

NO_SPACE: Final = ("No space left on device", "Disk quota exceeded")


class FfmpegOutput:
    """Context manager: FFmpeg runs within it. Left before `finish` has returned, nothing remains.

    `build_command` is told where to write. A file that has the name already is replaced at the end.
    """

    def __init__(
        self, output: Path, build_command: Callable[[Path], list[str]], cancel: CancelToken | None = None
    ) -> None:
        self._output = output.absolute()
        self._partial = partial_path(self._output)
        self._command = build_command(self._partial)
        self._cancel = cancel or CancelToken()
        self._aborted = threading.Event()
        self._process: FfmpegProcess | None = None

    def __enter__(self) -> Self:
        try:
            # What an ended process of ours left under that name may still be written to: never open it again.
            self._partial.unlink(missing_ok=True)
            self._partial.touch(exist_ok=False)
        except OSError as error:
            raise translate_output_error(self._output, error) from error
        try:
            self._process = FfmpegProcess(self._command, self._check)
        except OSError as error:
            self._partial.unlink(missing_ok=True)
            raise FfmpegMissingError() from error
        return self

    def __exit__(self, *_: object) -> None:
        self._get_process().close()
        self._partial.unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        return self._get_process().pid

    def write(self, data: memoryview) -> None:
        """Feeds FFmpeg. Returns within a second once cancelled, by CancelledError.

        Raises DiskFullError or EncodeError when FFmpeg has given up.
        """
        try:
            self._get_process().write(data)
        except BrokenPipeError as error:
            self._get_process().finish()
            raise self._failure() from error

    def finish(self, inspect: Callable[[Path], None]) -> Path:
        """Waits for the rest, has the file looked at by `inspect`, which may raise, and gives it its name.

        Raises DiskFullError or EncodeError, CancelledError, or OutputPathError.
        """
        if self._get_process().finish() != 0:
            raise self._failure()
        inspect(self._partial)
        try:
            replace(self._partial, self._output)
        except OSError as error:
            raise translate_output_error(self._output, error) from error
        return self._output

    def check(self) -> None:
        """Raises as `write` does where FFmpeg has failed already."""
        if self._get_process().exit_status:
            self._get_process().finish()
            raise self._failure()

    def abort(self) -> None:
        """Ends FFmpeg at once, from any thread: a `write` that waits raises CancelledError."""
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

    def _failure(self) -> HeyGemError:
        if self._aborted.is_set() or self._cancel.is_cancelled:
            return CancelledError()
        process = self._get_process()
        words = process.last_words() or f"exit status {process.exit_status}"
        logger.error("FFmpeg failed: %s", words)
        return self._disk_full() if any(phrase in words for phrase in NO_SPACE) else EncodeError(reason=words)

    def _disk_full(self) -> DiskFullError:
        """With what is free once the half-made file is gone, and what it had come to, in MiB."""
        size = self._partial.stat().st_size if self._partial.exists() else 0
        free = shutil.disk_usage(self._output.parent).free + size
        return DiskFullError(path=self._output, free_mb=free // MEBIBYTE, needed_mb=size // MEBIBYTE + 1)
