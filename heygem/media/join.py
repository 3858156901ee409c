"""Joins stretches of film and a sound into one film, packet by packet: nothing is decoded or encoded again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any, Final, TypeAlias

import av
import av.container
import av.error
from av.packet import Packet

from heygem.domain.errors import EncodeError, HeyGemError, MediaError
from heygem.domain.progress import CancelToken
from heygem.media.containers import media_url, open_container, read_packets
from heygem.media.probe import get_sound_stream
from heygem.media.publish import NO_SPACE, translate_output_error
from heygem.media.timeline import get_picture_stream

# Of what the MP4 says about the whole of its streams; the usual milliseconds cut the sound off a little early.
_CLOCK_HZ: Final = 90_000

AnyPacket: TypeAlias = "Packet[Any]"


@dataclass(frozen=True)
class JoinPlan:
    """`parts` are videos of `frame_rate` by one encoder, each of which begins with a key frame and closed groups."""

    parts: Sequence[Path]
    sound: Path
    frame_rate: Fraction
    metadata: Mapping[str, str]


def join_film(plan: JoinPlan, output: Path, cancel: CancelToken) -> None:
    """Writes an MP4 that can be played while it loads; its n-th frame is shown at n / rate exactly.

    Raises EncodeError for parts that do not fit together, DiskFullError, and CancelledError.
    """
    options = {"movflags": "+faststart", "movie_timescale": str(_CLOCK_HZ)}
    try:
        with av.open(media_url(output), "w", format="mp4", container_options=options) as film:
            film.metadata.update(plan.metadata)
            for packet in _take_packets(plan, film):
                cancel.check()
                film.mux(packet)
    except MediaError as error:
        raise EncodeError(reason=str(error)) from error
    except av.error.FFmpegError as error:
        raise _translate(output, error) from error


def _take_packets(plan: JoinPlan, film: av.container.OutputContainer) -> Iterator[AnyPacket]:
    """The packets of both streams, as `film` wants them, in the order of decoding."""
    with open_container(plan.parts[0]) as first, open_container(plan.sound) as container:
        picture = film.add_stream_from_template(get_picture_stream(first, plan.parts[0]))
        picture.time_base = 1 / plan.frame_rate
        heard = get_sound_stream(container, plan.sound)
        sound = film.add_stream_from_template(heard)
        of_sound: Iterator[AnyPacket] = (packet for packet in read_packets(container, heard) if packet.dts is not None)
        for packet in merge(_number_frames(plan), of_sound, key=_time):
            packet.stream = sound if packet.stream is heard else picture
            yield packet


def _number_frames(plan: JoinPlan) -> Iterator[AnyPacket]:
    """The packets of all parts on one clock that ticks once a frame."""
    count, delay, extradata = 0, None, None
    for path in plan.parts:
        start = count
        with open_container(path) as container:
            stream = get_picture_stream(container, path)
            extradata = extradata or stream.codec_context.extradata
            if stream.codec_context.extradata != extradata:
                raise EncodeError(reason=f"{path.name} was encoded in another way")
            for packet in read_packets(container, stream):
                if packet.pts is None or packet.dts is None:
                    continue
                ticks = packet.time_base * plan.frame_rate
                if delay is None:
                    delay = -round(packet.dts * ticks)
                packet.pts, packet.dts = start + round(packet.pts * ticks), count - delay
                packet.duration, packet.time_base = 1, 1 / plan.frame_rate
                count += 1
                yield packet


def _translate(output: Path, error: av.error.FFmpegError) -> HeyGemError:
    if error.errno in NO_SPACE:
        return translate_output_error(output, OSError(error.errno, error.strerror))
    return EncodeError(reason=error.strerror)


def _time(packet: AnyPacket) -> Fraction:
    return (packet.dts or 0) * packet.time_base
