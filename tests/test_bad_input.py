"""What users get wrong and what goes wrong under way, through the command line on real files: one sentence each.

The face tracker and the engine are stand-ins; everything else is real.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heygem.cli import app
from heygem.config.settings import Settings
from heygem.domain.job import EngineName
from heygem.media.ffmpeg_binary import find_ffmpeg
from heygem.pipeline.generate import Generator
from tests.pipeline.test_generate import make_generator

NOBODY = 65534
STAGES = ("Preparing", "Listening", "Tracking", "Rendering")  # a line of progress begins with

pytestmark = pytest.mark.usefixtures("own_log")


@pytest.fixture(scope="module")
def ffmpeg() -> Callable[..., None]:
    binary = str(find_ffmpeg())

    def run(*arguments: str | Path) -> None:
        subprocess.run([binary, "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)], check=True)

    return run


@pytest.fixture(scope="module")
def inputs(ffmpeg: Callable[..., None]) -> Iterator[Path]:
    """A folder, open to everyone, with one good person and voice, and everything bad."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    square = "drawbox=x=80:y=40:w=120:h=120:color=0xC81E1E:t=fill"
    h264 = ("-pix_fmt", "yuv420p", "-preset", "ultrafast")
    ffmpeg("-f", "lavfi", "-i", f"color=0x3C6EA0:s=320x240:r=25:d=1,{square}", *h264, folder / "face.mp4")
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=1", folder / "voice.wav")
    ffmpeg("-f", "lavfi", "-i", "color=blue:s=320x240:r=25:d=1", *h264, folder / "nobody.mp4")
    # Noise takes far more bytes than any real picture, so that a disk which seems large enough is not.
    ffmpeg("-f", "lavfi", "-i", f"nullsrc=s=320x240:r=25:d=1,geq=random(1)*255:128:128,{square}", *h264, "-crf", "1",
           folder / "noise.mp4")  # fmt: skip
    ffmpeg("-f", "lavfi", "-i", "color=blue:s=7680x4320:r=25:d=0.04", *h264, folder / "8k.mp4")
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "10800", folder / "3h.flac")
    ffmpeg("-f", "lavfi", "-i", "color=blue:s=64x64:r=25", "-frames:v", "0", folder / "no-frames.mp4")
    ffmpeg("-f", "lavfi", "-i", "sine=440", "-frames:a", "0", folder / "no-samples.wav")
    for name, flags in (("cut-head.mp4", ("-movflags", "+faststart")), ("cut-tail.mp4", ())):
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=4", *h264, *flags, folder / name)
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
    (folder / "text.mp4").write_text("no media, but words\n" * 500)
    (folder / "noise.bin").write_bytes(os.urandom(50_000))
    (folder / "empty.mp4").touch()
    (folder / "folder.mp4").mkdir()
    (folder / "logs").mkdir()
    (folder / "logs").chmod(0o777)
    for name in ("face.mp4", "voice.wav"):
        shutil.copy(folder / name, folder / f"locked-{name}")
        (folder / f"locked-{name}").chmod(0)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def services(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line with its own folders, and with a generator that does without weights."""

    @dataclass
    class ServicesWithoutWeights:
        settings: Settings

        def get_generator(self, engine: EngineName) -> Generator:
            assert engine is EngineName.EMBEDDED
            return make_generator(tmp_path / "cache", **self.settings.limits.model_dump())

    monkeypatch.setattr("heygem.services.Services", ServicesWithoutWeights)
    monkeypatch.setenv("HEYGEM_PATHS__LOGS", str(inputs / "logs"))
    monkeypatch.setenv("HEYGEM_LANG", "en")


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything, so let go of that for a while."""
    is_root = os.geteuid() == 0
    if is_root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)


def generate(person: Path, voice: Path, output: Path, *options: str) -> tuple[int, str]:
    """The exit status, and the last line of stderr; nothing but progress stands above it."""
    arguments = ["generate", "--video", person, "--audio", voice, "--out", output, *options]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    *progress, last = done.stderr.splitlines() or [""]
    assert "Traceback" not in done.stderr
    assert [line for line in progress if line.partition(" ")[0] not in STAGES] == []
    assert bool(done.stdout) == (done.exit_code == 0)
    return done.exit_code, last


def assert_nothing_left(folder: Path) -> None:
    assert not folder.exists() or list(folder.iterdir()) == []
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(folder) not in running


def test_good_input_passes(inputs: Path, tmp_path: Path):
    status, last = generate(inputs / "face.mp4", inputs / "voice.wav", tmp_path / "o.mp4")
    assert status == 0, last


@pytest.mark.parametrize(
    ("person", "voice", "status", "code"),
    [
        ("text.mp4", "voice.wav", 2, "MEDIA_UNREADABLE"),
        ("noise.bin", "voice.wav", 2, "MEDIA_UNREADABLE"),
        ("face.mp4", "text.mp4", 2, "MEDIA_UNREADABLE"),
        ("empty.mp4", "voice.wav", 2, "MEDIA_EMPTY"),
        ("face.mp4", "empty.mp4", 2, "MEDIA_EMPTY"),
        ("cut-head.mp4", "voice.wav", 2, "MEDIA_TRUNCATED"),
        ("cut-tail.mp4", "voice.wav", 2, "MEDIA_UNREADABLE"),
        ("no-frames.mp4", "voice.wav", 2, "MEDIA_NO_FRAMES"),
        ("face.mp4", "no-samples.wav", 2, "MEDIA_NO_SAMPLES"),
        ("voice.wav", "voice.wav", 2, "MEDIA_NO_PICTURE"),
        ("face.mp4", "face.mp4", 2, "MEDIA_NO_SOUND"),
        ("8k.mp4", "voice.wav", 2, "MEDIA_FRAME_TOO_LARGE"),
        ("face.mp4", "3h.flac", 2, "MEDIA_TOO_LONG"),
        ("folder.mp4", "voice.wav", 2, "MEDIA_IS_FOLDER"),
        ("face.mp4", "folder.mp4", 2, "MEDIA_IS_FOLDER"),
        ("missing.mp4", "voice.wav", 2, "MEDIA_NOT_FOUND"),
        ("face.mp4", "missing.wav", 2, "MEDIA_NOT_FOUND"),
        ("nobody.mp4", "voice.wav", 2, "FACE_NOT_FOUND"),
    ],
)
def test_bad_media(inputs: Path, tmp_path: Path, person: str, voice: str, status: int, code: str):
    found, last = generate(inputs / person, inputs / voice, tmp_path / "out" / "o.mp4")
    assert (found, last.rpartition(" ")[2]) == (status, f"[{code}]"), last
    blamed = person if person != "face.mp4" else voice
    assert blamed in last
    assert_nothing_left(tmp_path / "out")


@pytest.mark.parametrize(("person", "voice"), [("locked-face.mp4", "voice.wav"), ("face.mp4", "locked-voice.wav")])
def test_no_permission_to_read(inputs: Path, tmp_path: Path, person: str, voice: str):
    generate(inputs / "face.mp4", inputs / "voice.wav", tmp_path / "o.mp4")  # everything is imported by now
    (inputs / "logs" / "heygem.log").unlink()
    with without_privileges():
        status, last = generate(inputs / person, inputs / voice, tmp_path / "out" / "o.mp4")
    assert status == 2 and last.endswith("[MEDIA_NO_PERMISSION]"), last
    assert_nothing_left(tmp_path / "out")


def test_no_permission_to_write(inputs: Path, tmp_path: Path):
    generate(inputs / "face.mp4", inputs / "voice.wav", tmp_path / "o.mp4")
    locked = inputs / "locked"
    locked.mkdir(mode=0o555)
    (inputs / "logs" / "heygem.log").unlink()
    with without_privileges():
        for target in (locked / "o.mp4", locked / "new" / "o.mp4"):
            status, last = generate(inputs / "face.mp4", inputs / "voice.wav", target)
            assert status == 2 and last.endswith("[OUTPUT_NOT_WRITABLE]"), last
    assert_nothing_left(locked)


def test_an_output_that_exists_is_kept(inputs: Path, tmp_path: Path):
    (tmp_path / "o.mp4").write_text("precious")
    status, last = generate(inputs / "face.mp4", inputs / "voice.wav", tmp_path / "o.mp4")
    assert status == 2 and last.endswith("[OUTPUT_NOT_WRITABLE]"), last
    assert (tmp_path / "o.mp4").read_text() == "precious"


def test_a_cache_that_cannot_be_written_is_no_error(inputs: Path, tmp_path: Path):
    (tmp_path / "cache").touch()
    status, last = generate(inputs / "face.mp4", inputs / "voice.wav", tmp_path / "o.mp4")
    assert status == 0, last


@pytest.mark.parametrize("name", ["o.avi", "o", "file.txt/o.mp4"])
def test_an_output_that_cannot_be(inputs: Path, tmp_path: Path, name: str):
    (tmp_path / "file.txt").touch()
    status, last = generate(inputs / "face.mp4", inputs / "voice.wav", tmp_path / name)
    assert status == 2 and last.endswith("[OUTPUT_NOT_WRITABLE]"), last


@pytest.mark.parametrize("face", ["5", "middle"])
def test_a_face_that_is_not_there(inputs: Path, tmp_path: Path, face: str):
    status, last = generate(inputs / "face.mp4", inputs / "voice.wav", tmp_path / "out" / "o.mp4", "--face", face)
    assert status == 2 and last.endswith("[FACE_CHOICE_INVALID]"), last
    assert_nothing_left(tmp_path / "out")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode != 0:
        pytest.skip("may not mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_disk_that_is_too_small_is_told_before_any_work(inputs: Path, small_disk: Path):
    status, last = generate(inputs / "face.mp4", inputs / "voice.wav", small_disk / "o.mp4")
    assert status == 1 and last.endswith("[DISK_FULL]"), last
    assert_nothing_left(small_disk)


def test_a_disk_that_fills_up_under_way(inputs: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEYGEM_LIMITS__DISK_RESERVE_MB", "0")
    status, last = generate(inputs / "noise.mp4", inputs / "voice.wav", small_disk / "o.mp4")
    assert status == 1 and last.endswith("[DISK_FULL]"), last
    assert_nothing_left(small_disk)
