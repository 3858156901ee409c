"""Stand-ins that the whole page can run on, without engine or weights."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg

from heygem.config.settings import Settings
from heygem.domain.errors import HeyGemError
from heygem.domain.job import LipSyncRequest, LipSyncResult
from heygem.domain.media import TimeRange
from heygem.domain.progress import CancelToken, EtaClock, ProgressSink, Stage
from heygem.jobs.naming import OutputNamer
from heygem.jobs.runner import JobRunner, Work

FAKE_SECONDS = 2
FAKE_RATE = 25


def write_video(path: Path, seconds: float = FAKE_SECONDS) -> None:
    """A small MP4 (H.264, AAC) that a browser plays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y",
            "-f", "lavfi", "-i", f"testsrc2=size=320x240:rate={FAKE_RATE}:duration={seconds}",
            "-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}",
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(path),
        ],
        check=True,
    )  # fmt: skip


@dataclass
class FakeWork:
    """Counts through all stages at `pace_s` a frame, then writes a true video; or fails with `error_for(request)`."""

    pace_s: float = 0.02
    frames: int = FAKE_SECONDS * FAKE_RATE
    error_for: Callable[[LipSyncRequest], HeyGemError | None] = lambda _: None
    seen: list[LipSyncRequest] = field(default_factory=list)

    def __call__(self, request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken) -> LipSyncResult:
        self.seen.append(request)
        plan = {Stage.PREPARE: 1, Stage.LISTEN: FAKE_SECONDS, Stage.TRACK: self.frames, Stage.RENDER: self.frames}
        clock = EtaClock(plan, {Stage.PREPARE: 1, Stage.LISTEN: 1, Stage.TRACK: 1, Stage.RENDER: 1}, sink)
        for stage, total in plan.items():
            clock.report(stage, 0)
            for done in cancel.guard(range(1, total + 1)):
                time.sleep(self.pace_s)
                clock.report(stage, done)
        if error := self.error_for(request):
            raise error
        write_video(request.output)
        return LipSyncResult(
            request.output,
            frame_count=self.frames,
            duration_s=FAKE_SECONDS,
            unchanged=(TimeRange(0.4, 0.8),),
            stage_seconds={stage: total * self.pace_s for stage, total in plan.items()},
        )


@dataclass
class FakeServices:
    """What the page needs of services.Services."""

    settings: Settings
    work: Work = field(default_factory=FakeWork)

    def __post_init__(self) -> None:
        self.runner = JobRunner(self.work)
        self.namer = OutputNamer(self.settings.paths.outputs)
