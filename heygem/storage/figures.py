"""Figures that stay when the rows that they tell of go: they are changed in the transaction that makes them true."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from heygem.domain.figures import Figure
from heygem.storage.tables import figures

_KEY: Final = ("name", "label", "detail")


def add_figures(connection: Connection, amounts: Mapping[Figure, float]) -> None:
    """Adds to each figure its amount. `connection` is that of Database.write."""
    insert = _start_insert(connection)
    _write(connection, insert, figures.c.value + insert.excluded.value, amounts)


def set_figure(connection: Connection, figure: Figure, value: float) -> None:
    insert = _start_insert(connection)
    _write(connection, insert, insert.excluded.value, {figure: value})


def read_figures(connection: Connection) -> dict[Figure, float]:
    return {Figure(row.name, row.label, row.detail): row.value for row in connection.execute(select(figures)).all()}


def _start_insert(connection: Connection) -> Any:
    """The two databases spell `ON CONFLICT` alike, but SQLAlchemy has one class for each."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(figures)


def _write(connection: Connection, insert: Any, value: Any, values: Mapping[Figure, float]) -> None:
    """Row by row: a statement with all rows in it would be compiled anew for each number of them."""
    rows = [
        {"name": figure.name, "label": figure.label, "detail": figure.detail, "value": amount}
        for figure, amount in values.items()
    ]
    if rows:
        connection.execute(insert.on_conflict_do_update(index_elements=_KEY, set_={"value": value}), rows)
