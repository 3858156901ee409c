"""What a job is going to make and take, by arithmetic on facts that are known of its inputs. Opens no file."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from heygem.domain.inspection import Inspection, Preflight
from heygem.domain.job import EngineName

_BITS_PER_PIXEL: Final = 0.2  # H.264 at CRF 18, on the generous side
_SOUND_BYTES_PER_S: Final = 24_000
COPIES: Final = 2  # of an output that the disk holds for a moment: its parts, and what they are joined to


@dataclass(frozen=True)
class PaceModel:
    """Seconds that the parts of a job take. What ends in `_mp` is for a million pixels of one frame.

    `track` is for a frame of the source, `paint` for one of the output with a mouth, `encode_mp` for any of the output,
    and `decode_mp` for reading such a one, which a photo does without.
    """

    start: float
    listen: float  # for a second of voice
    track: float
    track_mp: float
    paint: float
    encode_mp: float
    decode_mp: float


# Fitted to 18 jobs of 224 x 224 to 1920 x 1080 pixels with libx264, on two cores without a GPU.
TWO_CORES: Final = PaceModel(
    start=1.0, listen=0.026, track=0.006, track_mp=0.001, paint=0.0085, encode_mp=0.0012, decode_mp=0.0141
)
_MODELS: Final = {
    EngineName.EMBEDDED: TWO_CORES,
    EngineName.WAV2LIP: replace(TWO_CORES, listen=0.004, paint=0.027),  # of 100 frames beside as many of the former
}


def count_frames(voice_s: float, frame_rate: Fraction | float) -> int:
    """How many frames the output has: it is as long as the voice, at the rate of the person's video."""
    return max(1, round(voice_s * float(frame_rate)))


def estimate_bytes(width: int, height: int, frame_count: int, voice_s: float) -> int:
    """The size of the output, on the generous side."""
    return int(frame_count * width * height * _BITS_PER_PIXEL / 8 + voice_s * _SOUND_BYTES_PER_S)


def build_preflight(
    person: Inspection, voice: Inspection, engine: EngineName = EngineName.EMBEDDED, pace: float = 1.0
) -> Preflight:
    """What a job of the two with this engine is expected to be.

    `expected_bytes` is the most that it needs of the disk at once. `pace` is how many times as long as two cores
    without a GPU this machine takes.
    """
    frame_count = count_frames(voice.duration_s, person.frame_rate)
    return Preflight(
        frame_count=frame_count,
        duration_s=frame_count / person.frame_rate,
        expected_s=pace * _estimate_s(person, voice, frame_count, _MODELS[engine]),
        expected_bytes=COPIES * estimate_bytes(person.width, person.height, frame_count, voice.duration_s),
        warnings=(*person.warnings, *voice.warnings),
    )


def _estimate_s(person: Inspection, voice: Inspection, frame_count: int, model: PaceModel) -> float:
    megapixels = person.width * person.height / 1e6
    tracked = min(frame_count, person.frame_count)
    render_mp = model.encode_mp + (0.0 if person.is_photo else model.decode_mp)
    return (
        model.start
        + voice.duration_s * model.listen
        + tracked * (model.track + megapixels * model.track_mp)
        + frame_count * (person.face_share * model.paint + megapixels * render_mp)
    )
