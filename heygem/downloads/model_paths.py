"""Which paths a manifest may name: below the models' folder on every system, and never a file of the project itself."""

import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from heygem.domain.model_errors import ManifestFault

MAX_PATH_CHARS: Final = 200
MAX_PART_BYTES: Final = 150  # a name has at most 255, and a transfer puts more behind it while it is under way
# What stands in models/ without any download; a manifest cannot put something else in its place.
PROJECT_FILES: Final = frozenset(
    {
        "cards",
        "face_detector.safetensors",
        "face_landmarker.safetensors",
        "lip_motion.safetensors",
        "lip_refiner.safetensors",
        "manifest.yaml",
        "model_card.md",
        "renderer.safetensors",
        "training_clips.tsv",
    }
)
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))})


def find_path_fault(path: str) -> ManifestFault | None:
    """Why `path` may not be a model's file, relative to the models' folder and with slashes; None where it may."""
    if not path or len(path) > MAX_PATH_CHARS:
        return ManifestFault.PATH_LENGTH
    if path.startswith("/") or (len(path) > 1 and path[1] == ":"):
        return ManifestFault.PATH_ABSOLUTE
    if set(path) & set('\\<>:"|?*') or not path.isprintable() or not unicodedata.is_normalized("NFC", path):
        return ManifestFault.PATH_CHARACTERS
    parts = path.split("/")
    if parts[0].lower() in PROJECT_FILES:
        return ManifestFault.PATH_PROJECT
    return next((fault for part in parts if (fault := _find_part_fault(part))), None)


def _find_part_fault(part: str) -> ManifestFault | None:
    if part in ("", ".", ".."):
        return ManifestFault.PATH_PARTS
    if part.startswith((".", " ")) or part.endswith((".", " ")) or len(part.encode()) > MAX_PART_BYTES:
        return ManifestFault.PATH_HIDDEN
    if PurePosixPath(part).name.split(".")[0].lower() in _DEVICES:
        return ManifestFault.PATH_DEVICE
    return None


def find_clash(paths: Sequence[str]) -> int | None:
    """Where in `paths` the first is that is another's too, whatever the case of its letters, or a folder that another
    lies in, or lies in another.
    """
    seen: set[str] = set()
    folders: set[str] = set()
    for number, path in enumerate(paths):
        plain = path.casefold()
        above = {str(parent) for parent in PurePosixPath(plain).parents}
        if plain in seen or plain in folders or seen & above:
            return number
        seen.add(plain)
        folders |= above
    return None
