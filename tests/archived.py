"""A library with an archive in a folder, and videos that are put there."""

from collections.abc import Sequence
from pathlib import Path

from heygem.library.archiver import Archiver
from heygem.library.catalogue import Library
from heygem.library.flow import Flow
from heygem.library.retention import PlannedStep, StepAction, StepReason
from heygem.library.stores.folder import FolderStore
from heygem.storage.database import Database


def make_library(folder: Path) -> Library:
    """Everything of it lies in `folder`, the archive in `folder`/nas."""
    database = Database(f"sqlite:///{folder}/heygem.db")
    database.upgrade()
    (folder / "nas").mkdir()
    return Library(database, folder / "outputs", folder / "cache", store=FolderStore(folder / "nas"))


def put_in_archive(archiver: Archiver, ids: Sequence[str], is_kept: bool = False) -> None:
    """The archive alone has them afterwards; the disk too if `is_kept`."""
    for action in (StepAction.ARCHIVE,) if is_kept else (StepAction.ARCHIVE, StepAction.RELEASE):
        archiver.carry_out([PlannedStep(archiver.library.get(one), action, StepReason.PAST_AGE) for one in ids], Flow())
