"""What is known of a job's inputs before it runs, and of its output afterwards."""

from dataclasses import dataclass
from enum import StrEnum


class MediaKind(StrEnum):
    PERSON = "person"
    VOICE = "voice"


class MediaWarning(StrEnum):
    """What is worth saying of an input that can be used all the same."""

    SEVERAL_FACES = "several_faces"
    FACE_IN_PART = "face_in_part"
    SMALL_FACE = "small_face"
    LOW_RESOLUTION = "low_resolution"
    VARIABLE_RATE = "variable_rate"
    SHORT_VIDEO = "short_video"
    QUIET_VOICE = "quiet_voice"
    CLIPPED_VOICE = "clipped_voice"
    MOSTLY_SILENT = "mostly_silent"


class QualityProblem(StrEnum):
    """What can be wrong with an output that was made without an error."""

    WRONG_LENGTH = "wrong_length"
    LITTLE_FACE = "little_face"
    STILL_MOUTH = "still_mouth"
    RESTLESS_MOUTH = "restless_mouth"
    BLACK_FRAMES = "black_frames"
    FROZEN_MOUTH = "frozen_mouth"


@dataclass(frozen=True)
class Inspection:
    """One input looked at. Of a person: size, `frame_rate`, `face_share` and `faces`; of a voice: levels.

    `face_share` is the part of the sampled frames with a face, 0..1, and `faces` the most seen at once. `level_db` is
    the loudness of what is spoken (dBFS, RMS), `silent_share` the part of the voice that is silence. `thumbnail` is a
    JPEG. `warnings` are keys of [warning] in strings.toml.
    """

    kind: MediaKind
    sha256: str = ""
    duration_s: float = 0.0
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    frame_count: int = 0
    is_photo: bool = False
    face_share: float = 0.0
    faces: int = 0
    level_db: float = 0.0
    silent_share: float = 0.0
    thumbnail: bytes = b""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preflight:
    """What a job is expected to take, from the inspections of its two inputs."""

    frame_count: int
    duration_s: float
    expected_s: float
    expected_bytes: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class QualityReport:
    """An output looked at again. `problems` are keys of [quality] in strings.toml; empty where all is well.

    `face_share` is the part of the frames that was repainted. What follows is of `looked_at` frames spread over the
    output. `speech_motion` and `silence_motion` are the standard deviation of the mouth's opening while the voice
    speaks and while it is silent, in distances between the outer eye corners; None where there was nothing to measure.
    `frozen_frames` have the very mouth of the frame before while the voice speaks.
    """

    frame_count: int
    duration_s: float
    face_share: float
    speech_motion: float | None = None
    silence_motion: float | None = None
    black_frames: int = 0
    frozen_frames: int = 0
    looked_at: int = 0
    problems: tuple[str, ...] = ()
