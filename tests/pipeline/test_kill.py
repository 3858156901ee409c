"""What is left when a job's process is killed at any moment, and what the next one makes of it."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipeline.test_generate import generate, make_generator, media  # noqa: F401 - a fixture

pytestmark = pytest.mark.alone

KILLS = 5
ROOT = Path(__file__).parents[2]


def start(*paths):
    command = [sys.executable, "-m", "tests.pipeline.job_to_kill", *map(str, paths)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill_after(process, lines, delay_s, work):
    """Kills it some time after it has told of its progress so often, unless it has ended; how many FFmpegs it had."""
    for _ in range(lines):
        if not process.stdout.readline():
            break
    time.sleep(delay_s)
    running = len(ffmpegs_of(work))
    process.kill()
    process.communicate()
    return running


def ffmpegs_of(folder):
    """The processes that have a file in `folder` on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if b"ffmpeg" in words and str(folder).encode() in words:
            found.append(int(path.parent.name))
    return found


def test_killed_again_and_again_the_job_makes_what_it_makes_in_one_go(media, tmp_path):  # noqa: F811
    files = media / "face.mp4", media / "voice3.0.wav"
    generate(make_generator(tmp_path / "cache", segment_frames=20), *files, tmp_path / "whole.mp4")
    chance, running = random.Random(4), []
    out, work = tmp_path / "out" / "o.mp4", tmp_path / "work"
    for _ in range(KILLS):
        process = start(*files, out, work, tmp_path / "cache")
        running.append(kill_after(process, chance.randint(1, 16), chance.uniform(0, 0.2), work))
        until = time.monotonic() + 10
        while ffmpegs_of(work) and time.monotonic() < until:
            time.sleep(0.05)
        assert ffmpegs_of(work) == []  # their input has ended, and so do they
    assert any(running)
    with start(*files, out, work, tmp_path / "cache") as process:
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert sorted(path.name for path in out.parent.iterdir()) == ["o.json", "o.mp4"]
    assert {path.name for path in work.iterdir()} <= {"plan.json"}


@pytest.mark.parametrize("name", ["00000.mp4", "voice.m4a"])
def test_what_an_ffmpeg_still_writes_when_the_next_job_begins_does_no_harm(media, tmp_path, name):  # noqa: F811
    """The killed job's FFmpeg has the half-made file open; the next one makes its own."""
    files = media / "face.mp4", media / "voice0.6.wav"
    generate(make_generator(tmp_path / "cache", segment_frames=20), *files, tmp_path / "whole.mp4")
    work = tmp_path / "work"
    work.mkdir()
    stem, _, suffix = name.partition(".")
    with (work / f".{stem}.partial.{suffix}").open("wb", buffering=0) as still_open:
        still_open.write(b"half-made" * 100)

        def sink(_):
            still_open.write(b"more" * 100)

        generate(make_generator(tmp_path / "cache", segment_frames=20), *files, tmp_path / "o.mp4", sink, work_dir=work)
    assert (tmp_path / "o.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert [path.name for path in work.iterdir()] == ["plan.json"]
