"""What retention reads of a library: all that it would act on, whatever the rows, and hardly more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete, event, insert

from heygem.domain.library import OutputKind, OutputRecord, OutputState
from heygem.domain.output_query import OutputOrder, OutputQuery
from heygem.library.catalogue import Library
from heygem.library.records import with_search_text
from heygem.library.retention import DiskFacts, PlannedStep, RetentionRules, StepAction, plan_retention
from heygem.storage.tables import outputs as table
from tests.library.conftest import Shelf
from tests.library.test_retention import NOW, RULES, disks, in_use, make, outputs, rules


def fill(library: Library, records: Iterable[OutputRecord]) -> None:
    """In place of all that was there; times that a row must have are NOW where the record has none."""
    rows = [make_row(record) for record in records]
    with library.database.write() as connection:
        connection.execute(delete(table))
        if rows:
            connection.execute(insert(table), rows)


def make_row(record: OutputRecord) -> dict[str, Any]:
    values = {name: value for name, value in vars(record).items() if name in table.c}
    times = {"created_at": record.created_at or NOW, "used_at": record.used_at or NOW}
    return with_search_text({**values, **times, "name": record.path.name, "tags": [], "problems": []})


def leaving(steps: Sequence[PlannedStep]) -> Mapping[str, PlannedStep]:
    return {step.output_id: step for step in steps if step.action is not StepAction.KEEP}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(outputs(), rules, in_use, disks)
def test_a_plan_for_what_is_read_is_the_plan_for_everything(
    shelf: Shelf, records: list[OutputRecord], rules: RetentionRules, in_use: set[str], disk: DiskFacts | None
):
    library = shelf.library
    fill(library, records)
    everything, read = library.list_records(), library.list_candidates(rules, NOW)
    assert {record.output_id for record in read} <= {record.output_id for record in everything}
    for moment in (NOW, NOW + timedelta(days=40)):
        read = library.list_candidates(rules, moment)
        whole = leaving(plan_retention(everything, rules, moment, in_use, disk))
        assert leaving(plan_retention(read, rules, moment, in_use, disk)) == whole


def test_what_is_young_pinned_or_gone_is_not_read(shelf: Shelf):
    fill(
        shelf.library,
        [
            make(1, age_days=6.9),
            make(2, age_days=7),
            make(3, OutputKind.PINNED, age_days=1000),
            make(4, age_days=1000, state=OutputState.MISSING),
            make(5, age_days=0, state=OutputState.TRASHED, trashed_at=NOW),
            make(6, age_days=1000, project="kept"),
            make(7, age_days=8, used_at=NOW - timedelta(days=1)),
        ],
    )
    kept = replace(RULES, projects_days={"kept": None})
    used = {record.output_id: record.used_at for record in shelf.library.list_records()}
    assert used["2"] == NOW  # a row has a time of use, which counts from then on
    later = NOW + timedelta(days=6, hours=1)
    assert [record.output_id for record in shelf.library.list_candidates(kept, later)] == ["7", "5"]


@pytest.mark.parametrize("order", [OutputOrder.NAME, OutputOrder.LARGEST, OutputOrder.LONGEST])
def test_pages_of_everything_are_read_by_their_index(shelf: Shelf, order: OutputOrder):
    """The same as sorted here; on SQLite, whose plans do not hang on the number of rows, by the index."""
    values = [(number * 7 % 60, str(number)) for number in range(60)]
    made = [
        replace(make(int(key)), path=Path(f"{key}.mp4"), title=f"{value:02}", size_bytes=value, duration_s=value)
        for value, key in values
    ]
    fill(shelf.library, [*made, make(99, state=OutputState.TRASHED)])
    asked: list[tuple[str, Any]] = []
    engine = shelf.library.database.engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    page = shelf.library.search(OutputQuery(order=order, limit=10, offset=30))
    values.sort(reverse=order is not OutputOrder.NAME)
    assert [record.output_id for record in page.records] == [key for _, key in values[30:40]] and page.total == 60
    if engine.dialect.name == "sqlite":
        statement, parameters = next(one for one in asked if "ORDER BY" in one[0])
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        assert any("COVERING INDEX ix_outputs_" in row[3] and "facts" not in row[3] for row in plan)
