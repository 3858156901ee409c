"""Names for new outputs, safe on every file system: outputs folder/YYYY-MM-DD/owner/owner_topic_v1.mp4.

Versions are counted by whoever hands over the counter; nothing here asks a database.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

TakeVersions: TypeAlias = Callable[[Sequence[str]], list[int]]  # the next version of each stem, never one twice

# Bytes in UTF-8, of which a name in UTF-16 never has more units. Together with `_v123456.mp4` and what a file has
# while it is made, they stay below 143, the least that a file system in use (eCryptfs) takes.
OWNER_BYTES: Final = 40
TOPIC_BYTES: Final = 80
STEM_BYTES: Final = 96  # of a name that stands alone
UNTITLED: Final = "untitled"
DEFAULT_OWNER: Final = "heygem"
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*\s]+')
_UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn")  # categories: controls, marks of direction, halves of characters
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)


class OutputNamer:
    """Hands out paths for new outputs. Who signs with nothing signs as `default_owner`.

    `check_room` raises where there is none for new outputs; on a full disk the versions could not be counted either.
    """

    def __init__(
        self,
        outputs_dir: Path,
        take_versions: TakeVersions,
        default_owner: str = DEFAULT_OWNER,
        check_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._outputs_dir = outputs_dir
        self._take_versions = take_versions
        self._check_room = check_room
        self._default_owner = safe_word(default_owner, OWNER_BYTES) or DEFAULT_OWNER

    def plan(self, topic: str, owner: str, now: datetime) -> Path:
        return self.plan_all([topic], owner, now)[0]

    def plan_all(self, topics: Sequence[str], owner: str, now: datetime) -> list[Path]:
        """A path of each topic's next version, on `now`'s day. What was made by other hands is not taken over.

        Raises as `check_room` does, and DatabaseError.
        """
        self._check_room()
        signed = safe_word(owner, OWNER_BYTES) or self._default_owner
        folder = self._outputs_dir / now.strftime("%Y-%m-%d") / signed
        stems = [f"{signed}_{safe_word(topic, TOPIC_BYTES) or UNTITLED}" for topic in topics]
        versions = self._take_versions(stems)
        return [self._find_free(folder, stem, version) for stem, version in zip(stems, versions, strict=True)]

    def _find_free(self, folder: Path, stem: str, version: int) -> Path:
        while (path := folder / f"{stem}_v{version}.mp4").exists():
            [version] = self._take_versions([stem])
        return path


def derive_topic(person: Path, voice: Path) -> str:
    """`person_voice`, for a video that was given no name; neither crowds the other out."""
    halves = (safe_word(path.stem, TOPIC_BYTES // 2 - 1) or UNTITLED for path in (person, voice))
    return "_".join(halves)


def safe_stem(name: str) -> str:
    """The stem of a file's name, as a safe word; `untitled` if nothing is left."""
    return safe_word(Path(name).stem, STEM_BYTES) or UNTITLED


def safe_word(text: str, max_bytes: int) -> str:
    """`text` as a file or folder may be called everywhere: without what a file system, a shell or a player trips over.

    In composed letters (NFC), never a device's name of Windows nor hidden; at most `max_bytes` in UTF-8, perhaps empty.
    """
    seen = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in _UNSEEN)
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", seen)).strip("._ -")
    if _DEVICES.fullmatch(plain):
        plain = f"_{plain}"
    return plain.encode()[:max_bytes].decode(errors="ignore").rstrip("._ -")
