"""One lip-sync job in a process of its own, as `app.py generate` does it; prints what it measured as JSON.

`python -m benchmarks.job CLIP VOICE OUTPUT CACHE`, where CACHE is the folder of tracked faces.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from heygem.config.settings import load_settings
from heygem.domain.job import LipSyncRequest
from heygem.domain.progress import CancelToken
from heygem.services import Services


@dataclass(frozen=True)
class JobReport:
    """`load_s` is what loading the weights took, `job_s` the job itself."""

    frame_count: int
    load_s: float
    job_s: float
    is_track_cached: bool
    codec: str
    preset: str
    crf: int
    stage_seconds: dict[str, float]


def command(clip: Path, voice: Path, output: Path, cache: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.job", str(clip), str(voice), str(output), str(cache)]


def run(clip: Path, voice: Path, output: Path, cache: Path) -> JobReport:
    began = time.monotonic()
    generator = Services(load_settings(paths={"cache": cache})).generator
    loaded = time.monotonic()
    result = generator.generate(LipSyncRequest(clip, voice, output), lambda _: None, CancelToken())
    encoding = generator.encoding
    return JobReport(
        frame_count=result.frame_count,
        load_s=loaded - began,
        job_s=time.monotonic() - loaded,
        is_track_cached=result.is_track_cached,
        codec=encoding.codec,
        preset=encoding.preset,
        crf=encoding.crf,
        stage_seconds={str(stage): seconds for stage, seconds in result.stage_seconds.items()},
    )


if __name__ == "__main__":
    clip, voice, output, cache = map(Path, sys.argv[1:])
    print(json.dumps(asdict(run(clip, voice, output, cache))))
