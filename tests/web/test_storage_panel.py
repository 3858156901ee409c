"""What the line on storage measures: what goes soon, and where to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from heygem.domain.library import OutputKind
from heygem.library.catalogue import Library
from heygem.library.retention import ArchiveRules, RetentionRules
from heygem.storage.database import Database
from heygem.storage.tables import outputs
from heygem.web.storage_panel import find_expiring

RULES = RetentionRules(dict.fromkeys((OutputKind.TEST, OutputKind.STANDARD, OutputKind.IMPORTANT), 3.0))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A video of each kind that has an age, all past it."""
    database = Database(f"sqlite:///{tmp_path}/heygem.db")
    database.upgrade()
    library = Library(database, tmp_path / "outputs", tmp_path / "cache", rules=RULES)
    library.outputs_dir.mkdir()
    for number, kind in enumerate(RULES.ages_days, 1):
        path = library.outputs_dir / f"{kind}.mp4"
        path.write_bytes(b"v" * 10**number)
        library.set_kind([library.add(path)], kind)
    long_ago = datetime.now(UTC) - timedelta(days=9)
    with database.write() as connection:
        connection.execute(update(outputs).values(created_at=long_ago, used_at=long_ago))
    return library


def measure(library: Library) -> tuple[int, int, int, int]:
    """Count and bytes of what goes to the trash, and of what goes to the archive."""
    leaving, archiving = find_expiring(library, datetime.now(UTC))
    return leaving.total, leaving.total_bytes, archiving.total, archiving.total_bytes


def test_what_goes_soon_goes_to_the_trash_or_with_an_archive_there(library: Library) -> None:
    assert measure(library) == (3, 1110, 0, 0)
    archive = ArchiveRules([OutputKind.STANDARD], at_once=[OutputKind.IMPORTANT])
    assert measure(replace(library, rules=replace(RULES, archive=archive))) == (1, 10, 2, 1100)
    library.database.close()
