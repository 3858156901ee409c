import shutil
import time
from pathlib import Path

import imageio_ffmpeg
import pytest

from heygem.domain.errors import FfmpegMissingError
from heygem.media.ffmpeg_binary import choose_encoder, find_ffmpeg, read_version


def script(folder: Path, lines: str) -> Path:
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


def test_the_system_s_own_where_it_can_encode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = script(tmp_path, "echo ' V....D libx264  H.264'")
    monkeypatch.setattr(shutil, "which", lambda _: str(system))
    assert find_ffmpeg() == system


@pytest.mark.parametrize("lines", ["echo ' V....D mpeg4'", "exit 1"])
def test_the_bundled_one_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    system = script(tmp_path, lines)
    monkeypatch.setattr(shutil, "which", lambda _: str(system))
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: "/bundled/ffmpeg")
    assert find_ffmpeg() == Path("/bundled/ffmpeg")


def test_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise RuntimeError("no ffmpeg")

    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", fail)
    with pytest.raises(FfmpegMissingError):
        find_ffmpeg()


def test_a_gpu_that_encodes_is_chosen(tmp_path: Path) -> None:
    assert choose_encoder(script(tmp_path, "exit 0")) == "h264_nvenc"


def test_a_gpu_that_fails_is_not(tmp_path: Path) -> None:
    assert choose_encoder(script(tmp_path, "exit 1")) == "libx264"


def test_a_gpu_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    assert choose_encoder(script(tmp_path, "exec sleep 30"), timeout_s=0.3) == "libx264"
    assert time.monotonic() - began < 5


def test_the_real_one_decides(binary: Path) -> None:
    assert choose_encoder(binary) in ("libx264", "h264_nvenc")


def test_what_it_says_of_its_version(binary: Path, tmp_path: Path) -> None:
    assert read_version(binary).startswith("ffmpeg version ")
    assert "\n" not in read_version(binary)
    assert read_version(tmp_path / "none") == ""
