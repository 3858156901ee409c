"""Writes rows whether their keys are there already or not."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], is_sum: bool = False) -> None:
    """Whole `rows`, of different keys: each in place of the one that has its key, or with `is_sum` added to that."""
    if not rows:
        return
    # The two databases spell `ON CONFLICT` alike, but SQLAlchemy has one class for each.
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    facts = [column for column in table.columns if not column.primary_key]
    changed = {fact.name: insert.excluded[fact.name] for fact in facts}
    if is_sum:
        changed = {fact.name: fact + changed[fact.name] for fact in facts}
    keys = [column.name for column in table.primary_key]
    # Row by row: a statement with all rows in it would be compiled anew for each number of them.
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), rows)
