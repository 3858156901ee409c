"""Small films whose every frame carries its number in black and white cells and four coloured corners, and voices of
clicks, as any container and codec."""

import subprocess
import wave
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.domain.media import AudioFacts
from heygem.domain.progress import CancelToken
from heygem.media.encode import VideoEncoder
from heygem.media.ffmpeg_command import EncodePlan, EncodeSettings
from heygem.media.join import JoinPlan, join_film
from heygem.media.sound import SoundEncoder
from heygem.media.still import Image

CORNERS: Final = {  # BGR, of the upright picture
    "top left": (40, 40, 220),
    "top right": (40, 200, 40),
    "bottom left": (220, 40, 40),
    "bottom right": (40, 220, 220),
}
COLUMNS, ROWS = 6, 4  # of cells; the two rows in the middle are the twelve digits
CLICKS_S: Final = (0.25, 0.9, 1.5, 2.2, 3.1)
CLICK_SAMPLES: Final = 480
VOICE_RATE: Final = 48_000
VOICE_S: Final = 3.337


def draw_number(number: int, width: int = 96, height: int = 64) -> Image:
    """A frame that `read_number` can read whatever a codec does to it."""
    frame = np.full((height, width, 3), 128, dtype=np.uint8)
    for cell in range(COLUMNS * 2):
        frame[_cell(frame, 1 + cell // COLUMNS, cell % COLUMNS)] = 235 if number >> cell & 1 else 20
    for name, colour in CORNERS.items():
        frame[_cell(frame, 0 if "top" in name else ROWS - 1, 0 if "left" in name else COLUMNS - 1)] = colour
    return frame


def read_number(image: Image) -> int:
    return sum(
        (image[_cell(image, 1 + cell // COLUMNS, cell % COLUMNS, 4)].mean() > 127) << cell
        for cell in range(COLUMNS * 2)
    )


def read_corner(image: Image, name: str) -> tuple[float, float, float]:
    """The mean BGR of a corner, its edges left out."""
    rows = slice(4, 12) if "top" in name else slice(-12, -4)
    columns = slice(4, 12) if "left" in name else slice(-12, -4)
    blue, green, red = image[rows, columns].reshape(-1, 3).mean(axis=0).tolist()
    return blue, green, red


def _cell(image: Image, row: int, column: int, margin: int = 0) -> tuple[slice, slice]:
    height, width = image.shape[:2]
    rows = slice(row * height // ROWS + margin, (row + 1) * height // ROWS - margin)
    columns = slice(column * width // COLUMNS + margin, (column + 1) * width // COLUMNS - margin)
    return rows, columns


@dataclass(frozen=True)
class ClipMaker:
    """Makes each file once in `folder`; the name is the key."""

    binary: Path
    folder: Path

    def film(
        self,
        name: str,
        *options: str,
        count: int = 40,
        rate: Fraction | int = 25,
        size: tuple[int, int] = (96, 64),
        filters: str = "scale=out_color_matrix=bt709,format=yuv420p",
    ) -> Path:
        """`count` numbered frames, encoded as FFmpeg's `options` say."""
        path = self.folder / name
        if not path.exists():
            frames = b"".join(draw_number(number, *size).tobytes() for number in range(count))
            source = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{size[0]}x{size[1]}", "-framerate", str(rate))
            self.run(*source, "-i", "pipe:0", "-vf", filters, *options, output=path, feed=frames)
        return path

    def voice(self, name: str, *options: str) -> Path:
        """Clicks at CLICKS_S in a voice of VOICE_S."""
        path = self.folder / name
        if not path.exists():
            self.run("-i", f"file:{self._clicks()}", *options, output=path)
        return path

    def convert(self, source: Path, name: str, *options: str) -> Path:
        path = self.folder / name
        if not path.exists():
            before = [option for option in options if option.startswith("in:")]
            after = [option for option in options if not option.startswith("in:")]
            self.run(*(option[3:] for option in before), "-i", f"file:{source}", *after, output=path)
        return path

    def run(self, *arguments: str, output: Path, feed: bytes = b"") -> None:
        command = [str(self.binary), "-v", "error", "-y", *arguments, f"file:{output}"]
        subprocess.run(command, input=feed, check=True, timeout=300)

    def _clicks(self) -> Path:
        path = self.folder / "source clicks.wav"
        if not path.exists():
            samples = np.zeros(round(VOICE_S * VOICE_RATE), dtype=np.int16)
            for click_s in CLICKS_S:
                start = round(click_s * VOICE_RATE)
                samples[start : start + CLICK_SAMPLES] = 12_000 * _click()
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(VOICE_RATE)
                file.writeframes(samples.tobytes())
        return path


def find_clicks(waveform: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """When each of the clicks is heard, in seconds."""
    loudness = np.convolve(np.abs(waveform), np.ones(sample_rate // 100), "same") ** 4
    times = np.arange(len(waveform)) / sample_rate
    near = [np.abs(times - click_s) < 0.2 for click_s in CLICKS_S]
    return np.array([np.average(times[here], weights=loudness[here] + 1e-12) for here in near])


def _click() -> NDArray[np.float64]:
    phase = np.arange(CLICK_SAMPLES) * 2 * np.pi * 1000 / VOICE_RATE
    return np.asarray(np.sin(phase) * np.hanning(CLICK_SAMPLES))


CLICK_CENTRES_S: Final = np.array(CLICKS_S) + CLICK_SAMPLES / VOICE_RATE / 2


def make_film(binary: Path, plan: EncodePlan, voice: AudioFacts, metadata: Mapping[str, str] | None = None) -> Path:
    """The numbered frames in parts of 17, joined with the voice, as `plan.output`."""
    with TemporaryDirectory() as folder:
        parts, sound = [], Path(folder) / "sound.m4a"
        with SoundEncoder(binary, voice, plan.frame_count / plan.frame_rate, sound) as encoder:
            encoder.finish()
        for start in range(0, plan.frame_count, 17):
            count = min(17, plan.frame_count - start)
            part = replace(plan, output=Path(folder) / f"{start}.mp4", frame_count=count)
            parts.append(write_film(binary, part, start))
        join_film(JoinPlan(parts, sound, plan.frame_rate, metadata or {}), plan.output, CancelToken())
    return plan.output


def write_film(binary: Path, plan: EncodePlan, start: int = 0) -> Path:
    """The numbered frames from `start` on, without sound."""
    with VideoEncoder(binary, plan) as encoder:
        for number in range(start, start + plan.frame_count):
            encoder.write(draw_number(number, plan.width, plan.height))
        return encoder.finish()


def quick_plan(output: Path, frame_count: int, **other: object) -> EncodePlan:
    """96 x 64 at 25 frames a second, as fast as can be."""
    plan: dict[str, object] = {"width": 96, "height": 64, "frame_rate": Fraction(25)}
    plan |= {"settings": EncodeSettings(preset="ultrafast")} | other
    return EncodePlan(output=output, frame_count=frame_count, **plan)  # type: ignore[arg-type]  # a test's shorthand
