"""Facts about media files, as probing finds them. Knows nothing of how they are read."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path


class Transfer(StrEnum):
    """How a video codes light: standard range, or one of the two HDR curves of ITU-R BT.2100."""

    SDR = "sdr"
    PQ = "pq"
    HLG = "hlg"


@dataclass(frozen=True)
class VideoFacts:
    """A person's video or photo. Sizes are those of the upright picture, after the rotation flag has been obeyed."""

    path: Path
    width: int
    height: int
    frame_rate: Fraction  # of the output; the mean rate where the source's is variable
    frame_count: int  # at `frame_rate`; 1 for a photo
    is_photo: bool = False
    is_variable_rate: bool = False
    rotation: int = 0  # degrees clockwise that the stored picture must be turned: 0, 90, 180 or 270
    sample_aspect_ratio: Fraction = Fraction(1)
    transfer: Transfer = Transfer.SDR
    codec: str = ""
    is_mirrored: bool = False  # whether left and right must be swapped after turning

    @property
    def duration_s(self) -> float:
        return float(self.frame_count / self.frame_rate)


@dataclass(frozen=True)
class AudioFacts:
    """A voice: the first or default sound track of a file."""

    path: Path
    sample_rate: int  # Hz
    channels: int
    duration_s: float
    stream_index: int = 0  # among the file's sound tracks
    codec: str = ""


@dataclass(frozen=True)
class TimeRange:
    """A stretch of a video, the end exclusive."""

    start_s: float
    end_s: float

    def timecode(self) -> str:
        """`M:SS.cc-M:SS.cc`, with hours where there are any."""
        return f"{_timecode(self.start_s)}-{_timecode(self.end_s)}"


def _timecode(seconds: float) -> str:
    centis = round(seconds * 100)
    hours, rest = divmod(centis, 360_000)
    minutes, rest = divmod(rest, 6_000)
    clock = (
        f"{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"
        if hours
        else f"{minutes}:{rest // 100:02d}.{rest % 100:02d}"
    )
    return f"{hours}:{clock}" if hours else clock
