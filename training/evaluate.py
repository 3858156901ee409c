"""Held-out numbers of the shipped weights: `python -m training.evaluate [--quick] [--split test]`.

Speakers of the test split are in no other; nothing is chosen by them. --quick looks at a part of the clips.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from heygem.engines.embedded import EmbeddedEngine
from training.dataset import ROOT
from training.evaluate_motion import measure_motion
from training.evaluate_renderer import measure_renderer

MODELS = ROOT.parent / "models"


def print_rows(title: str, rows: dict[str, dict[str, float]]) -> None:
    """A table: what was measured across, one line per name."""
    columns = list(next(iter(rows.values())))
    print(f"\n{title}\n{'':24}" + "".join(f"{column:>16}" for column in columns))
    for name, row in rows.items():
        print(f"{name:24}" + "".join(f"{row.get(column, float('nan')):16.3f}" for column in columns))
    sys.stdout.flush()


def main(split: str, quick: bool, models: Path) -> None:
    engine = EmbeddedEngine.load(models, torch.device("cpu"))
    print_rows("Lip motion, mean over speakers", measure_motion(engine, split, quick))
    print_rows("Renderer, true key points", measure_renderer(engine, split, quick))
    try:
        from training.evaluate_tracker import measure_tracker
    except ImportError:
        return
    report = measure_tracker(split, most=20 if quick else 60, clips_per_set=2 if quick else 12)
    print("\nFace tracker against the teacher", json.dumps(report, indent=1), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--split", default="test")
    parser.add_argument("--models", type=Path, default=MODELS)
    given = parser.parse_args()
    main(given.split, given.quick, given.models)
