"""Finds an FFmpeg that can encode H.264, and finds out whether the GPU can do it."""

import logging
import shutil
import subprocess
from pathlib import Path
from typing import Final

import imageio_ffmpeg

from heygem.domain.errors import FfmpegMissingError
from heygem.media.ffmpeg_command import NVENC_CODEC, nvenc_trial_command

logger = logging.getLogger(__name__)

SOFTWARE_CODEC: Final = "libx264"
LISTING_TIMEOUT_S: Final = 20.0
TRIAL_TIMEOUT_S: Final = 15.0


def find_ffmpeg() -> Path:
    """The system's FFmpeg where it has libx264, or else the one that comes with imageio-ffmpeg.

    Raises FfmpegMissingError.
    """
    system = shutil.which("ffmpeg")
    if system and _has_encoder(Path(system), SOFTWARE_CODEC):
        return Path(system)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FfmpegMissingError() from error


def read_version(binary: Path) -> str:
    """The first line of what it says of itself, empty where it does not run."""
    return (_run([str(binary), "-version"], LISTING_TIMEOUT_S) or "").partition("\n")[0]


def choose_encoder(binary: Path, timeout_s: float = TRIAL_TIMEOUT_S) -> str:
    """`h264_nvenc` where a trial on the GPU succeeds within `timeout_s`, else `libx264`. Takes a moment: ask once."""
    return NVENC_CODEC if _succeeds(nvenc_trial_command(binary), timeout_s) else SOFTWARE_CODEC


def _has_encoder(binary: Path, name: str) -> bool:
    return name in (_run([str(binary), "-hide_banner", "-encoders"], LISTING_TIMEOUT_S) or "")


def _succeeds(command: list[str], timeout_s: float) -> bool:
    return _run(command, timeout_s) is not None


def _run(command: list[str], timeout_s: float) -> str | None:
    """What the command prints, None where it fails, is not there or takes too long."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=True,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError) as error:
        logger.info("%s does not run here: %s", command[0], error)
        return None
    return done.stdout
