"""The bars, from bars.toml, and whether measured figures meet them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Final

_TABLE: Final = Path(__file__).with_name("bars.toml")


@dataclass(frozen=True)
class Bar:
    """`figure` of `part` has to be within `low` and `high`, in the quick form within `quick_low` and `quick_high`.

    `scale` is what the figure is multiplied by to be shown, with `unit` after it.
    """

    part: str
    figure: str
    name: str
    low: float = float("-inf")
    high: float = float("inf")
    quick_low: float = float("-inf")
    quick_high: float = float("inf")
    scale: float = 1.0
    unit: str = ""

    def bounds(self, quick: bool) -> tuple[float, float]:
        return (self.quick_low, self.quick_high) if quick else (self.low, self.high)

    def is_met(self, value: float, quick: bool) -> bool:
        """What could not be measured, NaN, is not met."""
        low, high = self.bounds(quick)
        return low <= value <= high

    def show(self, value: float) -> str:
        return f"{value * self.scale:.4g}{self.unit}" if isfinite(value) else "not measured"

    def show_bound(self, quick: bool) -> str:
        low, high = self.bounds(quick)
        if not isfinite(high):
            return f"≥ {self.show(low)}"
        return f"{self.show(low)} … {self.show(high)}" if isfinite(low) else f"≤ {self.show(high)}"


def read_bars() -> list[Bar]:
    with _TABLE.open("rb") as file:
        return [Bar(**row) for row in tomllib.load(file)["bar"]]


def list_rows(figures: Mapping[str, Mapping[str, float]], quick: bool) -> list[tuple[Bar, float, bool]]:
    """The bars of the parts in `figures`, each with its figure and whether that meets it."""
    rows = []
    for bar in read_bars():
        if bar.part in figures:
            value = figures[bar.part].get(bar.figure, float("nan"))
            rows.append((bar, value, bar.is_met(value, quick)))
    return rows
