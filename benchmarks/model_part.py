"""How fast is the model's part of a job, everything but decoding and encoding, and how fast the whole job?

`python -m benchmarks.model_part CLIP VOICE [--frames 250] [--rounds 3] [--engine embedded --engine wav2lip]`. The
model's part is tracking, listening, choosing references, cropping, painting, matching colours and pasting, run as a job
runs them, in the same threads; the frames and the voice lie decoded in memory, and what is composed is thrown away.
Each run has a process of its own; the tables have the median of the rounds, in which the engines take turns.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.child import run_measured
from benchmarks.end_to_end import run_job
from benchmarks.job import JobReport
from heygem.config.settings import load_settings
from heygem.domain.job import EngineName, FaceChoice
from heygem.engines.engine import SAMPLE_RATE
from heygem.media.audio import read_waveform
from heygem.media.decode import FrameReader
from heygem.media.probe import probe_audio, probe_video
from heygem.pipeline.compose import Composer, cut_face
from heygem.pipeline.face_track import bridge_gaps, fade_weights
from heygem.pipeline.generate import Generator
from heygem.pipeline.references import choose_references
from heygem.pipeline.smoothing import smooth_track
from heygem.pipeline.stopwatch import Stopwatch
from heygem.pipeline.track import track_face
from heygem.services import Services

FRAMES: Final = 250  # held in memory: 0.7 GB at 1280 x 720


@dataclass(frozen=True)
class ModelPart:
    """Seconds of each step for `frame_count` frames; `render_s` is cropping, painting and pasting, side by side.

    `cpu_s` is what all threads together have computed: on a machine that is busy with other things it tells more.
    """

    frame_count: int
    cpu_s: float
    listen_s: float
    track_s: float
    render_s: float
    stage_seconds: dict[str, float]

    @property
    def frames_per_s(self) -> float:
        """Of a first job with this clip and voice."""
        return self.frame_count / (self.listen_s + self.track_s + self.render_s)

    @property
    def frames_per_s_tracked(self) -> float:
        """Of a job with a clip whose face has been tracked before."""
        return self.frame_count / (self.listen_s + self.render_s)

    @property
    def seconds_by_step(self) -> dict[str, float]:
        steps = {"listen": self.listen_s, "track": self.track_s, "render": self.render_s}
        return steps | self.stage_seconds | {"CPU of all threads": self.cpu_s}


def measure_model_part(clip: Path, voice: Path, frame_count: int = FRAMES) -> ModelPart:
    """The first `frame_count` frames of `clip`, or as many as it has, speak as much of `voice`, over and over."""
    return _run(Services(load_settings()).generator, clip, voice, frame_count)


def _run(generator: Generator, clip: Path, voice: Path, frame_count: int) -> ModelPart:
    facts = probe_video(clip)
    frames = list(islice(FrameReader(facts).read(), frame_count))
    seconds = read_waveform(probe_audio(voice), sample_rate=SAMPLE_RATE)
    speech = list(islice(seconds, -(-len(frames) // int(facts.frame_rate))))
    engine, watch, began = generator.engine, Stopwatch(), time.process_time()
    with watch.measure("listen"):
        heard = engine.listen(speech)
    with watch.measure("track"):
        raw = track_face(frames, generator.detector, generator.landmarker, FaceChoice())
        track = smooth_track(bridge_gaps(raw))
        weights = fade_weights(track)
    with watch.measure("render"):
        chosen = choose_references(track.only(weights > 0), engine.reference_count)
        references = [cut_face(frames[number], track.points[number], engine)[0] for number in chosen]
        performance = engine.perform(heard, track.points, references)
        composer = Composer(engine, performance, track, weights, facts.frame_rate, watch)
        with closing(composer.compose(enumerate(frames))) as composed:
            done = sum(1 for _ in composed)
    if done != len(frames):
        raise SystemExit(f"{done} frames made of {len(frames)}")
    cpu_s, spent = time.process_time() - began, watch.seconds
    return ModelPart(done, cpu_s, spent.pop("listen"), spent.pop("track"), spent.pop("render"), spent)


def run_alone(clip: Path, voice: Path, frame_count: int) -> ModelPart:
    """`measure_model_part` in a process of its own. Raises CalledProcessError."""
    words = ["--frames", str(frame_count), "--in-this-process"]
    measured = run_measured([sys.executable, "-m", "benchmarks.model_part", str(clip), str(voice), *words])
    return ModelPart(**json.loads(measured.stdout))


@dataclass
class Runs:
    """What has been measured of one engine; `cached` are jobs whose face had been tracked."""

    parts: list[ModelPart] = field(default_factory=list)
    jobs: list[JobReport] = field(default_factory=list)
    cached: list[JobReport] = field(default_factory=list)

    def add(self, clip: Path, voice: Path, frame_count: int) -> None:
        """One round. Raises CalledProcessError."""
        self.parts.append(run_alone(clip, voice, frame_count))
        with tempfile.TemporaryDirectory() as name:
            cache = Path(name) / "cache"
            self.jobs.append(run_job(clip, voice, Path(name) / "first.mp4", cache).report)
            self.cached.append(run_job(clip, voice, Path(name) / "cached.mp4", cache).report)


def describe(runs: Runs) -> str:
    """The table, in text: frames a second, and what each step of the model's part takes of it."""
    pace, parts, jobs, cached = statistics.median, runs.parts, runs.jobs, runs.cached
    rows = [
        ("model's part", pace(part.frames_per_s for part in parts)),
        ("model's part, face cached", pace(part.frames_per_s_tracked for part in parts)),
        ("whole job", pace(job.frame_count / job.job_s for job in jobs)),
        ("whole job, face cached", pace(job.frame_count / job.job_s for job in cached)),
    ]
    lines = [f"median of {len(parts)}; model's part of {parts[0].frame_count} frames, job of {jobs[0].frame_count}"]
    lines += ["", f"{'':28}{'frames/s':>10}", *(f"{name:28}{value:10.1f}" for name, value in rows)]
    lines += ["", f"{'ms a frame':28}{'':>10}   (render.… run side by side)"]
    steps = [part.seconds_by_step for part in parts]
    for step in steps[0]:
        lines.append(f"{step:28}{pace(run[step] for run in steps) / parts[0].frame_count * 1000:10.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("voice", type=Path)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", type=EngineName, action="append", help="one that is measured; may be given again")
    parser.add_argument("--in-this-process", action="store_true", help="the model's part once, as JSON")
    asked = parser.parse_args()
    if asked.in_this_process:
        print(json.dumps(asdict(measure_model_part(asked.clip, asked.voice, asked.frames))))
        return
    engines = asked.engine or [load_settings().engine]
    runs = {engine: Runs() for engine in engines}
    try:
        for _ in range(asked.rounds):
            for engine in engines:
                os.environ["HEYGEM_ENGINE"] = engine  # for the processes that are measured
                runs[engine].add(asked.clip, asked.voice, asked.frames)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error.cmd}\n{error.stderr}") from error
    for engine in engines:
        print(f"\n{engine}: {describe(runs[engine])}")


if __name__ == "__main__":
    main()
