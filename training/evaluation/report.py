"""What a part of the evaluation found: the figures that the bars ask for, and tables that say where they come from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

Row: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class Table:
    """Rows by name, in which not every column has to be filled; `note` says how to read them."""

    title: str
    rows: Mapping[str, Row]
    note: str = ""

    def render(self) -> str:
        columns = list(dict.fromkeys(name for row in self.rows.values() for name in row))
        widths = [max(len(name), 7) + 2 for name in columns]
        first = max((len(name) for name in self.rows), default=0) + 1
        lines = [self.title, " " * first + "".join(f"{name:>{w}}" for name, w in zip(columns, widths, strict=True))]
        for name, row in self.rows.items():
            cells = (f"{_show(row.get(c)):>{w}}" for c, w in zip(columns, widths, strict=True))
            lines.append(f"{name:{first}}" + "".join(cells))
        return "\n".join([*lines, *([self.note] if self.note else [])])


@dataclass(frozen=True)
class Findings:
    figures: Row
    tables: Sequence[Table] = field(default_factory=tuple)


def mean_row(rows: Iterable[Row]) -> dict[str, float]:
    """The mean of each column over the rows that have it and in which it is a number."""
    columns: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            if np.isfinite(value):
                columns[name].append(value)
    return {name: float(np.mean(values)) for name, values in columns.items()}


def mean_by(rows: Iterable[tuple[str, Row]]) -> dict[str, dict[str, float]]:
    """The mean rows of those with one and the same name."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for name, row in rows:
        groups[name].append(row)
    return {name: mean_row(group) for name, group in groups.items()}


def _show(value: float | None) -> str:
    if value is None or not np.isfinite(value):
        return "-"
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e4 else f"{value:.3f}"
