"""Builds the argument lists that FFmpeg is started with. Pure; the only file that knows ffmpeg-python."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import ffmpeg

from heygem.domain.media import AudioFacts
from heygem.media.audio import KEEP_TO_THE_CLOCK
from heygem.media.containers import OPEN_OPTIONS, media_url

AAC_SAMPLE_RATES: Final = (7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
AAC_CHANNELS: Final = (1, 2, 6, 8)  # what players can play: mono, stereo, 5.1 and 7.1
AAC_BITS_PER_SAMPLE: Final = 3  # of one channel; the format's limit is 6
MAX_AAC_BIT_RATE: Final = 128_000  # of one channel
NVENC_CODEC: Final = "h264_nvenc"
NVENC_PRESET: Final = "p5"
# The exact matrix, and colour taken at full resolution before it is halved.
SCALE_FLAGS: Final = "bicubic+accurate_rnd+full_chroma_inp"


@dataclass(frozen=True)
class EncodeSettings:
    """`preset` is libx264's; `crf` its constant quality, 0 (lossless) to 51, used as NVENC's `cq` too."""

    codec: str = "libx264"
    preset: str = "medium"
    crf: int = 18


@dataclass(frozen=True)
class EncodePlan:
    """One file without sound: `frame_count` frames of `width` x `height` (even, pixels)."""

    output: Path
    width: int
    height: int
    frame_rate: Fraction
    frame_count: int
    sample_aspect_ratio: Fraction = Fraction(1)
    settings: EncodeSettings = field(default_factory=EncodeSettings)


def encode_command(binary: Path, plan: EncodePlan) -> list[str]:
    """Raw bgr24 frames on standard input to an H.264 MP4 without sound, such as can be joined with others."""
    frames = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="bgr24",
        s=f"{plan.width}x{plan.height}",
        framerate=str(plan.frame_rate),
    )
    aspect = plan.sample_aspect_ratio
    picture = (
        frames.filter("scale", out_color_matrix="bt709", out_range="tv", flags=SCALE_FLAGS)
        .filter("format", "yuv420p")
        # The frames' own notes win over the options of the output, and scaling makes none of primaries and curve.
        .filter("setparams", colorspace="bt709", color_primaries="bt709", color_trc="bt709", range="tv")
        .filter("setsar", f"{aspect.numerator}/{aspect.denominator}")
    )
    output = ffmpeg.output(
        picture, media_url(plan.output), format="mp4", map_metadata=-1, **_codec_options(plan.settings)
    )
    return _compile(binary, output)


def sound_command(binary: Path, voice: AudioFacts, duration_s: Fraction, output: Path) -> list[str]:
    """The voice's file to AAC in an MP4, padded with silence or cut to `duration_s`."""
    sound = ffmpeg.output(
        _cut_voice(voice, duration_s),
        media_url(output),
        format="mp4",
        map_metadata=-1,
        movie_timescale=nearest_sample_rate(voice.sample_rate),  # in milliseconds the end is cut off early
        **_sound_options(voice),
    )
    return _compile(binary, sound)


def nvenc_trial_command(binary: Path) -> list[str]:
    """Encodes a few grey frames on the GPU and throws them away; fails where there is none."""
    source = ffmpeg.input("color=c=gray:s=256x256:r=25:d=0.2", format="lavfi")
    return _compile(binary, ffmpeg.output(source, "-", format="null", pix_fmt="yuv420p", vcodec=NVENC_CODEC))


def nearest_sample_rate(sample_rate: int) -> int:
    """The AAC sample rate (Hz) nearest to `sample_rate`, the higher of two."""
    return min(AAC_SAMPLE_RATES, key=lambda rate: (abs(rate - sample_rate), -rate))


def nearest_channels(channels: int) -> int:
    """The largest number of channels that players can play and the voice can fill."""
    return max((count for count in AAC_CHANNELS if count <= channels), default=1)


def _cut_voice(voice: AudioFacts, duration_s: Fraction) -> Any:
    sample_rate = nearest_sample_rate(voice.sample_rate)
    samples = round(duration_s * sample_rate)
    options = dict(pair.split("=") for pair in KEEP_TO_THE_CLOCK.split(":"))
    # A damaged clock that jumps far ahead would otherwise be filled with silence up to there.
    source = ffmpeg.input(media_url(voice.path), vn=None, t=math.ceil(duration_s) + 1, **OPEN_OPTIONS)
    return (
        source[f"a:{voice.stream_index}"]
        .filter("aresample", sample_rate, **options)
        .filter("apad", whole_len=samples)
        .filter("atrim", end_sample=samples)
    )


def _codec_options(settings: EncodeSettings) -> dict[str, Any]:
    if settings.codec == NVENC_CODEC:
        quality = {"preset": NVENC_PRESET, "rc": "vbr", "cq": settings.crf, "video_bitrate": 0}
    else:
        # The headers of films of one kind are then the same, whatever they show.
        quality = {"preset": settings.preset, "crf": settings.crf, "x264-params": "stitchable=1"}
    return {"vcodec": settings.codec, **quality}


def _sound_options(voice: AudioFacts) -> dict[str, Any]:
    sample_rate, channels = nearest_sample_rate(voice.sample_rate), nearest_channels(voice.channels)
    bit_rate = min(MAX_AAC_BIT_RATE, AAC_BITS_PER_SAMPLE * sample_rate) * channels
    return {"acodec": "aac", "ac": channels, "audio_bitrate": bit_rate}


def _compile(binary: Path, output: Any) -> list[str]:
    options = output.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    return list(ffmpeg.compile(options, cmd=str(binary), overwrite_output=True))
