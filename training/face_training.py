"""What the trainings of the face tracker's networks share: a command line, where they start, and what they leave.

Knows nothing of pictures and losses.
"""

import argparse
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import torch
from torch import Tensor, nn

from heygem.engines.weights import load_weights, save_weights
from training.dataset import ROOT
from training.timed_run import Budget, TimedRun

MODELS: Final = ROOT.parent / "models"


@dataclass(frozen=True)
class Recipe:
    """The `name` of a network's weights, the `config` that builds it again, and how it is trained by default."""

    name: str
    config: Mapping[str, Any]
    minutes: float
    seed: int
    check_minutes: float = 4.0


@dataclass(frozen=True)
class Verdict:
    """How wrong a network is about people who are not in training, the less the better, and a line for the log."""

    error: float
    line: str


class FaceTraining:
    """One training, as its command line asks for it."""

    def __init__(self, recipe: Recipe, net: nn.Module, about: str | None) -> None:
        options = _read_options(recipe, about)
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        torch.manual_seed(options.seed)
        if options.start is not None:
            net.load_state_dict(load_weights(options.start))
        self.seed: int = options.seed
        self.net = net
        self._recipe = recipe
        self._folder: Path = options.run
        self._target: Path = options.out / f"{recipe.name}.safetensors"
        self._run = TimedRun(net, options.run, Budget(options.minutes, options.rate, recipe.check_minutes))

    def go(self, loss: Callable[[], dict[str, Tensor]], check: Callable[[nn.Module], Verdict]) -> None:
        """Train; weights that are less wrong than those that were there take their place."""

        def judge(net: nn.Module) -> str:
            self._export(net, self._folder / self._target.name)
            return check(net).line

        self._run.go(loss, judge)
        new, old = check(self._run.averaged.eval()), self._judge_old(check)
        if old is None or new.error < old.error:
            self._export(self._run.averaged, self._target)
            self._run.log(f"now in {self._target}")
        else:
            self._run.log(f"what is in {self._target} is better, and stays: {old.line}")

    def _judge_old(self, check: Callable[[nn.Module], Verdict]) -> Verdict | None:
        if not self._target.is_file():
            return None
        old = copy.deepcopy(self.net)
        old.load_state_dict(load_weights(self._target))
        return check(old.eval())

    def _export(self, net: nn.Module, path: Path) -> None:
        about = {"name": self._recipe.name, "version": "1", "config": self._recipe.config}
        weights = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
        save_weights(path, weights, about)


def _read_options(recipe: Recipe, about: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--minutes", type=float, default=recipe.minutes)
    parser.add_argument("--rate", type=float, default=2e-3, help="the highest learning rate; halve it with --from")
    parser.add_argument("--seed", type=int, default=recipe.seed)
    parser.add_argument("--from", dest="start", type=Path, help="weights to start from instead of none")
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / recipe.name, help="for checkpoints and the log")
    parser.add_argument("--out", type=Path, default=MODELS, help="the folder that the weights go into")
    return parser.parse_args()
