"""What a batch is made of: the rows of a table, or the videos and photos of a folder.

Knows nothing of the queue; whether a file can be used is for an inspection to say.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PureWindowsPath
from typing import Final

from heygem.domain.errors import BatchEmptyError, BatchListError, FaceChoiceError, PathOutsideError
from heygem.domain.job import FaceChoice
from heygem.media.files import check_file, translate_os_error

VIDEO_SUFFIXES: Final = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".3gp"}
)
PHOTO_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif"})
TABLE_SUFFIX: Final = ".csv"
COLUMNS: Final = {"video": "视频", "voice": "音频", "name": "名称", "project": "项目", "face": "人脸"}
DELIMITERS: Final = ("\t", ",", ";")  # without any of them, every line is one cell
MOST_BYTES: Final = 16_000_000
MOST_FOLDERS: Final = 500
LARGEST: Final = FaceChoice()


@dataclass(frozen=True)
class BatchRow:
    """One video to make; without a `voice`, with each of the batch's own. `name` is what it is to be called, if any."""

    person: Path
    voice: Path | None = None
    name: str = ""
    project: str = ""
    face: FaceChoice = LARGEST


def read_batch_csv(path: Path, root: Path | None = None, face: FaceChoice = LARGEST) -> list[BatchRow]:
    """The rows of a table whose first line names its columns, in English or Chinese (COLUMNS); `video` is needed.

    UTF-8, UTF-16 with its mark, or GB18030; commas, semicolons or tabs. Relative paths begin at the table's folder.
    With a `root` they begin there instead, and none may lead out of it. Rows without a face have `face`. Raises the
    MediaError for a file that cannot be read, BatchListError, BatchEmptyError, PathOutsideError.
    """
    rows = _read_cells(path)
    line, header = next(rows, (1, []))
    columns = _find_columns(path, line, header)
    made = []
    for line, cells in rows:
        named = _name_cells(path, line, columns, cells)
        made.append(_make_row(path, line, named, root, face))
    if not made:
        raise BatchEmptyError(name=path.name)
    return made


def list_people(folder: Path, root: Path | None = None) -> list[Path]:
    """The videos and photos in a folder, by the ends of their names, in natural order: 2 before 10.

    Not those in folders inside it, nor hidden ones, nor with a `root` links that lead out of it. Raises BatchEmptyError
    where there are none, MediaNotFoundError, MediaPermissionError.
    """
    try:
        people = [path for path in folder.iterdir() if _is_person(path)]
        if root is not None:
            people = [path for path in people if path.resolve().is_relative_to(root.resolve())]
    except OSError as error:
        raise translate_os_error(folder, error) from error
    if not people:
        raise BatchEmptyError(name=folder.name)
    return sorted(people, key=lambda path: _natural_key(path.name))


def list_folders(root: Path) -> list[str]:
    """The folders from `root` on that have videos or photos in them, as `resolve_inside` takes them; `root` is `.`.

    Looks into MOST_FOLDERS at most, and neither into hidden ones nor where links lead. None where `root` is not there.
    """
    found: list[str] = []
    waiting = deque([root])
    for _ in range(MOST_FOLDERS):
        if not waiting:
            break
        folder = waiting.popleft()
        try:
            entries = sorted(folder.iterdir(), key=lambda path: _natural_key(path.name))
        except OSError:
            continue
        if any(_is_person(entry) for entry in entries):
            found.append(folder.relative_to(root).as_posix())
        waiting += [e for e in entries if e.is_dir() and not e.is_symlink() and not e.name.startswith(".")]
    return found


def resolve_inside(root: Path, name: str) -> Path:
    """The file or folder `name` of `root`, without any link in its path; it need not exist.

    Raises PathOutsideError for an absolute name (of any system), for one with `..`, and for one that leads out of
    `root` by a link.
    """
    foreign = PureWindowsPath(name)  # knows both kinds of slash
    if foreign.anchor or ".." in foreign.parts:
        raise PathOutsideError(name=name)
    try:
        inside, base = (root / name).resolve(), root.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # no name at all, or links that go round
        raise PathOutsideError(name=name) from error
    if not inside.is_relative_to(base):
        raise PathOutsideError(name=name)
    return inside


def _is_person(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES | PHOTO_SUFFIXES and not path.name.startswith(".") and path.is_file()


def _natural_key(name: str) -> list[tuple[int, int, str]]:
    """Numbers by their value, before words; words whatever their case; what is the same in both, as it is."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts] + [(2, 0, name)]


def _read_cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line's number and its cells, without the space around them; empty lines are left out."""
    text = _read_text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise BatchListError(name=path.name, line=reader.line_num, column="?", value=error) from error


def _read_text(path: Path) -> str:
    size = check_file(path)
    try:
        data = path.read_bytes() if size <= MOST_BYTES else b"\xff"
    except OSError as error:
        raise translate_os_error(path, error) from error
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BatchListError(name=path.name, line=1, column="video", value="?")


def _find_columns(path: Path, line: int, header: list[str]) -> list[str]:
    """The column that each cell of the header means, empty for an empty one."""
    meanings = {title: column for column, chinese in COLUMNS.items() for title in (column, chinese)}
    columns = [meanings.get(title.casefold(), title) for title in header]
    for title, column in zip(header, columns, strict=True):
        if column and (column not in COLUMNS or columns.count(column) > 1):
            raise BatchListError(name=path.name, line=line, column=columns.index(column) + 1, value=title)
    if "video" not in columns:
        raise BatchListError(name=path.name, line=line, column="video", value="")
    return columns


def _name_cells(path: Path, line: int, columns: list[str], cells: list[str]) -> dict[str, str]:
    """The cells by their columns, those that are not there empty. Raises BatchListError for one without a column."""
    named = dict.fromkeys(COLUMNS, "")
    for place, (column, cell) in enumerate(zip_longest(columns, cells, fillvalue=""), start=1):
        if column:
            named[column] = cell
        elif cell:
            raise BatchListError(name=path.name, line=line, column=place, value=cell)
    return named


def _make_row(path: Path, line: int, cells: dict[str, str], root: Path | None, face: FaceChoice) -> BatchRow:
    def find(name: str) -> Path:
        return (path.parent / name).absolute() if root is None else resolve_inside(root, name)

    if not cells["video"]:
        raise BatchListError(name=path.name, line=line, column="video", value="")
    try:
        chosen = FaceChoice.parse(cells["face"]) if cells["face"] else face
    except FaceChoiceError as error:
        raise BatchListError(name=path.name, line=line, column="face", value=cells["face"]) from error
    voice = find(cells["voice"]) if cells["voice"] else None
    return BatchRow(find(cells["video"]), voice, cells["name"], cells["project"], chosen)
