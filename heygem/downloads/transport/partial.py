"""What an unfinished download leaves beside the file's final name."""

from contextlib import suppress
from pathlib import Path

from heygem.domain.models import ModelFile
from heygem.downloads.transport.journal import Journal


def part_path(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def journal_path(target: Path) -> Path:
    return target.with_name(f"{target.name}.part.jsonl")


def partial_bytes(wanted: ModelFile, target: Path) -> int:
    """How much of `wanted` lies beside its final name from an earlier, unfinished download."""
    if not is_whole_length(part_path(target), wanted.size_bytes):
        return 0
    return open_journal(wanted, target).read().done.total


def discard_partial(target: Path) -> None:
    """Removes what an unfinished download has left. Nobody may be at it."""
    journal_path(target).unlink(missing_ok=True)
    part_path(target).unlink(missing_ok=True)


def open_journal(wanted: ModelFile, target: Path) -> Journal:
    return Journal(journal_path(target), wanted.sha256, wanted.size_bytes)


def is_whole_length(path: Path, size_bytes: int) -> bool:
    with suppress(OSError):
        return path.stat().st_size == size_bytes
    return False
