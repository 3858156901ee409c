"""Prints the table of all bars: the bar, the figure, met or not."""

from collections.abc import Mapping

from training.evaluation.bars import list_rows
from training.evaluation.report import Row


def print_table(figures: Mapping[str, Row], quick: bool) -> bool:
    """Whether all bars are met."""
    rows = list_rows(figures, quick)
    names = max(len(bar.name) for bar, _, _ in rows)
    print(f"\n{'part':12} {'bar':{names}} {'wanted':>14} {'measured':>12}")
    for bar, value, is_met in rows:
        verdict = "met" if is_met else "NOT MET"
        print(f"{bar.part:12} {bar.name:{names}} {bar.show_bound(quick):>14} {bar.show(value):>12}  {verdict}")
    met = sum(is_met for _, _, is_met in rows)
    print(f"{met} of {len(rows)} met{', by the looser bounds of the quick form' if quick else ''}", flush=True)
    return met == len(rows)
