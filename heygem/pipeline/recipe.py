"""Everything that an output depends on: the same recipe makes the same film."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from heygem import __version__
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.pipeline.preflight import JobPlan


@dataclass(frozen=True)
class InputRecord:
    """One input by its content; the name is for people."""

    name: str
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, path: Path, sha256: str) -> "InputRecord":
        return cls(path.name, sha256, path.stat().st_size)


@dataclass(frozen=True)
class Recipe:
    """`weights` names the very weights by what they are for; `frame_rate` is a fraction, as in `30000/1001`."""

    version: str
    person: InputRecord
    voice: InputRecord
    face: str
    weights: Mapping[str, str]
    encode: EncodeSettings
    ffmpeg: str
    width: int
    height: int
    frame_rate: str
    frame_count: int
    segment_frames: int

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits; the inputs' names have no part in it."""
        facts = _ADAPTER.dump_python(self, mode="json")
        for part in ("person", "voice"):
            del facts[part]["name"]
        digest = hashlib.sha256(repr(sorted(facts.items())).encode())
        return digest.hexdigest()[:32]


def build_recipe(
    plan: JobPlan,
    person_hash: str,
    voice_hash: str,
    weights: Mapping[str, str],
    encode: EncodeSettings,
    ffmpeg: str,
    segment_frames: int,
) -> Recipe:
    """`person_hash` and `voice_hash` are the SHA-256 of the inputs, `ffmpeg` what it says of its version."""
    return Recipe(
        version=__version__,
        person=InputRecord.of(plan.request.person, person_hash),
        voice=InputRecord.of(plan.request.voice, voice_hash),
        face=str(plan.request.face),
        weights=weights,
        encode=encode,
        ffmpeg=ffmpeg,
        width=plan.person.width,
        height=plan.person.height,
        frame_rate=str(plan.person.frame_rate),
        frame_count=plan.frame_count,
        segment_frames=segment_frames,
    )


_ADAPTER = TypeAdapter(Recipe)
