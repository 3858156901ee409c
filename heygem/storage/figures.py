"""Figures that stay when the rows that they tell of go: they are changed in the transaction that makes them true."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from heygem.domain.figures import Figure
from heygem.storage.tables import figures

_KEY: Final = ("name", "label", "detail")


def add_figures(connection: Connection, amounts: Mapping[Figure, float]) -> None:
    """Adds to each figure its amount, in one statement. `connection` is that of Database.write."""
    if not amounts:
        return
    insert = _make_insert(connection, amounts)
    grown = {"value": figures.c.value + insert.excluded.value}
    connection.execute(insert.on_conflict_do_update(index_elements=_KEY, set_=grown))


def set_figure(connection: Connection, figure: Figure, value: float) -> None:
    insert = _make_insert(connection, {figure: value})
    connection.execute(insert.on_conflict_do_update(index_elements=_KEY, set_={"value": insert.excluded.value}))


def read_figures(connection: Connection) -> dict[Figure, float]:
    return {Figure(row.name, row.label, row.detail): row.value for row in connection.execute(select(figures)).all()}


def _make_insert(connection: Connection, values: Mapping[Figure, float]) -> Any:
    """The two databases spell `ON CONFLICT` alike, but SQLAlchemy has one class for each."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"name": figure.name, "label": figure.label, "detail": figure.detail, "value": value}
        for figure, value in values.items()
    ]
    return insert(figures).values(rows)
