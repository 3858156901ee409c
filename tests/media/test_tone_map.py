"""The curves by their standards' own numbers, and what becomes of HDR films."""

from pathlib import Path

import numpy as np
import pytest

from heygem.domain.media import Transfer
from heygem.media.decode import FrameReader
from heygem.media.probe import probe_video
from heygem.media.tone_map import compress_highlights, hlg_to_nits, nits_to_pq, pq_to_nits, tone_map, write_cube
from tests.media.clips import ClipMaker, read_corner

GREYS = np.linspace(0, 1, 257)[:, None].repeat(3, axis=1)


def test_pq_by_the_table_of_bt_2408() -> None:
    assert pq_to_nits(np.array([0.0, 0.508, 0.581, 0.752, 1.0])) == pytest.approx([0, 100, 203, 1000, 10000], rel=0.01)
    assert pq_to_nits(nits_to_pq(np.array([0.1, 50, 4000]))) == pytest.approx([0.1, 50, 4000])


def test_hlg_by_the_table_of_bt_2408() -> None:
    nits = hlg_to_nits(np.array([[0.0] * 3, [0.75] * 3, [1.0] * 3]))[:, 0]
    assert nits == pytest.approx([0, 203, 1000], rel=0.01)


def test_highlights_are_compressed_and_shadows_are_not() -> None:
    nits = compress_highlights(np.array([1.0, 50.0, 203.0, 1000.0, 5000.0]))
    assert nits[:2] == pytest.approx([1, 50], rel=0.01)
    assert 100 < nits[2] < 203
    assert nits[3:] == pytest.approx([203, 203])


@pytest.mark.parametrize("transfer", [Transfer.PQ, Transfer.HLG])
def test_grey_stays_grey_and_ascends_to_white(transfer: Transfer) -> None:
    mapped = tone_map(GREYS, transfer)
    assert np.ptp(mapped, axis=1).max() < 0.002
    assert (np.diff(mapped[:, 0]) >= -1e-9).all()
    assert mapped[0].max() == 0
    assert mapped[-1].min() == pytest.approx(1, abs=0.01)


def test_a_colour_that_709_has_too_keeps_its_hue() -> None:
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    skin_nits = np.array([0.5, 0.28, 0.2]) * 100
    mapped = tone_map(nits_to_pq(to_2020 @ skin_nits), Transfer.PQ) ** 2.4 * 203
    assert mapped == pytest.approx(skin_nits, rel=0.02)


def test_the_cube_has_red_running_fastest(tmp_path: Path) -> None:
    path = tmp_path / "table.cube"
    write_cube(path, Transfer.HLG, size=3)
    first, *rows = path.read_text().splitlines()
    assert first == "LUT_3D_SIZE 3"
    assert len(rows) == 27
    assert [float(value) for value in rows[2].split()] == pytest.approx(
        tone_map(np.array([1.0, 0, 0]), Transfer.HLG), abs=1e-6
    )


@pytest.mark.parametrize(("curve", "transfer"), [("smpte2084", Transfer.PQ), ("arib-std-b67", Transfer.HLG)])
@pytest.mark.parametrize("level", [0.2, 0.45, 0.6])
def test_an_hdr_film_is_shown_as_the_table_says(clips: ClipMaker, curve: str, transfer: Transfer, level: float) -> None:
    tags = f"log-level=error:colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc"
    luma = round(64 + 876 * level)
    filters = f"format=yuv420p10le,geq=lum={luma}:cb=512:cr=512"
    options = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", tags)
    film = clips.film(f"grey {curve} {luma}.mp4", *options, filters=filters, count=2)
    frame = next(FrameReader(probe_video(film)).read())
    expected = 255 * tone_map(np.full(3, level), transfer)
    assert read_corner(frame, "top left") == pytest.approx(expected, abs=2)


def test_hdr_colours_and_rotation_go_together(clips: ClipMaker) -> None:
    tags = "log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
    filters = "scale=out_color_matrix=bt2020,format=yuv420p10le"
    film = clips.film("hlg.mp4", "-c:v", "libx265", "-x265-params", tags, filters=filters, count=2)
    turned = clips.convert(film, "hlg turned.mp4", "in:-display_rotation", "in:-90", "-c", "copy")
    plain = next(FrameReader(probe_video(film)).read())
    frame = next(FrameReader(probe_video(turned)).read())
    assert np.array_equal(frame, np.rot90(plain, -1))
    blue, green, red = read_corner(plain, "top left")
    assert red > 150 > green and red > 150 > blue
