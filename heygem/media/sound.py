"""Encodes a voice whole, once, beside the picture of its film."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Self, TypeVar

from heygem.domain.errors import EncodeError, MediaError
from heygem.domain.media import AudioFacts
from heygem.domain.progress import CancelToken
from heygem.media.ffmpeg_command import sound_command
from heygem.media.ffmpeg_output import FfmpegOutput
from heygem.media.probe import probe_audio

T = TypeVar("T")


class SoundEncoder:
    """Context manager: the sound, `duration_s` long, is made within it, unless `output` is there already.

    Left before `finish` has returned, nothing half-made remains.
    """

    def __init__(
        self, binary: Path, voice: AudioFacts, duration_s: Fraction, output: Path, cancel: CancelToken | None = None
    ) -> None:
        self._is_made = output.exists()
        self._output = FfmpegOutput(output, lambda path: sound_command(binary, voice, duration_s, path), cancel)
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        if not self._is_made:
            self._opened.enter_context(self._output)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def watch(self, items: Iterable[T]) -> Iterator[T]:
        """`items`, ended by DiskFullError or EncodeError as soon as the sound cannot be made."""
        for item in items:
            if not self._is_made:
                self._output.check()
            yield item

    def finish(self) -> None:
        """Waits for the end of the sound. Raises as FfmpegOutput."""
        if not self._is_made:
            self._output.finish(_check)


def _check(path: Path) -> None:
    try:
        probe_audio(path)
    except MediaError as error:
        raise EncodeError(reason=str(error)) from error
