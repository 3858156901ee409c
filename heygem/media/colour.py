"""Decoded frames to upright BGR: colour matrix and range, tone mapping, turning and mirroring. Knows no time."""

import re
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final

import av.filter
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from heygem.domain.media import Transfer, VideoFacts
from heygem.media.still import Image
from heygem.media.tone_map import write_cube

# The matrix numbers of ITU-T H.273; 2 and whatever else is not here is unspecified.
MATRICES: Final = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
HD_HEIGHT: Final = 720
TURNS: Final = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
# The red and blue shares of luma; green's is the rest.
SHARES: Final = {
    Colorspace.ITU709: (0.2126, 0.0722),
    Colorspace.FCC: (0.30, 0.11),
    Colorspace.ITU601: (0.299, 0.114),
    Colorspace.SMPTE240M: (0.212, 0.087),
    Colorspace.BT2020: (0.2627, 0.0593),
}
PLANAR: Final = re.compile("yuvj?4[24][024]p")  # 8 bits
# Without these flags swscale takes a path that is ten times as fast, but everything comes out a level too dark, and the
# greens 1.5 levels.
EXACT: Final = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND
QUICK: Final = Interpolation.BILINEAR


class FrameConverter:
    """Turns the decoded frames of one video into (H, W, 3) uint8 BGR, of the same size whatever the stream does.

    `is_exact=False` is for frames that are looked at and not shown. What is exact is within a level of the standards'
    real-valued matrices.
    """

    def __init__(self, facts: VideoFacts, is_exact: bool = True) -> None:
        self._facts = facts
        self._is_exact = is_exact
        is_turned = facts.rotation in (90, 270)
        self._width, self._height = (facts.height, facts.width) if is_turned else (facts.width, facts.height)
        self._tone_mapper: av.filter.Graph | None = None

    def convert(self, frame: VideoFrame) -> Image:
        image = self._to_bgr(frame)
        if self._facts.rotation:
            image = cv2.rotate(image, TURNS[self._facts.rotation]).astype(np.uint8, copy=False)
        if self._facts.is_mirrored:
            image = cv2.flip(image, 1).astype(np.uint8, copy=False)
        return np.ascontiguousarray(image)

    def _to_bgr(self, frame: VideoFrame) -> Image:
        if self._facts.transfer is not Transfer.SDR:
            return _to_array(self._map_tones(self._to_rgb(frame, "rgb48le")).reformat(format="bgr24"))
        if self._is_exact and PLANAR.fullmatch(frame.format.name):
            return self._multiply(frame)
        return _to_array(self._to_rgb(frame, "bgr24"))

    def _multiply(self, frame: VideoFrame) -> Image:
        """As swscale does exactly, in a third of the time: it enlarges the chroma, OpenCV applies the matrix."""
        matrix, color_range = find_matrix(frame), find_range(frame)
        full = frame.reformat(
            width=self._width,
            height=self._height,
            format=re.sub("4[24][024]p", "444p", frame.format.name),
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=color_range,
            dst_color_range=color_range,
            interpolation=QUICK,
        )
        planes = [
            np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
            for plane in full.planes
        ]
        return np.asarray(cv2.transform(cv2.merge(planes), build_matrix(matrix, color_range)), np.uint8)

    def _to_rgb(self, frame: VideoFrame, pixel_format: str) -> VideoFrame:
        matrix, color_range = find_matrix(frame), find_range(frame)
        return frame.reformat(
            width=self._width,
            height=self._height,
            format=pixel_format,
            src_colorspace=matrix,
            src_color_range=color_range,
            dst_color_range=ColorRange.JPEG,
            interpolation=EXACT if self._is_exact else QUICK,
        )

    def _map_tones(self, frame: VideoFrame) -> VideoFrame:
        if self._tone_mapper is None:
            self._tone_mapper = _build_tone_mapper(frame, self._facts.transfer)
        self._tone_mapper.vpush(frame)
        return self._tone_mapper.vpull()


def _to_array(frame: VideoFrame) -> Image:
    return np.asarray(frame.to_ndarray(), dtype=np.uint8)


@cache
def build_matrix(matrix: Colorspace, color_range: ColorRange) -> NDArray[np.float32]:
    """(3, 4): from Y, Cb, Cr and 1, all in 0..255 as stored, to B, G, R in 0..255 (ITU-T H.273, equations 38 to 53)."""
    red, blue = SHARES[matrix]
    green = 1 - red - blue
    by_chroma = np.array([[2 * (1 - blue), 0], [0, 0], [0, 2 * (1 - red)]])
    by_chroma[1] = -blue / green * by_chroma[0, 0], -red / green * by_chroma[2, 1]
    luma, chroma, black = (255, 255, 0) if color_range is ColorRange.JPEG else (219, 224, 16)
    linear = np.hstack([np.full((3, 1), 255 / luma), by_chroma * (255 / chroma)])
    shift = -linear @ np.array([black, 128, 128])
    return np.hstack([linear, shift[:, None]]).astype(np.float32)


def find_matrix(frame: VideoFrame) -> Colorspace | None:
    """The frame's own colour matrix; unnamed, BT.709 for HD and BT.601 below, as players do. None for RGB."""
    if frame.format.is_rgb:
        return None
    by_size = Colorspace.ITU709 if frame.height >= HD_HEIGHT else Colorspace.ITU601
    return MATRICES.get(frame.colorspace, by_size)


def find_range(frame: VideoFrame) -> ColorRange:
    """The frame's own range; unnamed, full for RGB and JPEG's formats and limited for the others."""
    if frame.color_range in (ColorRange.MPEG, ColorRange.JPEG):
        return ColorRange(frame.color_range)
    is_full = frame.format.is_rgb or frame.format.name.startswith(("yuvj", "gray", "pal8"))
    return ColorRange.JPEG if is_full else ColorRange.MPEG


def _build_tone_mapper(frame: VideoFrame, transfer: Transfer) -> av.filter.Graph:
    graph = av.filter.Graph()
    with tempfile.TemporaryDirectory() as folder:
        cube = Path(folder) / "tone_map.cube"
        write_cube(cube, transfer)
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1), name="in"
        )
        table = graph.add("lut3d", file=str(cube), interp="tetrahedral")
        sink = graph.add("buffersink")
        source.link_to(table)
        table.link_to(sink)
        graph.configure()  # reads the table
    return graph
