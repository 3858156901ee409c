"""What the page shows of an upload that the browser cannot play: its first frame, or why it cannot be used at all."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from heygem.config.strings import Translator
from heygem.domain.errors import HeyGemError
from heygem.media.decode import FrameReader
from heygem.media.probe import probe_audio, probe_video

STILL_HEIGHT: Final = 400  # pixels: twice what the page shows, for dense screens
JPEG_QUALITY: Final = 80


@dataclass(frozen=True)
class Preview:
    """`still` is a picture's data URL, `problem` a sentence; either may be empty."""

    still: str = ""
    problem: str = ""


def preview_person(path: Path, tr: Translator) -> Preview:
    try:
        return Preview(still=first_frame_url(path))
    except HeyGemError as error:
        return Preview(problem=tr.explain(error))


def preview_voice(path: Path, tr: Translator) -> Preview:
    try:
        probe_audio(path)
    except HeyGemError as error:
        return Preview(problem=tr.explain(error))
    return Preview()


def first_frame_url(path: Path) -> str:
    """The first frame, upright and in its true proportions, as a JPEG data URL. Raises MediaError."""
    facts = probe_video(path)
    frame = next(FrameReader(facts, thread_count=1).read(0, 1))
    shape = (round(STILL_HEIGHT * facts.width * facts.sample_aspect_ratio / facts.height), STILL_HEIGHT)
    small = cv2.resize(frame, shape, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
