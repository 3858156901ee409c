"""The argument lists, without starting anything."""

from fractions import Fraction
from pathlib import Path

import pytest

from heygem.domain.media import AudioFacts
from heygem.media.ffmpeg_command import (
    EncodePlan,
    EncodeSettings,
    encode_command,
    nearest_channels,
    nearest_sample_rate,
    nvenc_trial_command,
    sound_command,
)

BINARY = Path("/opt/ff mpeg")
VOICE = AudioFacts(Path("/in/声音 's:1%d.mp3"), 22_050, 2, 3.337, stream_index=1)
PLAN = EncodePlan(Path("/out/film.mp4"), 1280, 720, Fraction(30000, 1001), 100)


def sound_of(voice: AudioFacts = VOICE, output: Path = Path("/out/voice.m4a")) -> list[str]:
    return sound_command(BINARY, voice, PLAN.frame_count / PLAN.frame_rate, output)


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_the_frames_come_raw_by_the_pipe() -> None:
    command = encode_command(BINARY, PLAN)
    frames = command[: command.index("pipe:0") + 1]
    assert frames[0] == "/opt/ff mpeg"
    assert option(frames, "-f") == "rawvideo"
    assert option(frames, "-pix_fmt") == "bgr24"
    assert option(frames, "-s") == "1280x720"
    assert option(frames, "-framerate") == "30000/1001"


def test_it_asks_nothing_and_says_errors_alone() -> None:
    command = encode_command(BINARY, PLAN)
    assert "-nostdin" in command and "-y" in command
    assert option(command, "-loglevel") == "error"


def test_the_sound_is_cut_to_the_frames() -> None:
    graph = option(sound_of(), "-filter_complex")
    samples = round(100 * 1001 / 30000 * 22_050)
    assert "[0:a:1]aresample=22050:async=1:first_pts=0" in graph
    assert f"apad=whole_len={samples}" in graph
    assert f"atrim=end_sample={samples}" in graph


def test_a_voice_is_not_read_far_beyond_the_frames() -> None:
    assert option(sound_of(), "-t") == "5"


def test_the_colours_are_converted_as_they_are_tagged() -> None:
    graph = option(encode_command(BINARY, PLAN), "-filter_complex")
    assert "out_color_matrix=bt709" in graph and "out_range=tv" in graph
    assert "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv" in graph


def test_quality_with_and_without_a_gpu() -> None:
    plan = EncodePlan(PLAN.output, 64, 64, Fraction(25), 1, settings=EncodeSettings("libx264", "slow", 21))
    command = encode_command(BINARY, plan)
    assert (option(command, "-vcodec"), option(command, "-preset"), option(command, "-crf")) == (
        "libx264",
        "slow",
        "21",
    )
    plan = EncodePlan(PLAN.output, 64, 64, Fraction(25), 1, settings=EncodeSettings("h264_nvenc", "slow", 21))
    command = encode_command(BINARY, plan)
    assert (option(command, "-vcodec"), option(command, "-preset"), option(command, "-cq")) == (
        "h264_nvenc",
        "p5",
        "21",
    )
    assert "-crf" not in command and "-x264-params" not in command


def test_a_film_has_one_stream() -> None:
    command = encode_command(BINARY, EncodePlan(PLAN.output, 64, 64, Fraction(25), 1))
    assert command.count("-i") == 1 and command.count("-map") == 1
    assert "-acodec" not in command


def test_the_sound_alone_is_mapped() -> None:
    command = sound_of()
    assert command.count("-i") == 1 and command.count("-map") == 1
    assert option(command, "-acodec") == "aac"
    assert option(command, "-ac") == "2"


def test_headers_do_not_hang_on_what_is_shown() -> None:
    assert option(encode_command(BINARY, PLAN), "-x264-params") == "stitchable=1"


@pytest.mark.parametrize(
    "name", ["a b.mp4", 'it\'s "q".mp4', "视频.mp4", "😀.mp4", "-y.mp4", "%03d.mp4", "http://x.mp4"]
)
def test_names_are_taken_literally(name: str) -> None:
    voice = AudioFacts(Path(f"/in/{name}"), 48_000, 1, 1.0)
    command = encode_command(BINARY, EncodePlan(Path(f"/out/{name}"), 64, 64, Fraction(25), 1))
    assert f"file:{Path('/out') / name}" in command
    command = sound_of(voice)
    assert command[command.index("-filter_complex") - 1] == f"file:{Path('/in') / name}"


def test_relative_names_become_absolute() -> None:
    command = encode_command(BINARY, EncodePlan(Path("-y.mp4"), 64, 64, Fraction(25), 1))
    assert f"file:{Path.cwd() / '-y.mp4'}" in command


def test_a_voice_may_not_name_other_files() -> None:
    command = sound_of()
    assert option(command, "-protocol_whitelist") == "file"
    assert "hls" not in option(command, "-format_whitelist").split(",")


@pytest.mark.parametrize(
    ("given", "legal"),
    [(48_000, 48_000), (44_100, 44_100), (8_000, 8_000), (11_000, 11_025), (192_000, 96_000), (6_000, 7_350)],
)
def test_nearest_sample_rate(given: int, legal: int) -> None:
    assert nearest_sample_rate(given) == legal


@pytest.mark.parametrize(("given", "legal"), [(1, 1), (2, 2), (3, 2), (5, 2), (6, 6), (7, 6), (8, 8), (16, 8)])
def test_nearest_channels(given: int, legal: int) -> None:
    assert nearest_channels(given) == legal


def test_the_trial_writes_nothing() -> None:
    command = nvenc_trial_command(BINARY)
    assert option(command, "-vcodec") == "h264_nvenc"
    assert command[command.index("-i") - 1] == "lavfi"
    assert "null" in command
