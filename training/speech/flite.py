"""Lets Debian's flite speak, whose voices are recordings of people, cut up and joined anew."""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from training.speech.spoken import Spoken, phones_from_ends, read_wave

VOICES: Final = ("rms", "slt", "awb", "kal16")


def speak_flite(voice: str, text: str, stretch: float) -> Spoken:
    """English `text` by one of VOICES, `stretch` times as slowly as it usually speaks."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-t", text, "-o", file.name]
        done = subprocess.run([*command, "-psdur"], check=True, capture_output=True, text=True)
        pairs = (item.rsplit(":", 1) for item in done.stdout.split())
        return Spoken(read_wave(Path(file.name)), phones_from_ends((name, float(end)) for name, end in pairs), "ascii")
