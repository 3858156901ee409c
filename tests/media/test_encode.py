"""Finished films: their length, size and colours, and that nothing is left of those that were not finished."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from heygem.domain.errors import CancelledError, DiskFullError, EncodeError, FfmpegMissingError, OutputPathError
from heygem.domain.progress import CancelToken
from heygem.media.containers import open_container
from heygem.media.decode import FrameReader
from heygem.media.encode import VideoEncoder, partial_path, publish
from heygem.media.ffmpeg_command import EncodePlan, EncodeSettings
from heygem.media.probe import probe_audio, probe_video
from tests.media.clips import CORNERS, ClipMaker, draw_number, quick_plan, read_corner, read_number


def encode(binary: Path, plan: EncodePlan) -> Path:
    with VideoEncoder(binary, plan) as encoder:
        for number in range(plan.frame_count):
            encoder.write(draw_number(number, plan.width, plan.height))
        return encoder.finish()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("rate", [24, 25, Fraction(30000, 1001), 50, Fraction(25, 2)])
@pytest.mark.parametrize("voice_name", ["voice.wav", "voice.mp3"])
def test_picture_and_sound_end_together(
    binary: Path, clips: ClipMaker, tmp_path: Path, rate: Fraction | int, voice_name: str
) -> None:
    voice = probe_audio(clips.voice(voice_name))
    rate = Fraction(rate)
    count = round(voice.duration_s * rate)
    film = encode(binary, quick_plan(tmp_path / "film.mp4", count, frame_rate=rate, voice=voice))
    facts = probe_video(film)
    assert (facts.frame_rate, facts.frame_count, facts.is_variable_rate) == (rate, count, False)
    assert abs(probe_audio(film).duration_s - facts.duration_s) < 0.002
    with open_container(film) as container:
        ends = []
        for stream in container.streams:
            assert stream.start_time == 0
            assert stream.duration and stream.time_base
            ends.append(stream.duration * stream.time_base)
        assert abs(ends[0] - ends[1]) < 1 / rate


def test_frames_and_colours_survive(binary: Path, tmp_path: Path) -> None:
    plan = quick_plan(tmp_path / "film.mp4", 30, settings=EncodeSettings(preset="ultrafast", crf=4))
    frames = list(FrameReader(probe_video(encode(binary, plan))).read())
    assert [read_number(frame) for frame in frames] == list(range(30))
    for name, colour in CORNERS.items():
        assert read_corner(frames[3], name) == pytest.approx(colour, abs=3)


def test_what_the_film_says_of_itself(binary: Path, tmp_path: Path) -> None:
    marks = {"comment": "made by AI = 'yes' 中文", "title": "a: b; c"}
    with open_container(encode(binary, quick_plan(tmp_path / "film.mp4", 3, metadata=marks))) as container:
        assert {key: container.metadata[key] for key in marks} == marks
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        assert (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range) == (1, 1, 1, 1)


def test_it_can_be_played_while_it_loads(binary: Path, tmp_path: Path) -> None:
    data = encode(binary, quick_plan(tmp_path / "film.mp4", 3)).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sizes_are_padded_by_their_edge(binary: Path, tmp_path: Path) -> None:
    settings = EncodeSettings(preset="ultrafast", crf=4)
    film = encode(binary, quick_plan(tmp_path / "film.mp4", 3, width=97, height=65, settings=settings))
    frame = next(FrameReader(probe_video(film)).read())
    assert frame.shape == (66, 98, 3)
    edge = frame[-8:, -1].astype(int) - frame[-8:, -3].astype(int)
    assert np.abs(edge).max() < 12


def test_pixels_that_are_not_square_stay_so(binary: Path, tmp_path: Path) -> None:
    film = encode(binary, quick_plan(tmp_path / "film.mp4", 3, sample_aspect_ratio=Fraction(4, 3)))
    assert probe_video(film).sample_aspect_ratio == Fraction(4, 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 8])
def test_a_voice_of_many_channels(binary: Path, clips: ClipMaker, tmp_path: Path, channels: int) -> None:
    voice = probe_audio(clips.voice(f"{channels} channels.wav", "-ac", str(channels)))
    assert voice.channels == channels
    film = encode(binary, quick_plan(tmp_path / "film.mp4", 84, voice=voice))
    assert probe_audio(film).channels == {3: 2, 4: 2}.get(channels, channels)


@pytest.mark.parametrize(("sample_rate", "legal"), [(8_000, 8_000), (11_000, 11_025), (192_000, 96_000)])
def test_sample_rates(binary: Path, clips: ClipMaker, tmp_path: Path, sample_rate: int, legal: int) -> None:
    voice = probe_audio(clips.voice(f"{sample_rate}.wav", "-ar", str(sample_rate)))
    film = encode(binary, quick_plan(tmp_path / "film.mp4", 84, voice=voice))
    assert probe_audio(film).sample_rate == legal


@pytest.mark.parametrize(
    "name",
    [
        'with space\'s "quote".mp4',
        "人物 视频.mp4",
        "face 😀.mp4",
        "-lead.mp4",
        "100%d.mp4",
        "a:b.mp4",
        "名" * 83 + ".mp4",
    ],
)
def test_names(binary: Path, clips: ClipMaker, tmp_path: Path, name: str) -> None:
    source = tmp_path / name.replace(".mp4", ".wav")
    source.write_bytes(clips.voice("voice.wav").read_bytes())
    film = encode(binary, quick_plan(tmp_path / name, 3, voice=probe_audio(source)))
    assert film == tmp_path / name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, source.name])


def test_the_output_appears_at_the_end(binary: Path, tmp_path: Path) -> None:
    plan = quick_plan(tmp_path / "film.mp4", 2)
    with VideoEncoder(binary, plan) as encoder:
        encoder.write(draw_number(0))
        assert [path.name for path in tmp_path.iterdir()] == [".film.partial.mp4"]
        encoder.write(draw_number(1))
        encoder.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_an_output_that_is_there_is_not_replaced(binary: Path, tmp_path: Path) -> None:
    output = tmp_path / "film.mp4"
    output.write_text("mine")
    with pytest.raises(OutputPathError):
        encode(binary, quick_plan(output, 2))
    assert output.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [output]


def test_an_output_that_turns_up_meanwhile_is_not_replaced(binary: Path, tmp_path: Path) -> None:
    output = tmp_path / "film.mp4"
    with pytest.raises(OutputPathError), VideoEncoder(binary, quick_plan(output, 1)) as encoder:
        encoder.write(draw_number(0))
        output.write_text("mine")
        encoder.finish()
    assert output.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [output]


def test_publishing_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    partial, final = tmp_path / "partial", tmp_path / "final"
    partial.write_text("new")
    publish(partial, final)
    assert final.read_text() == "new"
    partial.write_text("newer")
    with pytest.raises(FileExistsError):
        publish(partial, final)
    assert final.read_text() == "new"


def test_a_folder_that_is_not_there(binary: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputPathError) as caught:
        encode(binary, quick_plan(tmp_path / "nowhere" / "film.mp4", 1))
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
    assert int(str(caught.value.context["needed_mb"])) >= 2
    assert list(small_disk.iterdir()) == []


def test_a_voice_that_cannot_be_read_is_an_encode_error(binary: Path, clips: ClipMaker, tmp_path: Path) -> None:
    source = tmp_path / "voice.wav"
    source.write_bytes(clips.voice("voice.wav").read_bytes())
    voice = probe_audio(source)
    source.write_bytes(b"gone")
    with pytest.raises(EncodeError) as caught:
        encode(binary, quick_plan(tmp_path / "film.mp4", 2000, voice=voice))
    assert "voice.wav" in str(caught.value.context["reason"])
    assert list(tmp_path.iterdir()) == [source]


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
        encode(tmp_path / "no ffmpeg", quick_plan(tmp_path / "film.mp4", 1))
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
        assert encoder._process is not None
        pid = encoder._process.pid
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
        assert encoder._process is not None
        pid = encoder._process.pid
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


def test_the_partial_name_is_hidden_and_beside_the_output() -> None:
    assert partial_path(Path("/out/a film.mp4")) == Path("/out/.a film.partial.mp4")
    assert len(partial_path(Path("/out") / ("名" * 83 + ".mp4")).name.encode()) < 255
