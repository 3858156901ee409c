"""Names for new outputs: a folder a day, safe on every file system, never one that is taken."""

import re
import threading
import unicodedata
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Final

MAX_STEM_BYTES: Final = 96  # of each input's name, in UTF-8: most file systems end at 255 for the whole
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')


class OutputNamer:
    """Hands out paths for new outputs, none of them twice; for several threads."""

    def __init__(self, outputs_dir: Path) -> None:
        self._outputs_dir = outputs_dir
        self._folder = outputs_dir  # the day's, which the promised paths lie in
        self._promised: set[Path] = set()
        self._lock = threading.Lock()

    def plan(self, person: str, voice: str, now: datetime) -> Path:
        """Outputs folder/YYYY-MM-DD/person_voice_HHMMSS.mp4 in `now`'s time, numbered where that is taken."""
        folder = self._outputs_dir / now.strftime("%Y-%m-%d")
        stem = f"{safe_stem(person)}_{safe_stem(voice)}_{now:%H%M%S}"
        names = chain([stem], (f"{stem}_{number}" for number in count(2)))
        with self._lock:
            if folder != self._folder:
                self._folder, self._promised = folder, set()
            path = next(path for name in names if self._is_free(path := folder / f"{name}.mp4"))
            self._promised.add(path)
        return path

    def _is_free(self, path: Path) -> bool:
        return path not in self._promised and not path.exists()


def safe_stem(name: str) -> str:
    """A file name's stem without what a file system, a shell or a player trips over; `untitled` if nothing is left."""
    stem = unicodedata.normalize("NFC", Path(name).stem)
    short = _UNSAFE.sub("_", stem).encode()[:MAX_STEM_BYTES].decode(errors="ignore")
    return short.strip("._ -") or "untitled"
