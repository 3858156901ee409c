"""Does memory grow with the length? Peak memory of jobs of 1 and 10 minutes at 720p, each in a process of its own.

`python -m benchmarks.memory CLIP VOICE [--minutes 1 10]`. The clip is scaled to 720 lines and it and the voice are
repeated to the length asked for.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from benchmarks import job
from benchmarks.child import run_measured
from heygem.media.ffmpeg_binary import find_ffmpeg


def repeat(source: Path, output: Path, minutes: float, *options: str) -> Path:
    """`source` over and over for `minutes`, made by ffmpeg with `options`."""
    reading = ["-nostdin", "-loglevel", "error", "-y", "-stream_loop", "-1", "-i", str(source)]
    subprocess.run([str(find_ffmpeg()), *reading, "-t", str(minutes * 60), *options, str(output)], check=True)
    return output


def measure(clip: Path, voice: Path, minutes: float, folder: Path) -> str:
    """A row of the table."""
    picture = ("-an", "-vf", "scale=-2:720", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    long_clip = repeat(clip, folder / "clip.mp4", minutes, *picture)
    long_voice = repeat(voice, folder / "voice.wav", minutes, "-vn", "-ac", "1")
    measured = run_measured(job.command(long_clip, long_voice, folder / "out.mp4", folder / "cache"))
    frames = json.loads(measured.stdout)["frame_count"]
    return f"{minutes:8g}{frames:10}{measured.peak_bytes / 1e6:10.0f}{measured.seconds:10.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("voice", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 10])
    asked = parser.parse_args()
    print(f"{'minutes':>8}{'frames':>10}{'peak MB':>10}{'seconds':>10}")
    for minutes in asked.minutes:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(asked.clip, asked.voice, minutes, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
