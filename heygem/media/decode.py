"""Streams a video's output frames, upright BGR at a constant rate, from any point and forwards or to and fro.

Never holds more than a few frames, or one chunk when walking backwards. Knows nothing of faces.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain, count, islice, repeat
from typing import Final

import av.container
import av.error
import numpy as np
from av.codec.context import ThreadType
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from heygem.domain.errors import NoFramesError
from heygem.domain.media import VideoFacts
from heygem.media.colour import FrameConverter
from heygem.media.containers import open_container, read_packets
from heygem.media.frame_samples import choose_samples
from heygem.media.frame_timing import source_indices
from heygem.media.still import Image, read_photo
from heygem.media.timeline import Timeline, get_picture_stream, read_timeline

logger = logging.getLogger(__name__)

CHUNK_BYTES: Final = 192 * 1024**2
MIN_CHUNK_FRAMES: Final = 8


class FrameReader:
    """Reads the frames of one video. `thread_count` is the decoder's, 0 for as many as there are cores.

    `is_exact=False` decodes to colours a level or two off, in half the time.
    """

    def __init__(
        self, facts: VideoFacts, thread_count: int = 0, chunk_bytes: int = CHUNK_BYTES, is_exact: bool = True
    ) -> None:
        self._facts = facts
        self._is_exact = is_exact
        self._thread_count = thread_count
        self._chunk_frames = chunk_length(facts, chunk_bytes)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[Image]:
        """Output frames `start` to `stop` (exclusive; None: the last) as (H, W, 3) uint8 BGR, each an array of its own.

        There are exactly as many as asked for: a damaged frame is replaced by the last good one before it. A photo is
        the same frame for ever, so that any range can be asked for. Raises MediaError for what has become unreadable.
        """
        if self._facts.is_photo:
            yield from self._repeat_photo(start, stop)
            return
        stop = self._facts.frame_count if stop is None else min(stop, self._facts.frame_count)
        if start >= stop:
            return
        timeline = self._timeline
        sources = source_indices(timeline.times, timeline.time_base, timeline.rate, range(start, stop))
        yield from self._show(sources.tolist())

    def pick(self, numbers: Sequence[int]) -> Iterator[Image]:
        """The output frames `numbers`, ascending, like those of `read`; nothing behind the last is decoded."""
        if self._facts.is_photo:
            yield from self._repeat_photo(0, len(numbers))
        elif numbers:
            timeline = self._timeline
            yield from self._show(source_indices(timeline.times, timeline.time_base, timeline.rate, numbers).tolist())

    def read_ping_pong(self, stop: int, start: int = 0) -> Iterator[tuple[int, Image]]:
        """Steps `start` to `stop` (exclusive) of a walk 0 .. n-1, n-2 .. 1, 0 .. n-1 and so on: no jump, no stutter.

        Each with its frame's index; the same index gives the same bytes in both directions, wherever the walk begins.
        """
        if self._facts.is_photo:
            yield from zip(repeat(0), self._repeat_photo(start, stop), strict=False)
            return
        is_short = self._facts.frame_count <= self._chunk_frames
        walk = self._walk_short(start) if is_short else self._walk_long(start)
        yield from islice(walk, max(0, stop - start))

    def sample(self, count: int, enough: int, most_decoded: int) -> Iterator[Image]:
        """At most `count` frames spread over the whole, as `choose_samples` has them, like those of `read`.

        Stretches that cannot be decoded are left out. Raises NoFramesError when none can.
        """
        if self._facts.is_photo:
            yield read_photo(self._facts.path)
            return
        is_empty = True
        for group in choose_samples(self._timeline, count, enough, most_decoded):
            with suppress(NoFramesError):
                for image in self._show(group):
                    is_empty = False
                    yield image
        if is_empty:
            raise NoFramesError(self._facts.path)

    @cached_property
    def _timeline(self) -> Timeline:
        with open_container(self._facts.path) as container:
            return read_timeline(container, self._facts.path)

    def _repeat_photo(self, start: int, stop: int | None) -> Iterator[Image]:
        photo = read_photo(self._facts.path)
        times = repeat(photo) if stop is None else repeat(photo, max(0, stop - start))
        yield from (image.copy() for image in times)

    def _walk_short(self, start: int) -> Iterator[tuple[int, Image]]:
        frames = list(self.read())
        for step in count(start):
            index = ping_pong(step, len(frames))
            yield index, frames[index].copy()

    def _walk_long(self, start: int) -> Iterator[tuple[int, Image]]:
        frame_count = self._facts.frame_count
        first = start % (2 * (frame_count - 1))
        while True:
            yield from enumerate(self.read(first), first)
            turned = min(frame_count - 1, 2 * (frame_count - 1) - first + 1)
            for begin, end in backward_chunks(1, turned, self._chunk_frames):
                yield from reversed(list(zip(range(begin, end), self.read(begin, end), strict=True)))
            first = 0

    def _show(self, sources: list[int]) -> Iterator[Image]:
        """The pictures of the ascending source frames `sources`; one that is missing is the last one before it."""
        converter = FrameConverter(self._facts, self._is_exact)
        pending = iter(sources)
        wanted = next(pending, None)
        shown: tuple[int, VideoFrame] | None = None
        image: Image | None = None
        missing = 0
        for upcoming in chain(self._decode_from(sources[0]), [None]):
            while wanted is not None and shown and (upcoming is None or wanted < upcoming[0]):
                missing += wanted != shown[0]
                image = converter.convert(shown[1]) if image is None else image.copy()
                yield image
                wanted = next(pending, None)
            if wanted is None:
                break
            if upcoming is not None:
                shown, image = upcoming, None
        if shown is None:
            raise NoFramesError(self._facts.path)
        if missing:
            logger.warning("%s: %d damaged frames were replaced by the ones before", self._facts.path.name, missing)

    def _decode_from(self, first: int) -> Iterator[tuple[int, VideoFrame]]:
        """Decoded source frames with their indices, ascending, from `first` or a little before it."""
        for key_time in _entry_points(self._timeline, first):
            with open_container(self._facts.path) as container:
                frames = self._decode(container, key_time)
                head = next(frames, None)
                if head is not None and (head[0] <= first or key_time is None):
                    yield from chain([head], frames)
                    return
        raise NoFramesError(self._facts.path)

    def _decode(self, container: av.container.InputContainer, key_time: int | None) -> Iterator[tuple[int, VideoFrame]]:
        """Decodes from the key frame at `key_time`, or wherever near it the container lands; None: from the start."""
        stream = get_picture_stream(container, self._facts.path)
        stream.thread_type = ThreadType.AUTO
        stream.thread_count = self._thread_count
        timeline = self._timeline
        packets = read_packets(container, stream)
        earliest = int(timeline.times[0])
        if key_time is not None:
            key = _seek(container, stream, key_time, timeline)
            if key is None:
                return
            packets = chain([key], packets)
            # Frames shown before the one that decoding began at may lack what they are predicted from.
            earliest = max(earliest, key.pts or 0)
        index = -1
        for frame in _decode_packets(stream, packets):
            if timeline.is_counted or frame.pts is None:
                index += 1
            elif frame.pts < earliest:
                continue
            else:
                index = int(np.searchsorted(timeline.times, frame.pts, side="right")) - 1
            if not frame.is_corrupt:
                yield index, frame


def chunk_length(facts: VideoFacts, chunk_bytes: int = CHUNK_BYTES) -> int:
    """How many frames are held at once when walking backwards."""
    return max(MIN_CHUNK_FRAMES, chunk_bytes // (facts.width * facts.height * 3))


def backward_chunks(start: int, stop: int, length: int) -> Iterator[tuple[int, int]]:
    """The stretches (start, stop) of at most `length` that cover `start` to `stop`, the last one first."""
    while start < stop:
        yield max(start, stop - length), stop
        stop -= length


def ping_pong(step: int, frame_count: int) -> int:
    """The frame that a walk to and fro is at after so many steps."""
    place = step % max(1, 2 * (frame_count - 1))
    return min(place, 2 * (frame_count - 1) - place)


def _entry_points(timeline: Timeline, first: int) -> Iterator[int | None]:
    """Key frames to try, the nearest first: a container may land behind the one asked for. At last the start, None."""
    keys = timeline.key_times
    nearest = int(np.searchsorted(keys, timeline.times[first], side="right")) - 1
    for steps_back in (0, 1, 4):
        if nearest - steps_back > 0:
            yield int(keys[nearest - steps_back])
    yield None


def _seek(
    container: av.container.InputContainer, stream: VideoStream, key_time: int, timeline: Timeline
) -> "Packet[VideoStream] | None":
    """The key frame that the container lands on, None where it does not or gives it a wrong time (MPEG-PS may)."""
    try:
        container.seek(key_time, stream=stream)
    except av.error.FFmpegError:
        return None
    key = next((packet for packet in read_packets(container, stream) if packet.is_keyframe), None)
    return key if key and key.pts is not None and timeline.key_sizes.get(key.pts) == key.size else None


def _decode_packets(stream: VideoStream, packets: "Iterable[Packet[VideoStream]]") -> Iterator[VideoFrame]:
    """Decoded frames. Damaged packets are skipped."""
    for packet in chain(packets, [None]):
        try:
            frames = stream.codec_context.decode(packet)
        except av.error.InvalidDataError as error:
            logger.warning("damaged packet at %s: %s", packet.pts if packet else "the end", error)
            continue
        yield from frames
