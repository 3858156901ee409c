"""Decoded frames to upright BGR: colour matrix and range, tone mapping, turning and mirroring. Knows no time."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Final

import av.filter
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation

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
# Without these flags swscale takes a path that is ten times as fast, but everything comes out a level too dark, and the
# greens 1.5 levels.
EXACT: Final = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND
QUICK: Final = Interpolation.BILINEAR


class FrameConverter:
    """Turns the decoded frames of one video into (H, W, 3) uint8 BGR, of the same size whatever the stream does.

    `is_exact=False` is for frames that are looked at and not shown.
    """

    def __init__(self, facts: VideoFacts, is_exact: bool = True) -> None:
        self._facts = facts
        self._scaling = EXACT if is_exact else QUICK
        is_turned = facts.rotation in (90, 270)
        self._width, self._height = (facts.height, facts.width) if is_turned else (facts.width, facts.height)
        self._tone_mapper: av.filter.Graph | None = None

    def convert(self, frame: VideoFrame) -> Image:
        if self._facts.transfer is Transfer.SDR:
            bgr = self._to_rgb(frame, "bgr24")
        else:
            bgr = self._map_tones(self._to_rgb(frame, "rgb48le")).reformat(format="bgr24")
        image = np.asarray(bgr.to_ndarray(), dtype=np.uint8)
        if self._facts.rotation:
            image = cv2.rotate(image, TURNS[self._facts.rotation]).astype(np.uint8, copy=False)
        if self._facts.is_mirrored:
            image = cv2.flip(image, 1).astype(np.uint8, copy=False)
        return np.ascontiguousarray(image)

    def _to_rgb(self, frame: VideoFrame, pixel_format: str) -> VideoFrame:
        matrix, color_range = find_matrix(frame), find_range(frame)
        return frame.reformat(
            width=self._width,
            height=self._height,
            format=pixel_format,
            src_colorspace=matrix,
            src_color_range=color_range,
            dst_color_range=ColorRange.JPEG,
            interpolation=self._scaling,
        )

    def _map_tones(self, frame: VideoFrame) -> VideoFrame:
        if self._tone_mapper is None:
            self._tone_mapper = _build_tone_mapper(frame, self._facts.transfer)
        self._tone_mapper.vpush(frame)
        return self._tone_mapper.vpull()


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
