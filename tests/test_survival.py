"""A batch of real clips whose server and workers are killed at random moments: everything is made, and made once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import psutil
import pytest

from heygem.config.settings import ROOT, Settings, load_settings
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, NewJob
from heygem.domain.progress import CancelToken
from heygem.media.probe import probe_audio, probe_video
from heygem.services import Services

CLIPS: Final = ROOT.parent / "shared" / "clips"
VOICE: Final = CLIPS / "voices" / "IP_LAP_d2db1e_abstract.mp3"
PEOPLE: Final = sorted((CLIPS / "val" / "grid_multi").glob("*.mp4"))[:10]
VOICE_S: Final = 10.4  # two segments of the output
VICTIMS: Final = ("server", "worker", "worker", "everything", "everything", "ffmpeg", "inspector")
KILLS: Final = 20
LONGEST_S: Final = 480

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not VOICE.is_file() or len(PEOPLE) < 10, reason="the clips of real people are not here"),
]


@dataclass
class Server:
    """The product as its user starts it, with what it starts; killed without warning and started again."""

    settings: Settings
    home: Path
    starts: int = 0
    _process: "subprocess.Popen[bytes] | None" = None
    _seen: dict[int, psutil.Process] = field(default_factory=dict)

    def start(self) -> None:
        paths = {f"HEYGEM_PATHS__{name.upper()}": str(path) for name, path in self.settings.paths if name != "models"}
        command = [sys.executable, "app.py", "serve", "--port", "0"]
        with (self.home / "server.log").open("ab") as sink:
            self._process = subprocess.Popen(
                command, stdout=sink, stderr=sink, cwd=ROOT,
                env=os.environ | paths | {"HEYGEM_QUEUE__MAX_CRASHES": str(KILLS)},
            )  # fmt: skip
        self.starts += 1

    def list_processes(self, word: str) -> list[psutil.Process]:
        """Those below the server, and those that outlived an earlier one, whose command line has `word`."""
        if self._process is not None and self._process.poll() is None:
            for process in psutil.Process(self._process.pid).children(recursive=True):
                self._seen[process.pid] = process
        return [process for process in self._seen.values() if word in (_find_command(process) or ())]

    def kill(self, what: str) -> None:
        victims = {
            "worker": lambda: self.list_processes("--kind render"),
            "inspector": lambda: self.list_processes("--kind inspect"),
            "ffmpeg": lambda: self.list_processes("ffmpeg"),
            "server": lambda: [],
            "everything": lambda: self.list_processes(" "),
        }[what]()
        if what in ("server", "everything"):
            assert self._process is not None
            self._process.kill()
            self._process.wait()
        for victim in victims:
            try:
                victim.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        if what in ("server", "everything"):
            self.start()

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)


def _find_command(process: psutil.Process) -> str | None:
    """None for a process that has ended."""
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    paths = {name: tmp_path / name for name in ("outputs", "cache", "logs", "data", "inputs")}
    server = Server(load_settings(paths=paths), tmp_path)
    server.start()
    yield server
    server.close()


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "news.wav"
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-v", "error", "-i", str(VOICE), "-t", str(VOICE_S), str(path)], check=True)
    return path


def test_twenty_kills_and_ten_videos_each_made_once(server: Server, voice: Path) -> None:
    outputs = server.settings.paths.outputs
    queue = Services(server.settings).queue
    requests = [LipSyncRequest(person, voice, outputs / f"{person.stem}.mp4") for person in PEOPLE]
    batch = queue.submit_batch("survival", [NewJob(request) for request in requests], owner="test")
    chance = random.Random(7)
    first_seen: dict[Path, tuple[int, int]] = {}
    kills: list[str] = []
    kills_at_work = 0
    deadline = time.monotonic() + LONGEST_S
    last_kill = at_work_since = time.monotonic()
    is_at_work, wait_s = False, 1.0
    while not (status := queue.get_batch(batch)).is_final:
        assert time.monotonic() < deadline, f"{status} after {kills}"
        for request in requests:
            if request.output.exists():
                first_seen.setdefault(request.output, _identify(request.output))
        if is_at_work != any(job.progress for job in queue.list_jobs(batch_id=batch, states=[JobState.RUNNING])):
            is_at_work, at_work_since = not is_at_work, time.monotonic()
        # Every second kill comes at any moment, even before a worker has started; the others into a job at work.
        is_due = time.monotonic() > (last_kill if len(kills) % 2 else at_work_since) + wait_s
        if len(kills) < KILLS and is_due and (is_at_work or len(kills) % 2):
            kills.append(chance.choice(VICTIMS))
            kills_at_work += is_at_work
            server.kill(kills[-1])
            last_kill, wait_s = time.monotonic(), chance.uniform(0, 4)
            is_at_work = False
        time.sleep(0.1)
    jobs = queue.list_jobs(batch_id=batch)
    print(f"{len(kills)} kills, {kills_at_work} at work, {server.starts} starts of the server")
    assert len(kills) == KILLS and kills_at_work >= KILLS // 2
    assert [job.state for job in jobs] == [JobState.SUCCEEDED] * len(PEOPLE)
    for job in jobs:
        check_output(job)
    for path, identity in first_seen.items():
        assert _identify(path) == identity, f"{path.name} was made twice"
    server.close()
    queue.database.close()
    check_against_undisturbed(server.settings, requests[0])
    assert {path.name for path in outputs.iterdir()} == {".work"} | {
        f"{person.stem}{suffix}" for person in PEOPLE for suffix in (".mp4", ".json")
    }
    assert not list((outputs / ".work" / "jobs").iterdir())
    assert not server.list_processes(" ")


def check_output(job: JobStatus) -> None:
    """Whole, as long as the voice, without a problem that the check of quality would have seen."""
    assert job.result is not None and job.quality is not None
    video, sound = probe_video(job.result.path), probe_audio(job.result.path)
    assert video.frame_count == job.result.frame_count == round(VOICE_S * video.frame_rate)
    assert sound.duration_s == pytest.approx(VOICE_S, abs=0.05)
    assert job.quality.frame_count == video.frame_count and job.quality.black_frames == 0


def check_against_undisturbed(settings: Settings, request: LipSyncRequest) -> None:
    """Where it was interrupted cannot be seen or heard: the same pictures and sound as of a job that ran through."""
    alone = replace(request, output=request.output.parents[1] / "alone" / "alone.mp4")
    Services(settings).generator.generate(alone, lambda _: None, CancelToken())
    assert _digest(request.output) == _digest(alone.output)


def _digest(path: Path) -> bytes:
    """Of what a player shows and plays, with its times."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "framemd5", "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _identify(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns
