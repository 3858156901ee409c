"""The library in figures, on both databases and with true files."""

from datetime import UTC, datetime, timedelta

import pytest

from heygem.domain.figures import Figure, FigureName
from heygem.domain.library import OutputKind, OutputState
from heygem.library.catalogue import Library
from heygem.library.pruning import carry_out
from heygem.library.retention import RetentionRules, plan_retention
from heygem.storage.figures import add_figures, read_figures
from tests.library.conftest import Shelf

RULES = RetentionRules({OutputKind.TEST: 3.0}, trash_hours=48)


@pytest.fixture
def library(shelf: Shelf) -> Library:
    return shelf.library


def put(library: Library, name: str, kind: OutputKind, size: int) -> str:
    path = library.outputs_dir / name
    path.write_bytes(b"v" * size)
    output_id = library.add(path)
    library.set_kind([output_id], kind)
    return output_id


def list_pruned(library: Library) -> dict[str, float]:
    with library.database.read() as connection:
        return {figure.name: value for figure, value in read_figures(connection).items()}


def prune(library: Library, days: float) -> None:
    carry_out(plan_retention(library.list_records(), RULES, datetime.now(UTC) + timedelta(days=days)), library)


def test_stock_by_state_and_kind(library: Library):
    put(library, "a.mp4", OutputKind.TEST, 10)
    put(library, "b.mp4", OutputKind.TEST, 20)
    library.trash([put(library, "c.mp4", OutputKind.PINNED, 40)])
    gone = put(library, "d.mp4", OutputKind.STANDARD, 80)
    library.trash([gone])
    library.purge([gone])
    stock = library.list_stock()
    assert {(row.state, row.kind): (row.count, row.size_bytes) for row in stock if row.count} == {
        (OutputState.PRESENT, OutputKind.TEST): (2, 30),
        (OutputState.TRASHED, OutputKind.PINNED): (1, 40),
    }
    assert OutputState.REMOVED not in {row.state for row in stock}


def test_what_is_pruned_adds_up(library: Library):
    began = datetime.now(UTC).timestamp()
    for name in "ab":
        put(library, f"{name}.mp4", OutputKind.TEST, 10)
    prune(library, 1)
    prune(library, 4)
    prune(library, 10)
    found = list_pruned(library)
    assert began - 1 <= found.pop(FigureName.PRUNED_AT) <= datetime.now(UTC).timestamp() + 1
    assert found == {"prunes": 3, "prune_trashed": 2, "prune_purged": 2, "prune_freed_bytes": 20}


def test_a_plan_that_is_broken_off_counts_what_it_did(library: Library, monkeypatch: pytest.MonkeyPatch):
    ids = [put(library, f"{name}.mp4", OutputKind.TEST, 10) for name in "ab"]
    trash = Library.trash

    def give_out(self: Library, asked: list[str]) -> object:
        if asked == [ids[1]]:
            raise OSError("no disk")
        return trash(self, asked)

    monkeypatch.setattr(Library, "trash", give_out)
    with pytest.raises(OSError, match="no disk"):
        prune(library, 4)
    found = list_pruned(library)
    assert (found["prunes"], found["prune_trashed"]) == (0, 1) and FigureName.PRUNED_AT not in found


def test_figures_of_a_later_version_do_no_harm(library: Library):
    with library.database.write() as connection:
        add_figures(connection, {Figure("of_tomorrow", "x"): 1.5})
        assert read_figures(connection) == {Figure("of_tomorrow", "x"): 1.5}
