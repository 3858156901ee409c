"""Names for new outputs: a folder a day, safe on every file system, never one that is taken."""

import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Final

MAX_STEM_BYTES: Final = 96  # of each input's name, in UTF-8: most file systems end at 255 for the whole
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')


def plan_output(outputs_dir: Path, person: str, voice: str, now: datetime) -> Path:
    """`outputs_dir`/YYYY-MM-DD/person_voice_HHMMSS.mp4 in local time, numbered where that exists already."""
    folder = outputs_dir / now.strftime("%Y-%m-%d")
    stem = f"{safe_stem(person)}_{safe_stem(voice)}_{now:%H%M%S}"
    path = folder / f"{stem}.mp4"
    number = 2
    while path.exists():
        path = folder / f"{stem}_{number}.mp4"
        number += 1
    return path


def safe_stem(name: str) -> str:
    """A file name's stem without what a file system, a shell or a player trips over; `untitled` if nothing is left."""
    stem = unicodedata.normalize("NFC", Path(name).stem)
    short = _UNSAFE.sub("_", stem).encode()[:MAX_STEM_BYTES].decode(errors="ignore")
    return short.strip("._ -") or "untitled"
