"""Figures that stay when the rows that they tell of go: they are changed in the transaction that makes them true."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from heygem.domain.figures import Figure
from heygem.storage.tables import figures
from heygem.storage.upsert import upsert


def add_figures(connection: Connection, amounts: Mapping[Figure, float]) -> None:
    """Adds to each figure its amount. `connection` is that of Database.write."""
    upsert(connection, figures, _list_rows(amounts), is_sum=True)


def set_figure(connection: Connection, figure: Figure, value: float) -> None:
    upsert(connection, figures, _list_rows({figure: value}))


def read_figures(connection: Connection) -> dict[Figure, float]:
    return {Figure(row.name, row.label, row.detail): row.value for row in connection.execute(select(figures)).all()}


def _list_rows(values: Mapping[Figure, float]) -> list[dict[str, Any]]:
    return [
        {"name": figure.name, "label": figure.label, "detail": figure.detail, "value": value}
        for figure, value in values.items()
    ]
