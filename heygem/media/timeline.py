"""A video's table of frames, found by demuxing without decoding: when each is shown, and where decoding can begin."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av.container
import av.stream
import av.video.stream
import numpy as np
from av.stream import Disposition

from heygem.domain.errors import MediaTruncatedError, NoFramesError, NoPictureError
from heygem.media.containers import check_codec, read_packets
from heygem.media.frame_timing import FALLBACK_RATE, Rate, Ticks, find_rate


@dataclass(frozen=True)
class Timeline:
    """`times` of the frames in the order of showing, `key_times` those that decoding can begin at, in `time_base`."""

    times: Ticks
    key_times: Ticks
    key_sizes: dict[int, int]  # bytes of the key frame shown at a time, by which it is recognised
    time_base: Fraction
    rate: Rate
    is_counted: bool  # the container's times say nothing of the order of showing: frames are counted from the first


def get_picture_stream(container: av.container.InputContainer, path: Path) -> av.video.stream.VideoStream:
    """The default moving picture. Raises NoPictureError (a cover is none); NoFramesError for no track at all."""
    if not container.streams:
        raise NoFramesError(path)
    pictures = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not pictures:
        raise NoPictureError(path)
    picture = next((stream for stream in pictures if stream.disposition & Disposition.default), pictures[0])
    check_codec(picture, path)
    return picture


def read_timeline(container: av.container.InputContainer, path: Path) -> Timeline:
    """Demuxes all of the picture stream. Raises NoPictureError, NoFramesError or MediaTruncatedError."""
    stream = get_picture_stream(container, path)
    check_not_truncated(stream, path)
    shown: list[int | None] = []
    decoded: list[int | None] = []
    key_sizes: dict[int, int] = {}
    last_duration = 0
    for packet in read_packets(container, stream):
        if packet.is_discard:
            continue
        shown.append(packet.pts)
        decoded.append(packet.dts)
        if packet.is_keyframe and packet.pts is not None:
            key_sizes[packet.pts] = packet.size
        last_duration = packet.duration or last_duration
    if not shown:
        raise NoFramesError(path)
    hints = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    time_base = stream.time_base or 1 / FALLBACK_RATE
    # AVI knows no time of showing; what FFmpeg guesses for reordered frames is neither ascending nor complete.
    is_counted = None in shown or (container.format.name == "avi" and shown != decoded)
    if is_counted and None in decoded:  # a bare stream, without any clock
        time_base = 1 / next((hint for hint in hints if hint), FALLBACK_RATE)
        decoded = list(range(len(decoded)))
    times = np.sort(np.array(decoded if is_counted else shown, dtype=np.int64))
    key_times = np.array([] if is_counted else sorted(key_sizes), dtype=np.int64)
    rate = find_rate(times, time_base, last_duration, hints)
    return Timeline(times, key_times, key_sizes, time_base, rate, is_counted)


def check_not_truncated(stream: av.stream.Stream, path: Path) -> None:
    """Raises MediaTruncatedError when an MP4's or MOV's table of contents points behind the end of the file."""
    if not stream.container.format.name.startswith("mov"):
        return
    size = path.stat().st_size
    expected = len(stream.index_entries)
    found = sum(entry.pos + entry.size <= size for entry in stream.index_entries)
    if found < expected:
        raise MediaTruncatedError(path, found=found, expected=expected)
