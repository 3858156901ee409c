"""Which frame is shown when, from any point and in any direction."""

import logging
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from heygem.domain.media import VideoFacts
from heygem.media.decode import FrameReader, backward_chunks, chunk_length, ping_pong
from heygem.media.probe import probe_video
from heygem.media.still import Image
from tests.media.clips import CORNERS, ClipMaker, draw_number, read_corner, read_number
from tests.media.test_probe_video import FILMS, LONG_GOP

OPEN_GOP = (
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-x264-params",
    "open-gop=1:keyint=12:bframes=3:b-adapt=0:scenecut=0",
)
OPEN_HEVC = "log-level=error:open-gop=1:keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0"
SEEKABLE = {
    "open gop.mp4": OPEN_GOP,
    "open gop.ts": OPEN_GOP,
    "open gop.mkv": OPEN_GOP,
    "open gop.flv": OPEN_GOP,
    "open gop hevc.mp4": ("-c:v", "libx265", "-preset", "veryfast", "-x265-params", OPEN_HEVC),
    "open gop hevc.ts": ("-c:v", "libx265", "-preset", "veryfast", "-x265-params", OPEN_HEVC),
    "refresh.mp4": ("-c:v", "libx264", "-preset", "veryfast", "-x264-params", "intra-refresh=1:keyint=10"),
    "short gop.mp4": ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "12"),
}


def numbers(frames: list[Image]) -> list[int]:
    return [read_number(frame) for frame in frames]


@pytest.mark.parametrize("name", FILMS)
def test_every_frame_once_and_in_order(clips: ClipMaker, name: str) -> None:
    frames = list(FrameReader(probe_video(clips.film(name, *FILMS[name]))).read())
    assert numbers(frames) == list(range(40))
    assert all(frame.shape == (64, 96, 3) and frame.dtype == np.uint8 for frame in frames)
    assert all(frame.flags.c_contiguous and frame.flags.writeable for frame in frames)


@pytest.mark.parametrize("name", FILMS | SEEKABLE)
def test_any_stretch_is_the_same_as_in_the_whole(clips: ClipMaker, name: str) -> None:
    reader = FrameReader(probe_video(clips.film(name, *(FILMS | SEEKABLE)[name])), thread_count=2)
    whole = list(reader.read())
    assert numbers(whole) == list(range(40))
    for start, stop in ((0, 1), (1, 3), (11, 14), (23, 25), (36, 40), (39, 40)):
        stretch = list(reader.read(start, stop))
        assert len(stretch) == stop - start
        assert all(np.array_equal(frame, whole[start + number]) for number, frame in enumerate(stretch)), start


def test_a_stretch_begins_at_a_key_frame_near_it(clips: ClipMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    reader = FrameReader(probe_video(clips.film("short gop.mp4", *SEEKABLE["short gop.mp4"])))
    decode = reader._decode

    def spy(*arguments: object) -> object:
        for index, frame in decode(*arguments):  # type: ignore[arg-type]  # passed on as they are
            decoded.append(index)
            yield index, frame

    monkeypatch.setattr(reader, "_decode", spy)
    assert numbers(list(reader.read(30, 32))) == [30, 31]
    assert decoded[0] == 24


def test_nothing_and_more_than_there_is(clips: ClipMaker) -> None:
    reader = FrameReader(probe_video(clips.film("h264.mp4", *LONG_GOP)))
    assert list(reader.read(5, 5)) == []
    assert list(reader.read(40)) == []
    assert numbers(list(reader.read(38, 99))) == [38, 39]


def test_a_variable_rate_is_evened_out(clips: ClipMaker) -> None:
    slow_down = "settb=1/1000,setpts='if(lt(N,20),N*20,400+(N-20)*80)',format=yuv420p"
    path = clips.film("vfr.mp4", *LONG_GOP, "-fps_mode", "vfr", "-enc_time_base", "1:1000", filters=slow_down)
    facts = probe_video(path)
    reader = FrameReader(facts)
    shown = numbers(list(reader.read()))
    moments = [number / float(facts.frame_rate) for number in range(facts.frame_count)]
    expected = [int(t * 50 + 1e-6) if t < 0.4 - 1e-6 else 20 + int((t - 0.4) * 12.5 + 1e-6) for t in moments]
    assert shown == expected
    assert numbers(list(reader.read(17, 25))) == expected[17:25]


@pytest.mark.parametrize("flag", [0, 90, 180, -90])
@pytest.mark.parametrize("flip", [None, "-display_hflip", "-display_vflip"])
def test_the_picture_stands_upright(clips: ClipMaker, flag: int, flip: str | None) -> None:
    film = clips.film("h264.mp4", *LONG_GOP)
    mirror = [f"in:{flip}"] if flip else []
    name = f"turned {flag} {flip}"
    turned = clips.convert(film, f"{name}.mp4", "in:-display_rotation", f"in:{flag}", *mirror, "-c", "copy")
    facts = probe_video(turned)
    frame = next(FrameReader(facts).read())
    assert frame.shape == (facts.height, facts.width, 3)
    player = clips.convert(turned, f"{name}.png", "-frames:v", "1")
    shown = next(FrameReader(probe_video(player)).read())
    assert frame.shape == shown.shape
    for name in CORNERS:
        assert read_corner(frame, name) == pytest.approx(read_corner(shown, name), abs=4)


def test_odd_sizes(clips: ClipMaker) -> None:
    path = clips.film("odd.mkv", "-c:v", "ffv1", size=(97, 65), filters="format=yuv444p")
    frame = next(FrameReader(probe_video(path)).read(7))
    assert frame.shape == (65, 97, 3)
    assert read_number(frame) == 7


COLOURS = {
    "601 of a small film": ("scale=out_color_matrix=bt601,format=yuv420p", ()),
    "709 by its tag": ("scale=out_color_matrix=bt709,format=yuv420p", ("-colorspace", "bt709")),
    "full range": ("scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p", ()),
    "10 bit": ("scale=out_color_matrix=bt709,format=yuv420p10le", ("-colorspace", "bt709")),
    "4:4:4": ("scale=out_color_matrix=bt709,format=yuv444p", ("-colorspace", "bt709")),
}


@pytest.mark.parametrize("name", COLOURS)
def test_colours(clips: ClipMaker, name: str) -> None:
    filters, tags = COLOURS[name]
    path = clips.film(f"{name.replace(':', '')}.mkv", "-c:v", "libx264", "-qp", "4", *tags, filters=filters, count=2)
    frame = next(FrameReader(probe_video(path)).read())
    for corner, colour in CORNERS.items():
        assert read_corner(frame, corner) == pytest.approx(colour, abs=3), corner


def test_colours_that_need_not_be_exact_are_nearly_so(clips: ClipMaker) -> None:
    facts = probe_video(clips.film("h264.mp4", *FILMS["h264.mp4"]))
    pairs = zip(FrameReader(facts).read(), FrameReader(facts, is_exact=False).read(), strict=True)
    assert max(float(np.abs(exact.astype(int) - quick).mean()) for exact, quick in pairs) < 2.5


def test_an_untagged_film_in_hd_is_709(clips: ClipMaker) -> None:
    filters = "scale=out_color_matrix=bt709,format=yuv420p,setparams=colorspace=unknown"
    path = clips.film(
        "hd.mkv", "-c:v", "libx264", "-qp", "4", "-preset", "ultrafast", filters=filters, count=1, size=(960, 720)
    )
    frame = next(FrameReader(probe_video(path)).read())
    assert read_corner(frame, "top right") == pytest.approx(CORNERS["top right"], abs=3)


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg4.avi", "h264.ts", "vp9.webm"])
@pytest.mark.parametrize("chunk_frames", [8, 64])
def test_ping_pong(clips: ClipMaker, name: str, chunk_frames: int) -> None:
    facts = probe_video(clips.film(name, *FILMS[name]))
    reader = FrameReader(facts, chunk_bytes=chunk_frames * facts.width * facts.height * 3)
    whole = list(reader.read())
    walk = list(reader.read_ping_pong(100))
    assert [index for index, _ in walk] == [*range(40), *range(38, 0, -1), *range(22)]
    assert all(np.array_equal(frame, whole[index]) for index, frame in walk)


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg4.avi", "h264.ts", "vp9.webm"])
@pytest.mark.parametrize("chunk_frames", [8, 64])
@pytest.mark.parametrize("start", [1, 17, 39, 40, 41, 60, 77, 78, 79, 150])
def test_ping_pong_from_the_middle(clips: ClipMaker, name: str, chunk_frames: int, start: int) -> None:
    facts = probe_video(clips.film(name, *FILMS[name]))
    reader = FrameReader(facts, chunk_bytes=chunk_frames * facts.width * facts.height * 3)
    whole = list(reader.read())
    walk = list(reader.read_ping_pong(start + 50, start))
    assert [index for index, _ in walk] == [ping_pong(step, 40) for step in range(start, start + 50)]
    assert all(np.array_equal(frame, whole[index]) for index, frame in walk)


def test_a_walk_from_the_middle_decodes_nothing_far_before(clips: ClipMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = probe_video(clips.film("h264.mp4", *LONG_GOP))
    reader = FrameReader(facts, chunk_bytes=1)
    stretches = []
    read = reader.read

    def spy(start: int = 0, stop: int | None = None) -> object:
        stretches.append((start, stop))
        return read(start, stop)

    monkeypatch.setattr(reader, "read", spy)
    assert [index for index, _ in reader.read_ping_pong(38, 34)] == [34, 35, 36, 37]
    assert [index for index, _ in reader.read_ping_pong(54, 50)] == [28, 27, 26, 25]
    assert stretches == [(34, None), (50, None), (21, 29)]


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg4.avi", "vp9.webm"])
def test_picking(clips: ClipMaker, name: str) -> None:
    reader = FrameReader(probe_video(clips.film(name, *FILMS[name])))
    whole = list(reader.read())
    wanted = [0, 5, 6, 30, 39]
    picked = list(reader.pick(wanted))
    assert all(np.array_equal(frame, whole[index]) for index, frame in zip(wanted, picked, strict=True))
    assert list(reader.pick([])) == []


def test_painting_on_a_frame_does_not_last(clips: ClipMaker) -> None:
    reader = FrameReader(probe_video(clips.film("h264.mp4", *LONG_GOP)))
    for _, frame in reader.read_ping_pong(60):
        assert not np.array_equal(frame, np.zeros_like(frame))
        frame[:] = 0


@pytest.mark.parametrize(("count", "expected"), [(1, [0, 0, 0, 0, 0]), (2, [0, 1, 0, 1, 0])])
def test_ping_pong_of_next_to_nothing(clips: ClipMaker, count: int, expected: list[int]) -> None:
    reader = FrameReader(probe_video(clips.film(f"{count} frames.mp4", *LONG_GOP, count=count)))
    assert [index for index, _ in reader.read_ping_pong(5)] == expected


def test_walking_backwards_holds_one_chunk(clips: ClipMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = probe_video(clips.film("h264.mp4", *LONG_GOP))
    reader = FrameReader(facts, chunk_bytes=1)
    stretches = []
    read = reader.read

    def spy(start: int = 0, stop: int | None = None) -> object:
        stretches.append((start, stop))
        return read(start, stop)

    monkeypatch.setattr(reader, "read", spy)
    assert len(list(reader.read_ping_pong(78))) == 78
    assert stretches == [(0, None), (31, 39), (23, 31), (15, 23), (7, 15), (1, 7)]


def test_the_chunk_fits_its_budget() -> None:
    facts = VideoFacts(Path("x.mp4"), 1280, 720, Fraction(25), 1000)
    assert chunk_length(facts, 100 * 1280 * 720 * 3) == 100
    assert chunk_length(facts, 1) == 8


def test_backward_chunks_cover_everything_once() -> None:
    chunks = list(backward_chunks(1, 30, 8))
    assert [index for start, stop in chunks for index in reversed(range(start, stop))] == list(range(29, 0, -1))
    assert list(backward_chunks(1, 1, 8)) == []


def test_a_photo_is_the_same_for_ever(tmp_path: Path) -> None:
    photo = tmp_path / "人 😀.png"
    photo.write_bytes(cv2.imencode(".png", draw_number(9))[1].tobytes())
    reader = FrameReader(probe_video(photo))
    frames = list(islice(reader.read(), 5))
    assert len(frames) == 5
    assert all(np.array_equal(frame, draw_number(9)) for frame in frames)
    assert len(list(reader.read(3, 7))) == 4
    frames[0][:] = 0
    assert [(index, read_number(frame)) for index, frame in reader.read_ping_pong(3)] == [(0, 9)] * 3


def test_a_damaged_stretch_is_bridged(clips: ClipMaker, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    intra = clips.film("intra.mkv", "-c:v", "mjpeg", "-q:v", "3", "-strict", "-1")
    facts = probe_video(intra)
    data = bytearray(intra.read_bytes())
    starts = [at for at in range(len(data)) if data[at : at + 3] == b"\xff\xd8\xff"]
    data[starts[10] : starts[11] - 12] = bytes(starts[11] - 12 - starts[10])
    path = tmp_path / "damaged.mkv"
    path.write_bytes(data)
    damaged = probe_video(path)
    assert damaged.frame_count == facts.frame_count == 40
    with caplog.at_level(logging.WARNING):
        shown = numbers(list(FrameReader(damaged).read()))
    assert shown == [*range(10), 9, *range(11, 40)]
    assert "damaged" in caplog.text
