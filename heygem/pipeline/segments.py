"""Encodes an output in stretches: one is finished in the background while the frames of the next one come in."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from heygem.domain.progress import CancelToken
from heygem.engines.alignment import Image
from heygem.media.encode import VideoEncoder
from heygem.media.ffmpeg_command import EncodePlan
from heygem.pipeline.job_folder import Segment
from heygem.pipeline.stopwatch import Stopwatch


@dataclass(frozen=True)
class SegmentEncoder:
    """Each segment is a file of its own, by one encoder from its first frame to its last: no state passes a border.

    `plan` is that of the whole output.
    """

    binary: Path
    plan: EncodePlan
    cancel: CancelToken
    stopwatch: Stopwatch

    def encode(self, frames: Iterator[Image], segments: Sequence[Segment]) -> None:
        """Takes the frames of all `segments`, in their order, and returns when the last one is finished.

        Raises as VideoEncoder does; what is finished stays.
        """
        finishing: Future[None] | None = None
        with ThreadPoolExecutor(1, "segment") as background:
            for segment in segments:
                with ExitStack() as opened:
                    plan = replace(self.plan, output=segment.path, frame_count=segment.frame_count)
                    encoder = opened.enter_context(VideoEncoder(self.binary, plan, self.cancel))
                    for frame in islice(frames, segment.frame_count):
                        with self.stopwatch.measure("render.encode"):
                            encoder.write(frame)
                    self.cancel.check()
                    _wait(finishing)
                    finishing = background.submit(_finish, encoder, opened.pop_all())
            _wait(finishing)


def _finish(encoder: VideoEncoder, opened: ExitStack) -> None:
    with opened:
        encoder.finish()


def _wait(finishing: "Future[None] | None") -> None:
    if finishing is not None:
        finishing.result()
