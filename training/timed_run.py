"""A training run with a budget of minutes: learning rate by time spent, averaged weights, checkpoints, a log.

Knows nothing of what is trained. A run that was broken off goes on from its last checkpoint.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from heygem.engines.nets.residual import to_channels_last

WARM_UP: Final = 0.02  # of the budget
AVERAGE: Final = 0.995  # decay per step of the averaged weights


@dataclass(frozen=True)
class Budget:
    """How long to train, how fast, and how often to look."""

    minutes: float
    rate: float
    check_minutes: float = 4.0


class TimedRun:
    """Steps `net` with AdamW until the budget is spent; `averaged` is the net to keep."""

    def __init__(self, net: nn.Module, folder: Path, budget: Budget) -> None:
        to_channels_last(net)
        self.net = net
        self.averaged = copy.deepcopy(self.net)
        self._optimizer = torch.optim.AdamW(net.parameters(), lr=budget.rate, weight_decay=0.02)
        self._budget = budget
        self._folder = folder
        self._spent_s = 0.0
        self._steps = 0
        folder.mkdir(parents=True, exist_ok=True)
        if (path := folder / "checkpoint.pt").is_file():
            self._load(path)

    def go(self, loss: Callable[[], dict[str, Tensor]], check: Callable[[nn.Module], str]) -> None:
        """Minimise the sum of what `loss` returns; `check` judges the averaged net in a line for the log."""
        budget_s = self._budget.minutes * 60
        checked_s = self._spent_s
        sums: dict[str, float] = {}
        since = 0
        while self._spent_s < budget_s:
            start = time.monotonic()
            for name, value in self._step(loss, self._spent_s / budget_s).items():
                sums[name] = sums.get(name, 0.0) + value
            since += 1
            self._spent_s += time.monotonic() - start
            if self._spent_s - checked_s > self._budget.check_minutes * 60 or self._spent_s >= budget_s:
                means = ", ".join(f"{name} {value / since:.4f}" for name, value in sums.items())
                self.log(f"{self._spent_s / 60:.1f} min, step {self._steps}: {means}; {check(self.averaged.eval())}")
                self._save()
                checked_s, since, sums = self._spent_s, 0, {}

    def log(self, line: str) -> None:
        print(line, flush=True)
        with (self._folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _step(self, loss: Callable[[], dict[str, Tensor]], progress: float) -> dict[str, float]:
        rate = self._budget.rate * min(progress / WARM_UP + 0.02, 0.5 + 0.5 * math.cos(math.pi * progress))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        losses = loss()
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self._optimizer.step()
        self._steps += 1
        decay = min(AVERAGE, self._steps / (self._steps + 10))
        with torch.no_grad():
            for kept, new in zip(self.averaged.parameters(), self.net.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)
            for kept_value, value in zip(self.averaged.buffers(), self.net.buffers(), strict=True):
                if value.is_floating_point():
                    kept_value.lerp_(value, 1 - decay)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _save(self) -> None:
        part = self._folder / "checkpoint.part"
        state = {
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "spent_s": self._spent_s,
            "steps": self._steps,
        }
        torch.save(state, part)
        part.replace(self._folder / "checkpoint.pt")

    def _load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._spent_s, self._steps = state["spent_s"], state["steps"]
