"""What is found out about people's films and photos, in every container and codec."""

from fractions import Fraction
from pathlib import Path

import cv2
import pytest

from heygem.domain.errors import (
    HeyGemError,
    MediaEmptyError,
    MediaIsFolderError,
    MediaNotFoundError,
    MediaPermissionError,
    MediaTruncatedError,
    MediaUnreadableError,
    NoFramesError,
    NoPictureError,
)
from heygem.domain.media import Transfer
from heygem.media.probe import probe_video
from tests.media.clips import ClipMaker, draw_number

LONG_GOP = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "250")
FILMS = {
    "h264.mp4": LONG_GOP,
    "h264.mov": LONG_GOP,
    "h264.mkv": LONG_GOP,
    "h264.ts": LONG_GOP,
    "h264.flv": LONG_GOP,
    "h264.avi": LONG_GOP,
    "h265.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"),
    "av1.mp4": ("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-q:v", "3", "-bf", "2"),
    "mpeg4.mp4": ("-c:v", "mpeg4", "-q:v", "3"),
    "mjpeg.avi": ("-c:v", "mjpeg", "-q:v", "3", "-strict", "-1"),
    "mpeg2video.ts": ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2"),
    "mpeg2video.mpg": ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2"),
    "prores.mov": ("-c:v", "prores_ks"),
}


@pytest.mark.parametrize("name", FILMS)
def test_size_rate_and_count(clips: ClipMaker, name: str) -> None:
    facts = probe_video(clips.film(name, *FILMS[name]))
    assert (facts.width, facts.height, facts.frame_count) == (96, 64, 40)
    assert facts.frame_rate == 25
    assert not facts.is_variable_rate and not facts.is_photo
    assert facts.transfer is Transfer.SDR
    codec = name.partition(".")[0]
    assert facts.codec == {"h265": "hevc"}.get(codec, codec)


@pytest.mark.parametrize("container", ["mp4", "mkv", "flv", "ts", "avi", "mov"])
@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25, 2), Fraction(50)])
def test_rates_are_exact_in_every_container(clips: ClipMaker, container: str, rate: Fraction) -> None:
    name = f"rate {rate.numerator} {rate.denominator}.{container}"
    facts = probe_video(clips.film(name, "-c:v", "libx264", "-preset", "ultrafast", rate=rate, count=30))
    assert (facts.frame_rate, facts.frame_count, facts.is_variable_rate) == (rate, 30, False)


def test_a_variable_rate(clips: ClipMaker) -> None:
    slow_down = "settb=1/1000,setpts='if(lt(N,20),N*20,400+(N-20)*80)',format=yuv420p"
    path = clips.film("vfr.mp4", *LONG_GOP, "-fps_mode", "vfr", "-enc_time_base", "1:1000", filters=slow_down)
    facts = probe_video(path)
    assert facts.is_variable_rate
    assert facts.frame_count == 40
    assert facts.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("flag", "rotation"), [(90, 270), (180, 180), (-90, 90)])
def test_the_rotation_flag(clips: ClipMaker, flag: int, rotation: int) -> None:
    film = clips.film("h264.mp4", *FILMS["h264.mp4"])
    turned = clips.convert(film, f"turned {flag}.mp4", "in:-display_rotation", f"in:{flag}", "-c", "copy")
    facts = probe_video(turned)
    assert facts.rotation == rotation
    assert (facts.width, facts.height) == ((96, 64) if rotation == 180 else (64, 96))


def test_pixels_that_are_not_square(clips: ClipMaker) -> None:
    film = clips.film("wide.mp4", *LONG_GOP, filters="setsar=4/3,format=yuv420p")
    assert probe_video(film).sample_aspect_ratio == Fraction(4, 3)
    turned = clips.convert(film, "wide turned.mp4", "in:-display_rotation", "in:90", "-c", "copy")
    assert probe_video(turned).sample_aspect_ratio == Fraction(3, 4)


@pytest.mark.parametrize(("curve", "transfer"), [("smpte2084", Transfer.PQ), ("arib-std-b67", Transfer.HLG)])
def test_hdr(clips: ClipMaker, curve: str, transfer: Transfer) -> None:
    tags = f"log-level=error:colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc"
    options = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", tags)
    film = clips.film(f"{curve}.mp4", *options, filters="scale=out_color_matrix=bt2020,format=yuv420p10le", count=4)
    assert probe_video(film).transfer is transfer


def test_what_an_edit_list_cuts_off_does_not_count(clips: ClipMaker) -> None:
    film = clips.film("h264.mp4", *FILMS["h264.mp4"])
    cut = clips.convert(film, "cut.mp4", "in:-ss", "in:0.6", "-c", "copy")
    assert probe_video(cut).frame_count == 25


@pytest.mark.parametrize("extension", ["jpg", "png", "webp"])
def test_photos(clips: ClipMaker, extension: str) -> None:
    photo = clips.folder / f"a photo.{extension}"
    cv2.imwrite(str(photo), draw_number(5, 97, 65))
    facts = probe_video(photo)
    assert facts.is_photo
    assert (facts.width, facts.height, facts.frame_count) == (97, 65, 1)


@pytest.mark.parametrize(
    "name",
    ['with space\'s "quote".mp4', "人物 视频.mp4", "face 😀.mp4", "-lead.mp4", "100%d.mp4", "a:b.mp4", "#?&.mp4"],
)
def test_names(clips: ClipMaker, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(clips.film("h264.mp4", *FILMS["h264.mp4"]).read_bytes())
    assert probe_video(path).frame_count == 40


def test_a_relative_path(clips: ClipMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clips.folder)
    clips.film("-dash.mp4", *LONG_GOP)
    assert probe_video(Path("-dash.mp4")).frame_count == 40


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MediaNotFoundError):
        probe_video(tmp_path / "nothing.mp4")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(MediaIsFolderError):
        probe_video(tmp_path)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.mp4"
    path.write_bytes(b"x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MediaPermissionError):
        probe_video(path)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(MediaEmptyError):
        probe_video(path)


@pytest.mark.parametrize(
    "content", [b"just a text\n" * 50, bytes(range(256)) * 40, b"\x00" * 4000, b"#EXTM3U\n#EXT-X-"]
)
def test_no_film_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaUnreadableError) as caught:
        probe_video(path)
    assert caught.value.context["reason"]
    assert caught.value.__cause__ is not None


def test_a_codec_that_nobody_knows(clips: ClipMaker, tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    path.write_bytes(clips.film("mpeg4.avi", *FILMS["mpeg4.avi"]).read_bytes().replace(b"FMP4", b"QQQ!"))
    with pytest.raises(MediaUnreadableError) as caught:
        probe_video(path)
    assert "codec" in str(caught.value.context["reason"])


def test_a_playlist_is_not_followed(clips: ClipMaker, tmp_path: Path) -> None:
    segment = clips.film("h264.ts", *FILMS["h264.ts"])
    playlist = tmp_path / "film.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{segment}\n#EXT-X-ENDLIST\n")
    with pytest.raises(MediaUnreadableError):
        probe_video(playlist)


def test_a_film_cut_short(clips: ClipMaker, tmp_path: Path) -> None:
    whole = clips.film("fast start.mp4", *LONG_GOP, "-movflags", "+faststart").read_bytes()
    path = tmp_path / "short.mp4"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(MediaTruncatedError) as caught:
        probe_video(path)
    assert caught.value.context["expected"] == 40
    assert 0 < caught.value.context["found"] < 40  # type: ignore[operator]  # a count


def test_a_film_without_its_table_of_contents(clips: ClipMaker, tmp_path: Path) -> None:
    whole = clips.film("h264.mp4", *FILMS["h264.mp4"]).read_bytes()
    path = tmp_path / "no moov.mp4"
    path.write_bytes(whole[: whole.index(b"moov") - 4])
    with pytest.raises(MediaUnreadableError) as caught:
        probe_video(path)
    assert "moov" in str(caught.value.context["reason"])


@pytest.mark.parametrize("extension", ["jpg", "png", "webp"])
def test_a_photo_cut_short(tmp_path: Path, extension: str) -> None:
    photo = tmp_path / f"photo.{extension}"
    cv2.imwrite(str(photo), draw_number(5, 320, 240))
    photo.write_bytes(photo.read_bytes()[: photo.stat().st_size * 3 // 4])
    with pytest.raises(MediaTruncatedError):
        probe_video(photo)


@pytest.mark.parametrize("name", ["sound alone.wav", "sound alone.mp3", "sound alone.m4a"])
def test_sound_alone(clips: ClipMaker, name: str) -> None:
    with pytest.raises(NoPictureError):
        probe_video(clips.voice(name))


def test_a_cover_is_no_film(clips: ClipMaker) -> None:
    cover = clips.folder / "cover.png"
    cv2.imwrite(str(cover), draw_number(1))
    song = clips.folder / "song.mp3"
    clips.run(
        "-i", str(clips.voice("sound alone.mp3")), "-i", str(cover), "-c", "copy", "-map", "0", "-map", "1", output=song
    )
    with pytest.raises(NoPictureError):
        probe_video(song)


def test_a_film_without_frames(clips: ClipMaker) -> None:
    film = clips.film("h264.mkv", *FILMS["h264.mkv"])
    data = film.read_bytes()
    path = clips.folder / "no frames.mkv"
    path.write_bytes(data[: data.index(b"\x1f\x43\xb6\x75")])  # the first cluster
    with pytest.raises(NoFramesError):
        probe_video(path)


@pytest.mark.parametrize("name", ["none.mp4", "none.avi", "none.mkv"])
def test_a_header_without_frames(clips: ClipMaker, name: str) -> None:
    with pytest.raises(NoFramesError):
        probe_video(clips.film(name, "-c:v", "mpeg4", "-frames:v", "0"))


def test_every_error_has_its_path(tmp_path: Path) -> None:
    with pytest.raises(HeyGemError) as caught:
        probe_video(tmp_path / "x.mp4")
    assert caught.value.context["path"] == tmp_path / "x.mp4"
