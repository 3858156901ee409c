"""How a model stands on this machine, by sizes, times and receipts alone: a page may ask each second."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from heygem.domain.models import FileStatus, ModelEntry, ModelFile, ModelState, ModelStatus
from heygem.downloads.catalogue import Catalogue, is_newer
from heygem.downloads.receipts import Receipt
from heygem.downloads.transport.partial import partial_bytes


def find_leftovers(targets: Iterable[Path]) -> list[Path]:
    """What transfers that have not ended keep beside `targets`. Each folder is looked through once, for it may have
    thousands of files.
    """
    beginnings: defaultdict[Path, list[str]] = defaultdict(list)
    for target in targets:
        beginnings[target.parent].append(f"{target.name}.part")
    return [
        path
        for folder, names in beginnings.items()
        for path in sorted(folder.glob("*.part*"))
        if path.name.startswith(tuple(names))
    ]


def size_on_disk(path: Path) -> int:
    """Of a file with holes, what it truly takes; 0 where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return 0
    return min(stat.st_size, stat.st_blocks * 512)


def build_status(folder: Path, entry: ModelEntry, receipt: Receipt, catalogue: Catalogue) -> ModelStatus:
    """`entry` is the newest of its name."""
    files = tuple(look_at(folder, file, receipt) for file in entry.files)
    state = _sum_up(files)
    version = entry.version if state is ModelState.INSTALLED else ""
    if not version and (version := _find_other_version(folder, entry, receipt, catalogue)):
        state = ModelState.OUTDATED if is_newer(entry.version, version) else ModelState.INSTALLED
    must_update = bool(version) and is_newer(entry.min_version, version)
    return ModelStatus(entry, state, files, version, must_update)


def look_at(folder: Path, file: ModelFile, receipt: Receipt) -> FileStatus:
    target = folder / file.path
    try:
        stat = target.stat()
    except OSError:
        fetched = partial_bytes(file, target)
        return FileStatus(file, ModelState.PARTIAL if fetched else ModelState.MISSING, fetched)
    found = receipt.seen.get(file.path)
    if not target.is_file() or stat.st_size != file.size_bytes:
        state = ModelState.DAMAGED
    elif found is None or not found.is_of(stat):
        state = ModelState.UNVERIFIED
    else:
        state = ModelState.INSTALLED if found.sha256 == file.sha256 else ModelState.DAMAGED
    return FileStatus(file, state, stat.st_size)


def _sum_up(files: tuple[FileStatus, ...]) -> ModelState:
    states = {file.state for file in files}
    if len(states) == 1:
        return states.pop()
    first = (ModelState.DAMAGED, ModelState.PARTIAL, ModelState.MISSING, ModelState.UNVERIFIED)
    worst = next(state for state in first if state in states)
    return ModelState.PARTIAL if worst is ModelState.MISSING else worst


def _find_other_version(folder: Path, entry: ModelEntry, receipt: Receipt, catalogue: Catalogue) -> str:
    """The version that is here whole although it is not the entry's; empty where none is."""
    known = [
        (model.version, {file.path: file.sha256 for file in model.files})
        for model in catalogue.list_versions(entry.name)
        if model.version != entry.version
    ]
    if receipt.version and receipt.version != entry.version:
        known.insert(0, (receipt.version, dict(receipt.hashes)))
    return next((version for version, hashes in known if _is_whole(folder, hashes, receipt)), "")


def _is_whole(folder: Path, hashes: Mapping[str, str], receipt: Receipt) -> bool:
    for path, sha256 in hashes.items():
        found = receipt.seen.get(path)
        try:
            is_there = found is not None and found.sha256 == sha256 and found.is_of((folder / path).stat())
        except OSError:
            return False
        if not is_there:
            return False
    return bool(hashes)
