"""Writes frames into an MP4 without sound: a film, or a stretch of one that is joined with others."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from heygem.domain.errors import EncodeError, MediaError
from heygem.domain.progress import CancelToken
from heygem.media.ffmpeg_command import EncodePlan, encode_command
from heygem.media.ffmpeg_output import FfmpegOutput
from heygem.media.probe import probe_video
from heygem.media.still import Image


class VideoEncoder:
    """Context manager: `write` every frame of the plan, then `finish`. Left in any other way, nothing remains.

    `plan.width` and `plan.height` are those of the frames; odd ones are padded by their last column and row. The
    output's folder must exist.
    """

    def __init__(self, binary: Path, plan: EncodePlan, cancel: CancelToken | None = None) -> None:
        self._size = (plan.height, plan.width, 3)
        self._padding = (plan.height % 2, plan.width % 2)
        self._frame_count = plan.frame_count
        even = replace(plan, width=plan.width + plan.width % 2, height=plan.height + plan.height % 2)
        self._output = FfmpegOutput(
            plan.output, lambda path: encode_command(binary, replace(even, output=path)), cancel
        )
        self._written = 0
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        self._opened.enter_context(self._output)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def pid(self) -> int:
        """FFmpeg's, which is its process group's too."""
        return self._output.pid

    def write(self, frame: Image) -> None:
        """Encodes one (H, W, 3) uint8 BGR frame. Raises ValueError for one of another size, else as FfmpegOutput."""
        if frame.shape != self._size or frame.dtype != np.uint8:
            raise ValueError(f"frame is {frame.shape} {frame.dtype}, not {self._size} uint8")
        bottom, right = self._padding
        if bottom or right:
            frame = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
        self._output.write(np.ascontiguousarray(frame).data.cast("B"))
        self._written += 1

    def finish(self) -> Path:
        """Waits for the last frame, counts the frames in the file and gives it its name. Raises as FfmpegOutput."""
        return self._output.finish(self._count)

    def abort(self) -> None:
        """Ends the encoding at once, from any thread: a `write` that waits raises CancelledError."""
        self._output.abort()

    def _count(self, path: Path) -> None:
        if self._written != self._frame_count:
            raise EncodeError(reason=f"{self._written} frames written, {self._frame_count} planned")
        check_frames(path, self._frame_count)


def check_frames(path: Path, frame_count: int) -> None:
    """Raises EncodeError unless the video has just so many frames."""
    try:
        found = probe_video(path).frame_count
    except MediaError as error:
        raise EncodeError(reason=str(error)) from error
    if found != frame_count:
        raise EncodeError(reason=f"{found} frames in the file, {frame_count} planned")
