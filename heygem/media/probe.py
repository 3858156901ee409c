"""Finds the facts about a person's video or photo, and about a voice, by demuxing; of a film only the first frame is
decoded, of a voice only the last moments."""

import math
import struct
from collections import deque
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Final, cast

import av.container
import av.error
import av.video.frame
import av.video.stream
from av.audio.stream import AudioStream
from av.packet import Packet
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.reformatter import ColorTrc

from heygem.domain.errors import NoFramesError, NoSamplesError, NoSoundError
from heygem.domain.media import AudioFacts, Transfer, VideoFacts
from heygem.media.containers import check_codec, open_container, read_packets
from heygem.media.frame_timing import FALLBACK_RATE
from heygem.media.still import find_photo_format, read_photo
from heygem.media.timeline import check_not_truncated, get_picture_stream, read_timeline

TRANSFERS: Final = {int(ColorTrc.SMPTE2084): Transfer.PQ, int(ColorTrc.ARIB_STD_B67): Transfer.HLG}
AV_TIME_BASE: Final = 1_000_000
TAIL_PACKETS: Final = 16


def probe_video(path: Path) -> VideoFacts:
    """The facts about a person's video or photo.

    Raises the MediaError that fits: not found, a folder, no permission, empty, unreadable, truncated, NoPictureError
    for sound alone, NoFramesError for a picture track with nothing in it.
    """
    if photo_format := find_photo_format(path):
        height, width = read_photo(path).shape[:2]
        return VideoFacts(path, width, height, FALLBACK_RATE, frame_count=1, is_photo=True, codec=photo_format)
    with open_container(path, when_empty=NoFramesError) as container:
        rate = read_timeline(container, path).rate
    with open_container(path) as container:
        stream = get_picture_stream(container, path)
        frame = _first_frame(container, stream, path)
        rotation, is_mirrored = find_orientation(frame)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        is_turned = rotation in (90, 270)
        return VideoFacts(
            path=path,
            width=frame.height if is_turned else frame.width,
            height=frame.width if is_turned else frame.height,
            frame_rate=rate.frame_rate,
            frame_count=rate.frame_count,
            is_variable_rate=rate.is_variable,
            rotation=rotation,
            sample_aspect_ratio=1 / aspect if is_turned else aspect,
            transfer=TRANSFERS.get(frame.color_trc, Transfer.SDR),
            codec=stream.codec_context.codec.canonical_name,
            is_mirrored=is_mirrored,
        )


def probe_audio(path: Path) -> AudioFacts:
    """The facts about the default or first sound track of any file with sound.

    Raises the MediaError that fits: those of `probe_video`, NoSoundError for picture alone, NoSamplesError for a sound
    track with nothing in it.
    """
    if find_photo_format(path):
        raise NoSoundError(path)
    with open_container(path, when_empty=NoSamplesError) as container:
        stream = get_sound_stream(container, path)
        check_not_truncated(stream, path)
        codec = stream.codec_context
        sample_rate, channels = codec.sample_rate, codec.channels  # of the beginning: decoding the end may change them
        end_s = _find_sound_end(container, stream)
        if end_s is None or end_s <= 0 or not sample_rate:
            raise NoSamplesError(path)
        return AudioFacts(
            path=path,
            sample_rate=sample_rate,
            channels=channels,
            duration_s=end_s,
            stream_index=list(container.streams.audio).index(stream),
            codec=codec.codec.canonical_name,
        )


def get_sound_stream(container: av.container.InputContainer, path: Path) -> AudioStream:
    """The sound with the default flag, or the first. Raises NoSoundError, NoSamplesError for no track at all."""
    if not container.streams:
        raise NoSamplesError(path)
    tracks = container.streams.audio
    if not tracks:
        raise NoSoundError(path)
    sound = next((track for track in tracks if track.disposition & Disposition.default), tracks[0])
    check_codec(sound, path)
    return sound


def find_orientation(frame: av.video.frame.VideoFrame) -> tuple[int, bool]:
    """Degrees clockwise that the stored picture must be turned to stand upright, and whether to mirror it then.

    FFmpeg's matrix takes (x, y), y down, to (a x + c y, b x + d y); a phone's front camera may mirror.
    """
    side_data = cast(SideDataContainer, frame.side_data)  # PyAV's own annotation knows motion vectors alone
    matrix = next((bytes(item) for item in side_data if item.type is SideDataType.DISPLAYMATRIX), None)
    if matrix is None:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
    is_mirrored = a * d - b * c < 0
    degrees = math.degrees(math.atan2(b, -a if is_mirrored else a))
    return round(degrees / 90) % 4 * 90, is_mirrored


def start_of_play_s(container: av.container.InputContainer) -> float:
    """The moment in the file's own clock that a player, and FFmpeg's muxing, show as 0."""
    return (container.start_time or 0) / AV_TIME_BASE


def _first_frame(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, path: Path
) -> av.video.frame.VideoFrame:
    for packet in chain(read_packets(container, stream), [None]):
        with suppress(av.error.InvalidDataError):
            if frames := stream.codec_context.decode(packet):
                return frames[0]
    raise NoFramesError(path)


def _find_sound_end(container: av.container.InputContainer, stream: AudioStream) -> float | None:
    """When the last sample is played, in seconds from the start of play; None where there is none.

    Encoders pad the last packet. Some containers say so in its length, others in a note to the decoder; the truth is
    the shorter of the packet and what is decoded from it.
    """
    last: deque[Packet[AudioStream]] = deque(maxlen=TAIL_PACKETS)
    for packet in read_packets(container, stream):
        if not packet.is_discard:
            last.append(packet)
    end_s = max((float((p.pts + (p.duration or 0)) * p.time_base) for p in last if p.pts is not None), default=None)
    decoded_end_s = None
    for encoded in chain(last, [None]):
        with suppress(av.error.InvalidDataError, av.error.EOFError):
            for frame in stream.codec_context.decode(encoded):
                if frame.time is not None:
                    decoded_end_s = frame.time + frame.samples / frame.sample_rate
    ends = [end for end in (end_s, decoded_end_s) if end is not None]
    return min(ends) - start_of_play_s(container) if ends else None
