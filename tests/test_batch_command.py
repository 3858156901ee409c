"""`batch` on the shell: a process of its own, a worker that it starts in the background, the real engine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import psutil
import pytest

from heygem.commands.generate import DEMO_PERSON, DEMO_VOICE, find_packaged
from heygem.config.settings import ROOT, load_settings
from heygem.domain.job import JobState
from heygem.jobs.queue import JobQueue
from heygem.media.probe import probe_video
from heygem.services import Services

VOICE_S: Final = 2.0
WAIT_S: Final = 180.0


class Shell:
    """`app.py batch` with folders of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.people = home / "people"
        self.people.mkdir()
        for name in ("ann.png", "bob.png"):
            (self.people / name).write_bytes(find_packaged(*DEMO_PERSON).read_bytes())
        self.voice = home / "voice.wav"
        speech = str(find_packaged(*DEMO_VOICE))
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", speech, "-t", str(VOICE_S), str(self.voice)]
        subprocess.run(command, check=True)
        self.paths = {name: home / name for name in ("outputs", "cache", "logs", "data")}
        self.queue: JobQueue = Services(load_settings(paths=self.paths)).queue

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        folders = {f"HEYGEM_PATHS__{name.upper()}": str(path) for name, path in self.paths.items()}
        return subprocess.Popen(
            [sys.executable, "app.py", "batch", "--voice", str(self.voice), *arguments],
            cwd=ROOT, env=os.environ | folders | {"HEYGEM_LANG": "en"}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def wait_until_running(self) -> None:
        deadline = time.monotonic() + WAIT_S
        while not self.queue.list_jobs(states=[JobState.RUNNING]):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def list_workers(self) -> list[psutil.Process]:
        """The processes below and of the worker in the background."""
        home = str(self.home)
        found = [
            process for process in psutil.process_iter(["cmdline"]) if home in " ".join(process.info["cmdline"] or [])
        ]
        return [process for process in found if "worker" in process.info["cmdline"]]

    def close(self) -> None:
        self.queue.database.close()
        psutil.wait_procs(self.list_workers(), timeout=WAIT_S)  # they end by themselves


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    yield shell
    shell.close()
    assert not shell.list_workers()


def test_a_folder_becomes_videos_and_what_cannot_work_is_told(shell: Shell):
    (shell.people / "broken.mp4").write_text("no film")
    process = shell.start("--videos", str(shell.people), "--name", "autumn", "--project", "team")
    out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 1, err
    videos = [Path(line) for line in out.splitlines() if line.endswith(".mp4")]
    assert len(videos) == 2
    assert all(probe_video(video).frame_count == round(VOICE_S * probe_video(video).frame_rate) for video in videos)
    assert "broken.mp4" in err and "[MEDIA_UNREADABLE]" in err
    [batch] = shell.queue.list_batches()
    assert (batch.name, batch.project) == ("autumn", "team")


def test_ctrl_c_leaves_the_batch_to_the_worker(shell: Shell):
    process = shell.start("--videos", str(shell.people))
    shell.wait_until_running()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 130 and "goes on in the background" in err
    [batch] = shell.queue.list_batches()
    jobs = shell.queue.list_jobs(batch_id=batch.batch_id)
    assert [shell.queue.wait(job.job_id, WAIT_S).state for job in jobs] == [JobState.SUCCEEDED] * 2


def test_ctrl_c_cancels_the_batch_where_that_is_wanted(shell: Shell):
    process = shell.start("--videos", str(shell.people), "--on-interrupt", "cancel")
    shell.wait_until_running()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    [batch] = shell.queue.list_batches()
    assert batch.counts == {JobState.CANCELLED: 2}
    assert not list(shell.paths["outputs"].rglob("*.mp4"))
