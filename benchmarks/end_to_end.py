"""How fast is a whole job, beside ffmpeg merely transcoding the same clip to as many frames with the same settings?

`python -m benchmarks.end_to_end CLIP VOICE [--rounds 3]`. A round runs the job with an empty cache, the job again with
the face already tracked, and the transcoding, each in a process of its own; the table has the median of the rounds.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import job
from benchmarks.child import Measured, run_measured
from benchmarks.job import JobReport
from heygem.media.ffmpeg_binary import find_ffmpeg
from heygem.media.ffmpeg_command import NVENC_CODEC, NVENC_PRESET
from heygem.media.probe import probe_video


@dataclass(frozen=True)
class JobRun:
    report: JobReport
    peak_bytes: int


@dataclass(frozen=True)
class Round:
    first: JobRun
    cached: JobRun
    transcoding: Measured


def run_round(clip: Path, voice: Path) -> Round:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = run_job(clip, voice, folder / "first.mp4", folder / "cache")
        cached = run_job(clip, voice, folder / "cached.mp4", folder / "cache")
        transcoding = run_measured(transcode_command(clip, voice, folder / "plain.mp4", first.report))
        found = probe_video(folder / "plain.mp4").frame_count
    if found != first.report.frame_count or not cached.report.is_track_cached:
        raise SystemExit(f"not comparable: {found} frames transcoded, {first.report.frame_count} made")
    return Round(first, cached, transcoding)


def run_job(clip: Path, voice: Path, output: Path, cache: Path) -> JobRun:
    measured = run_measured(job.command(clip, voice, output, cache))
    return JobRun(JobReport(**json.loads(measured.stdout)), measured.peak_bytes)


def transcode_command(clip: Path, voice: Path, output: Path, like: JobReport) -> list[str]:
    """ffmpeg that reads `clip` over and over and encodes what a job like `like` encodes."""
    repeat = ["-loop", "1"] if probe_video(clip).is_photo else ["-stream_loop", "-1"]
    if like.codec == NVENC_CODEC:
        quality = ["-preset", NVENC_PRESET, "-rc", "vbr", "-cq", str(like.crf), "-b:v", "0"]
    else:
        quality = ["-preset", like.preset, "-crf", str(like.crf)]
    return [
        *(str(find_ffmpeg()), "-nostdin", "-loglevel", "error", "-y"),
        *(*repeat, "-i", str(clip), "-i", str(voice), "-map", "0:v:0", "-map", "1:a:0"),
        *("-frames:v", str(like.frame_count), "-fps_mode", "cfr", "-pix_fmt", "yuv420p"),
        *("-c:v", like.codec, *quality, "-c:a", "aac", "-movflags", "+faststart", str(output)),
    ]


def describe(rounds: Sequence[Round]) -> str:
    """The tables, in text."""

    def median(value: Callable[[Round], float]) -> float:
        return statistics.median(map(value, rounds))

    frames = rounds[0].first.report.frame_count
    codec = rounds[0].first.report.codec
    rows = [
        ("job", median(lambda r: r.first.report.job_s), median(lambda r: r.first.peak_bytes)),
        ("job, face cached", median(lambda r: r.cached.report.job_s), median(lambda r: r.cached.peak_bytes)),
        ("ffmpeg transcode", median(lambda r: r.transcoding.seconds), median(lambda r: r.transcoding.peak_bytes)),
    ]
    lines = [f"{frames} frames, {codec}, median of {len(rounds)}", ""]
    lines.append(f"{'':18}{'seconds':>10}{'frames/s':>10}{'peak MB':>10}{'times ffmpeg':>14}")
    for name, seconds, peak in rows:
        lines.append(f"{name:18}{seconds:10.2f}{frames / seconds:10.1f}{peak / 1e6:10.0f}{seconds / rows[-1][1]:14.2f}")
    lines += ["", f"loading the weights: {median(lambda r: r.first.report.load_s):.2f} s, not counted above", ""]
    lines.append(f"{'share of the job':22}{'first':>10}{'cached':>10}   (render.… run side by side)")
    for stage in rounds[0].first.report.stage_seconds:
        first = median(lambda r, stage=stage: _share(r.first.report, stage))  # type: ignore[misc]  # bound now
        cached = median(lambda r, stage=stage: _share(r.cached.report, stage))  # type: ignore[misc]
        lines.append(f"{stage:22}{first:10.1%}{cached:10.1%}")
    return "\n".join(lines)


def _share(report: JobReport, stage: str) -> float:
    return report.stage_seconds.get(stage, 0.0) / report.job_s


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("voice", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    try:
        rounds = [run_round(asked.clip, asked.voice) for _ in range(asked.rounds)]
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error.cmd}\n{error.stderr}") from error
    print(describe(rounds))


if __name__ == "__main__":
    main()
