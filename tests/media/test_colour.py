"""The quick way from YUV to BGR gives what swscale's exact one gives, and both what the standard says."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from heygem.domain.media import Transfer, VideoFacts
from heygem.media.colour import EXACT, FrameConverter, build_matrix

WIDTH, HEIGHT = 90, 62  # rows of planes are longer in memory than in the picture


def facts() -> VideoFacts:
    return VideoFacts(
        path=Path("film.mp4"),
        width=WIDTH,
        height=HEIGHT,
        frame_rate=Fraction(25),
        frame_count=1,
        is_photo=False,
        is_variable_rate=False,
        rotation=0,
        sample_aspect_ratio=Fraction(1),
        transfer=Transfer.SDR,
        codec="h264",
        is_mirrored=False,
    )


def make_frame(pixel_format: str, matrix: int, color_range: ColorRange) -> VideoFrame:
    """Smooth noise; sharp edges would compare how chroma is enlarged."""
    noise = np.random.default_rng(4).integers(20, 236, (8, 12, 3), dtype=np.uint8)
    picture = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    frame = VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=pixel_format)
    frame.colorspace, frame.color_range = matrix, color_range
    return frame


KINDS = [(name, kind) for name in ("yuv420p", "yuv422p", "yuv444p") for kind in (ColorRange.MPEG, ColorRange.JPEG)]


@pytest.mark.parametrize(("pixel_format", "color_range"), [*KINDS, ("yuvj420p", ColorRange.JPEG)])
@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9])
def test_as_swscale_does_exactly(pixel_format: str, matrix: int, color_range: ColorRange) -> None:
    frame = make_frame(pixel_format, matrix, color_range)
    quick = FrameConverter(facts()).convert(frame)
    exact = frame.reformat(
        format="bgr24",
        src_colorspace=matrix,
        src_color_range=color_range,
        dst_color_range=ColorRange.JPEG,
        interpolation=EXACT,
    ).to_ndarray()
    apart = quick.astype(int) - exact
    assert np.abs(apart).max() <= 3
    assert np.abs(apart).mean() < 0.7
    assert np.abs(apart.mean(axis=(0, 1))).max() < 0.4


@pytest.mark.parametrize("matrix", [Colorspace.ITU709, Colorspace.ITU601, Colorspace.BT2020])
def test_black_white_and_grey_have_no_colour(matrix: Colorspace) -> None:
    limited, full = (build_matrix(matrix, kind) for kind in (ColorRange.MPEG, ColorRange.JPEG))
    assert np.allclose(limited @ [16, 128, 128, 1], 0, atol=1e-3)
    assert np.allclose(limited @ [235, 128, 128, 1], 255, atol=1e-3)
    assert np.allclose(full @ [77, 128, 128, 1], 77, atol=1e-3)


def test_red_is_red_in_709() -> None:
    y, cb, cr = 16 + 219 * 0.2126, 128 - 224 * 0.2126 / (2 * (1 - 0.0722)), 128 + 112
    assert np.allclose(build_matrix(Colorspace.ITU709, ColorRange.MPEG) @ [y, cb, cr, 1], [0, 0, 255], atol=0.01)
