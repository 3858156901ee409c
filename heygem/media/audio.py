"""Streams a voice as mono samples, second by second, on the clock that a player and FFmpeg's muxing use."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Final

import av.error
import av.filter
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from heygem.domain.media import AudioFacts
from heygem.media.containers import open_container, read_packets
from heygem.media.probe import start_of_play_s

logger = logging.getLogger(__name__)

Waveform = NDArray[np.float32]  # (N,), mono, -1..1

# Of FFmpeg's `aresample`: silence where a late start or a gap leaves none, no stretching.
KEEP_TO_THE_CLOCK: Final = "async=1:first_pts=0"


def read_waveform(facts: AudioFacts, sample_rate: int = 16_000) -> Iterator[Waveform]:
    """The voice as mono float32 of `sample_rate` Hz in chunks of one second, the last one shorter.

    The first sample is what is played at 0: encoder delay is cut off, a late start and gaps are silence. There are
    round(duration_s * sample_rate) samples in all. Raises MediaUnreadableError; damaged packets are silence.
    """
    left = round(facts.duration_s * sample_rate)
    waiting = np.zeros(0, dtype=np.float32)
    for piece in _resample(facts, sample_rate):
        waiting = np.concatenate([waiting, piece])
        while len(waiting) >= sample_rate and left > 0:
            chunk = waiting[: min(sample_rate, left)]
            yield chunk
            waiting, left = waiting[sample_rate:], left - len(chunk)
    waiting = waiting[:left]
    missing = np.zeros(left - len(waiting), dtype=np.float32)
    rest = np.concatenate([waiting, missing])
    for start in range(0, len(rest), sample_rate):
        yield rest[start : start + sample_rate]


def _resample(facts: AudioFacts, sample_rate: int) -> Iterator[Waveform]:
    with open_container(facts.path) as container:
        stream = container.streams.audio[facts.stream_index]
        origin_s = start_of_play_s(container)
        graph, kind = None, None
        for frame in _decode(container, stream):
            if frame.pts is not None and frame.time_base:
                frame.pts -= round(origin_s / frame.time_base)
                if frame.pts * frame.time_base > facts.duration_s:
                    break  # a damaged clock; the silence up to there might fill the memory
            if kind != (kind := (frame.sample_rate, frame.format.name, frame.layout.name)):
                yield from _finish(graph)
                graph = _build_graph(frame, sample_rate, is_first=graph is None)
            assert graph
            graph.push(frame)
            yield from _pull_all(graph)
        yield from _finish(graph)


def _decode(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    for packet in chain(read_packets(container, stream), [None]):
        try:
            yield from stream.codec_context.decode(packet)
        except av.error.InvalidDataError as error:
            logger.warning("damaged sound packet at %s: %s", packet.pts if packet else "the end", error)


def _build_graph(frame: AudioFrame, sample_rate: int, is_first: bool) -> av.filter.Graph:
    """Resampling that keeps to the clock exactly as `ffmpeg_command` has it.

    Where a file changes its format in the middle, the second graph goes on from where it is.
    """
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
    )
    resample = graph.add("aresample", f"{sample_rate}:{KEEP_TO_THE_CLOCK}" if is_first else f"{sample_rate}:async=1")
    mono = graph.add("aformat", "sample_fmts=flt:channel_layouts=mono")
    graph.link_nodes(source, resample, mono, graph.add("abuffersink")).configure()
    return graph


def _finish(graph: av.filter.Graph | None) -> Iterator[Waveform]:
    if graph is not None:
        graph.push(None)
        yield from _pull_all(graph)


def _pull_all(graph: av.filter.Graph) -> Iterator[Waveform]:
    with suppress(BlockingIOError, EOFError):
        while True:
            frame = graph.pull()
            yield np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1)
