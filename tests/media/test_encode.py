"""Encoded stretches: their size and colours, and that nothing is left of those that were not finished."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from heygem.domain.errors import CancelledError, DiskFullError, EncodeError, FfmpegMissingError, OutputPathError
from heygem.domain.progress import CancelToken
from heygem.media.decode import FrameReader
from heygem.media.encode import VideoEncoder
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.media.probe import probe_video
from heygem.media.publish import partial_path
from tests.media.clips import CORNERS, draw_number, quick_plan, read_corner, read_number, write_film


def test_frames_and_colours_survive(binary: Path, tmp_path: Path) -> None:
    plan = quick_plan(tmp_path / "film.mp4", 30, settings=EncodeSettings(preset="ultrafast", crf=4))
    frames = list(FrameReader(probe_video(write_film(binary, plan))).read())
    assert [read_number(frame) for frame in frames] == list(range(30))
    for name, colour in CORNERS.items():
        assert read_corner(frames[3], name) == pytest.approx(colour, abs=3)


def test_odd_sizes_are_padded_by_their_edge(binary: Path, tmp_path: Path) -> None:
    settings = EncodeSettings(preset="ultrafast", crf=4)
    film = write_film(binary, quick_plan(tmp_path / "film.mp4", 3, width=97, height=65, settings=settings))
    frame = next(FrameReader(probe_video(film)).read())
    assert frame.shape == (66, 98, 3)
    edge = frame[-8:, -1].astype(int) - frame[-8:, -3].astype(int)
    assert np.abs(edge).max() < 12


def test_the_output_appears_at_the_end(binary: Path, tmp_path: Path) -> None:
    plan = quick_plan(tmp_path / "film.mp4", 2)
    with VideoEncoder(binary, plan) as encoder:
        encoder.write(draw_number(0))
        assert [path.name for path in tmp_path.iterdir()] == [".film.partial.mp4"]
        encoder.write(draw_number(1))
        encoder.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_what_an_ended_process_left_under_the_name_is_not_written_to(binary: Path, tmp_path: Path) -> None:
    left = partial_path(tmp_path / "film.mp4")
    with left.open("wb") as still_open:
        write_film(binary, quick_plan(tmp_path / "film.mp4", 2))
        still_open.write(b"rest of what was written" * 100)
    assert probe_video(tmp_path / "film.mp4").frame_count == 2
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_folder_that_is_not_there(binary: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputPathError) as caught:
        write_film(binary, quick_plan(tmp_path / "nowhere" / "film.mp4", 1))
    assert caught.value.context["reason"]


def test_a_full_disk_in_mid_encode(binary: Path, small_disk: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    plan = quick_plan(small_disk / "film.mp4", 400, width=320, height=240)
    with pytest.raises(DiskFullError) as caught, VideoEncoder(binary, plan) as encoder:
        for number in range(400):
            encoder.write(np.roll(noise, number * 7, axis=1))
        encoder.finish()
    assert caught.value.context["path"] == small_disk / "film.mp4"
    assert caught.value.context["free_mb"] in (0, 1)
    assert list(small_disk.iterdir()) == []


def test_fewer_frames_than_planned_are_an_error(binary: Path, tmp_path: Path) -> None:
    with pytest.raises(EncodeError), VideoEncoder(binary, quick_plan(tmp_path / "film.mp4", 5)) as encoder:
        encoder.write(draw_number(0))
        encoder.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_frame_of_another_size_is_refused(binary: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="frame is"),
        VideoEncoder(binary, quick_plan(tmp_path / "film.mp4", 1)) as encoder,
    ):
        encoder.write(draw_number(0, 90, 64))
    assert list(tmp_path.iterdir()) == []


def test_no_ffmpeg(tmp_path: Path) -> None:
    with pytest.raises(FfmpegMissingError):
        write_film(tmp_path / "no ffmpeg", quick_plan(tmp_path / "film.mp4", 1))
    assert list(tmp_path.iterdir()) == []


def has_ended(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def living_members(group: int) -> list[str]:
    """The processes of a group that are not ended, or waiting for their parent to take note."""
    stats = [path.read_text().rpartition(") ")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
    return [state for state, _, its_group, *_ in stats if int(its_group) == group and state != "Z"]


def test_cancelling_in_mid_encode_leaves_nothing(binary: Path, tmp_path: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(CancelledError), VideoEncoder(binary, quick_plan(tmp_path / "film.mp4", 99), cancel) as encoder:
        pid = encoder.pid
        assert not has_ended(pid)
        for number in range(99):
            encoder.write(draw_number(number))
            if number == 20:
                cancel.cancel()
    assert has_ended(pid)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def stuck(tmp_path: Path) -> Path:
    """An FFmpeg that reads nothing, so that every write blocks."""
    path = tmp_path / "bin" / "stuck"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\nsleep 60\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("how", ["token", "abort"])
def test_a_write_that_waits_is_ended_within_a_second(stuck: Path, tmp_path: Path, how: str) -> None:
    cancel = CancelToken()
    plan = quick_plan(tmp_path / "film.mp4", 9, width=1280, height=720)
    with pytest.raises(CancelledError), VideoEncoder(stuck, plan, cancel) as encoder:
        pid = encoder.pid
        threading.Timer(0.3, cancel.cancel if how == "token" else encoder.abort).start()
        began = time.monotonic()
        for _ in range(9):
            encoder.write(np.zeros((720, 1280, 3), dtype=np.uint8))
    assert 0.2 < time.monotonic() - began < 1.3
    assert has_ended(pid)
    time.sleep(0.2)
    assert living_members(pid) == []
    assert not (tmp_path / ".film.partial.mp4").exists()


def test_any_other_exception_leaves_nothing(binary: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError), VideoEncoder(binary, quick_plan(tmp_path / "film.mp4", 9)) as encoder:
        encoder.write(draw_number(0))
        raise KeyError
    assert list(tmp_path.iterdir()) == []
