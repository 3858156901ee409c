"""Measures the shipped weights on people and voices that training has not seen, against the bars they have to meet.

`python -m training.evaluate [--quick] [--split test] [--models DIR] [--only PART]`. Nothing is chosen by the test
split; for choices there is val. --quick looks at a few clips, against looser bounds. The exit
status is 1 if a bar is not met.
"""

import argparse
import sys
from pathlib import Path

from training.dataset import ROOT
from training.evaluation.parts import PARTS, measure_parts
from training.evaluation.table import print_table

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--split", default="test", choices=("test", "val"))
    parser.add_argument("--models", type=Path, default=ROOT.parent / "models")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=list(PARTS), metavar="PART")
    given = parser.parse_args()
    figures = measure_parts(given.models, given.split, given.quick, given.only)
    sys.exit(0 if print_table(figures, given.quick) else 1)
