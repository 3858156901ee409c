"""What people and the maintenance ask of the library."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, select

from heygem.domain.errors import OutputNotFoundError, ResultGoneError
from heygem.domain.library import OutputRecord, OutputState
from heygem.domain.output_query import OutputOrder, OutputPage, OutputQuery, Usage, UsageBy
from heygem.library.base import LibraryBase
from heygem.library.due import Condition, expires_before, may_be_planned
from heygem.library.records import read_record, split_words
from heygem.library.retention import RetentionRules
from heygem.storage.functions import place_of, unindexed
from heygem.storage.tables import outputs

EVERYTHING: Final = OutputQuery()
INDEXED: Final = (OutputOrder.NAME, OutputOrder.LARGEST, OutputOrder.LONGEST)  # each by an index for it alone
IS_PRESENT: Final[Condition] = unindexed(outputs.c.state) == OutputState.PRESENT  # the index is that of the order

# What is alike in the one is sorted by the other; in the same direction, as the index has them.
ORDERS: Final[Mapping[OutputOrder, tuple[ColumnElement[Any], ...]]] = {
    OutputOrder.NEWEST: (outputs.c.created_at.desc(), outputs.c.output_id.desc()),
    OutputOrder.OLDEST: (outputs.c.created_at.asc(), outputs.c.output_id.asc()),
    OutputOrder.LARGEST: (outputs.c.size_bytes.desc(), outputs.c.output_id.desc()),
    OutputOrder.LONGEST: (outputs.c.duration_s.desc(), outputs.c.output_id.desc()),
    OutputOrder.NAME: (outputs.c.title.asc(), outputs.c.output_id.asc()),
}


class Search(LibraryBase):
    def get(self, output_id: str) -> OutputRecord:
        """Raises OutputNotFoundError."""
        return read_record(self._get_row(output_id), self.outputs_dir)

    def list_made_by(self, job_ids: Collection[str]) -> dict[str, OutputRecord]:
        """The videos that jobs made, whatever has become of them, by the jobs' ids; of several of one job the last."""
        records = self._list(outputs.c.job_id.in_(job_ids)) if job_ids else []
        return {record.job_id: record for record in records if record.job_id is not None}

    def get_file(self, output_id: str) -> Path:
        """Where it can be read now, under its name or in the trash: a regular file in the outputs' folder.

        Raises OutputNotFoundError, and ResultGoneError where there is none.
        """
        record = self.get(output_id)
        name = record.path.relative_to(self.outputs_dir).as_posix()
        found = self.folder.find_trashed(output_id, name)  # it may have gone there this moment
        if record.state in (OutputState.PRESENT, OutputState.MISSING):
            found = self.folder.find(name) or found
        if found is None:
            raise ResultGoneError(name=record.path.name)
        return found

    def search(self, query: OutputQuery) -> OutputPage:
        matches = _list_conditions(query, self.rules)
        sums = select(func.count(), func.coalesce(func.sum(outputs.c.size_bytes), 0)).where(*matches)
        order = ORDERS[query.order]
        # The ids alone first, since the index has them: rows that are not on the page are not read.
        is_everything = replace(query, order=EVERYTHING.order, limit=EVERYTHING.limit, offset=0) == EVERYTHING
        is_indexed = is_everything and query.order in INDEXED
        ids = select(outputs.c.output_id).where(*([IS_PRESENT] if is_indexed else matches))
        ids = ids.order_by(*order).limit(query.limit).offset(query.offset)
        page = select(outputs).where(outputs.c.output_id.in_(ids)).order_by(*order)
        with self.database.read() as connection:
            rows = connection.execute(page).all()
            if query.offset == 0 and len(rows) < query.limit:  # these are all: no need to look for them again
                total, total_bytes = len(rows), sum(row.size_bytes for row in rows)
            else:
                total, total_bytes = connection.execute(sums).one()
        return OutputPage(tuple(read_record(row, self.outputs_dir) for row in rows), total, int(total_bytes))

    def find_ids(self, query: OutputQuery) -> list[str]:
        """Of all that match, in no order and without regard to the page."""
        with self.database.read() as connection:
            ids = select(outputs.c.output_id).where(*_list_conditions(query, self.rules))
            return list(connection.execute(ids).scalars())

    def list_records(
        self, states: Collection[OutputState] = (OutputState.PRESENT, OutputState.TRASHED)
    ) -> list[OutputRecord]:
        return self._list(outputs.c.state.in_(states))

    def list_candidates(self, rules: RetentionRules, now: datetime) -> list[OutputRecord]:
        """All that plan_retention would do something with at `now`, and few others; what was made first comes first."""
        return self._list(may_be_planned(rules, now))

    def _list(self, wanted: Condition) -> list[OutputRecord]:
        query = select(outputs).where(wanted).order_by(outputs.c.created_at, outputs.c.output_id)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return [read_record(row, self.outputs_dir) for row in rows]

    def _get_row(self, output_id: str) -> Row[Any]:
        with self.database.read() as connection:
            row = connection.execute(select(outputs).where(outputs.c.output_id == output_id)).first()
        if row is None:
            raise OutputNotFoundError(output_id=output_id)
        return row

    def list_usage(self, by: UsageBy) -> list[Usage]:
        """Of the videos that lie under their names; the most bytes first."""
        column = outputs.c[by.value]
        size = func.sum(outputs.c.size_bytes)
        query = select(column, func.count(), size).where(outputs.c.state == OutputState.PRESENT).group_by(column)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(size.desc(), column)).all()
        return [Usage(name, count, int(total)) for name, count, total in rows]


def _list_conditions(query: OutputQuery, rules: RetentionRules | None) -> list[Condition]:
    columns = outputs.c
    asked = {name: getattr(query, name) for name in ("owner", "project", "kind", "state")}
    equal = [columns[name] == value for name, value in asked.items() if value is not None]
    bounds = (
        None if query.made_after is None else columns.created_at >= query.made_after,
        None if query.made_before is None else columns.created_at < query.made_before,
        None if query.min_size is None else columns.size_bytes >= query.min_size,
        None if query.max_size is None else columns.size_bytes < query.max_size,
        None if query.expires_before is None else expires_before(query.expires_before, rules),
    )
    words = [place_of(columns.search_text, word) > 0 for word in split_words(query.words)]
    return [*equal, *(bound for bound in bounds if bound is not None), *words]
