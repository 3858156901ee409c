"""Which of the files that a share, a folder or a release lists is the one wanted: by its name, else by its size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import ModelFile

MOST_FOLDERS: Final = 50  # of one share that are looked into


@dataclass(frozen=True)
class Listed:
    """`address` is what its lister asks by. `size_bytes` and `sha256` where they are told."""

    name: str
    address: str
    size_bytes: int | None = None
    sha256: str = ""
    is_folder: bool = False


def base_name(path: str) -> str:
    """The last part of a path with slashes."""
    return path.rstrip("/").rpartition("/")[2]


def choose(listed: Sequence[Listed], wanted: ModelFile, host: str) -> Listed:
    """Raises SourceError where none is, or might be, the one wanted."""
    files = [each for each in listed if not each.is_folder]
    fitting = [each for each in files if fits(each, wanted)]
    named = [each for each in files if _has_name(each, wanted)]
    for found in ([each for each in fitting if _has_name(each, wanted)], _list_of_size(fitting, wanted), fitting):
        if len(found) == 1:
            return found[0]
    raise SourceError(source=host, reason=SourceProblem.FILE_DIFFERS if named else SourceProblem.FILE_NOT_IN_SHARE)


def search(root: str, list_folder: Callable[[str], Sequence[Listed]], wanted: ModelFile, host: str) -> Listed:
    """The wanted file in or below a folder, the upper ones first. Raises SourceError."""
    folders, seen = [root], list[Listed]()
    for folder in folders:  # it grows while it is gone through
        listed = list_folder(folder)
        if named := [each for each in listed if not each.is_folder and _has_name(each, wanted) and fits(each, wanted)]:
            return named[0]
        seen += listed
        below = [each.address for each in listed if each.is_folder and each.address not in folders]
        folders += below[: MOST_FOLDERS - len(folders)]
    return choose(seen, wanted, host)


def fits(listed: Listed, wanted: ModelFile) -> bool:
    """Whether nothing that is told of it speaks against it. A `wanted` of size 0 may have any."""
    if listed.size_bytes is not None and wanted.size_bytes > 0 and listed.size_bytes != wanted.size_bytes:
        return False
    return not (listed.sha256 and wanted.sha256) or listed.sha256.lower() == wanted.sha256


def _has_name(listed: Listed, wanted: ModelFile) -> bool:
    return listed.name.casefold() == base_name(wanted.path).casefold()


def _list_of_size(listed: Sequence[Listed], wanted: ModelFile) -> list[Listed]:
    return [each for each in listed if wanted.size_bytes > 0 and each.size_bytes == wanted.size_bytes]
