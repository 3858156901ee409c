"""Trains the renderer: `python -m training.train_renderer --minutes 70 [--resume] [--adversary-after 0.7]`.

Trains one on that is there: `... --start models/renderer.safetensors --rate 2e-4 --likeness 1 --adversary-after 0`.
Writes runs/renderer/: last.pt (everything, to go on from), log.tsv, sheets (reference, painted, true), and, averaged
over the last steps and in half precision, renderer.safetensors, which is copied to models/ by hand when it is better.
"""

import argparse
import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from torch import Tensor

from heygem.engines.mouth_drawing import hidden_mask
from heygem.engines.nets.renderer import Renderer
from heygem.engines.nets.residual import to_channels_last
from heygem.engines.weights import load_weights, save_weights
from training.adversary import Adversary, adversary_loss, match_loss
from training.crops import read_crops
from training.dataset import ROOT
from training.renderer_data import Batch, Sampler
from training.renderer_losses import hidden_error, importance, paint_loss, unlikeness

RUN: Final = ROOT / "runs" / "renderer"
BATCH: Final = 8
EVERY: Final = 400  # steps between looks at the validation crops
HEAD_START: Final = 150  # steps in which the adversary alone learns, so that its first verdicts harm nothing


@dataclass(frozen=True)
class Recipe:
    """What is asked for on the command line; `adversary_after` is the share of the time after which it begins."""

    minutes: float
    seed: int
    width: int
    rate: float
    likeness: float
    adversary_after: float
    start: Path | None
    resume: bool

    def rate_at(self, done: float, steps: int) -> float:
        return self.rate * min(1.0, (steps + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


class Trainer:
    """Networks, optimisers and their state; one call of `step` per batch."""

    def __init__(self, recipe: Recipe) -> None:
        hidden = torch.from_numpy(hidden_mask())
        self.net = Renderer(hidden, recipe.width)
        self.average = copy.deepcopy(self.net)
        self.adversary = Adversary()
        to_channels_last(self.net)
        to_channels_last(self.adversary)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), recipe.rate, betas=(0.9, 0.98), weight_decay=1e-3)
        self.opponent = torch.optim.AdamW(self.adversary.parameters(), 4e-4, betas=(0.5, 0.98))
        self.recipe = recipe
        self.steps = 0
        self.lessons = 0
        self.spent_s = 0.0

    def start_from(self, path: Path) -> None:
        """With the weights in `path`, the optimiser anew."""
        for net in (self.net, self.average):
            net.load_state_dict(load_weights(path) | {"hidden": net.hidden})

    def step(self, batch: Batch, rate: float, adversarial: bool) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            painting = self.net(batch.true, batch.drawing, batch.references, batch.fields)
        weight = importance(batch.drawing, self.net.hidden)
        unlike = unlikeness(painting.image, batch.true, weight)
        loss = paint_loss(painting, batch.true, weight) + self.recipe.likeness * unlike
        parts = {"loss": loss.item(), "unlike": unlike.item(), "adversary": 0.0}
        if adversarial:
            parts["adversary"] = self.teach(batch, painting.image)
            loss = loss + self._fool(batch, painting.image)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.steps += 1
        keep = min(0.999, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.net.parameters(), strict=True)
            for slow, fast in pairs:
                slow.lerp_(fast, 1 - keep)
        return parts

    @torch.no_grad()
    def paint(self, batch: Batch) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            image: Tensor = self.net(batch.true, batch.drawing, batch.references, batch.fields).image
        return image

    def teach(self, batch: Batch, image: Tensor) -> float:
        """Show the adversary a true and a painted `image`; what it lost."""
        with torch.autocast("cpu", torch.bfloat16):
            real, _ = self.adversary(batch.true, batch.drawing)
            painted, _ = self.adversary(image.detach(), batch.drawing)
        lost = adversary_loss(real.float(), painted.float())
        self.opponent.zero_grad(set_to_none=True)
        lost.backward()
        self.opponent.step()
        self.lessons += 1
        return float(lost.detach())

    def _fool(self, batch: Batch, image: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            _, wanted = self.adversary(batch.true, batch.drawing)
            verdict, seen = self.adversary(image, batch.drawing)
        fooled: Tensor = 0.06 * -verdict.float().mean() + 0.6 * match_loss(wanted, seen)
        return fooled

    def state(self) -> dict[str, Any]:
        parts = ("net", "average", "adversary", "optimiser", "opponent")
        return {name: getattr(self, name).state_dict() for name in parts} | {
            "steps": self.steps,
            "lessons": self.lessons,
            "spent_s": self.spent_s,
        }

    def load(self, state: dict[str, Any]) -> None:
        for name in ("net", "average", "adversary", "optimiser", "opponent"):
            getattr(self, name).load_state_dict(state[name])
        self.steps, self.lessons, self.spent_s = state["steps"], state["lessons"], state["spent_s"]

    def save(self) -> None:
        torch.save(self.state(), RUN / "last.part")
        (RUN / "last.part").replace(RUN / "last.pt")
        weights = {name: value for name, value in self.average.state_dict().items() if name != "hidden"}
        config = {"width": self.net.down1.out_channels}
        save_weights(RUN / "renderer.safetensors", weights, {"name": "renderer", "config": config})


@torch.inference_mode()
def validate(net: Renderer, batches: list[Batch]) -> tuple[float, float, list[np.ndarray[Any, Any]]]:
    """The mean error of the hidden part, how unlike it is, and rows of pictures to look at."""
    errors, unlike, rows = [], [], []
    for batch in batches:
        with torch.autocast("cpu", torch.bfloat16):
            image = net(batch.true, batch.drawing, batch.references, batch.fields).image.clamp(-1, 1)
        errors.append(hidden_error(image, batch.true, net.hidden))
        unlike.append(float(unlikeness(image, batch.true, importance(batch.drawing, net.hidden))))
        columns = [*batch.references[:, :, :3].unbind(1), image, batch.true]
        for pictures in zip(*columns, strict=True):
            row = torch.cat(pictures, dim=2).permute(1, 2, 0)
            rows.append(((row + 1) * 127.5).round().to(torch.uint8).numpy())
    return float(np.mean(errors)), float(np.mean(unlike)), rows


def train(recipe: Recipe) -> None:
    RUN.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    trainer = Trainer(recipe)
    if recipe.start is not None:
        trainer.start_from(recipe.start)
    if recipe.resume:
        trainer.load(torch.load(RUN / "last.pt", weights_only=True))
    sampler = Sampler(read_crops("train", "faces"), recipe.seed + trainer.steps, augment=True)
    judge = Sampler(read_crops("val"), 7, augment=False)
    looked = [judge.draw(8) for _ in range(6)]
    log = (RUN / "log.tsv").open("a", encoding="utf-8", buffering=1)
    started, total_s = time.monotonic() - trainer.spent_s, recipe.minutes * 60
    learnt: list[dict[str, float]] = []
    while (done := (time.monotonic() - started) / total_s) < 1:
        batch = sampler.draw(BATCH)
        if done > recipe.adversary_after and trainer.lessons < HEAD_START:
            trainer.teach(batch, trainer.paint(batch))
            continue
        learnt.append(trainer.step(batch, recipe.rate_at(done, trainer.steps), done > recipe.adversary_after))
        if trainer.steps % EVERY == 0:
            trainer.spent_s = time.monotonic() - started
            error, unlike, rows = validate(trainer.average, looked)
            means = [np.mean([parts[name] for parts in learnt]) for name in ("loss", "unlike", "adversary")]
            line = [trainer.steps, trainer.spent_s, *means, error, unlike]
            print(*(f"{value:.4g}" for value in line), sep="\t", file=log)
            learnt.clear()
            sheet = np.vstack([np.hstack([a, b]) for a, b in zip(rows[:8], rows[24:32], strict=True)])
            cv2.imwrite(str(RUN / f"sheet_{trainer.steps:06d}.jpg"), sheet)
            trainer.save()
    trainer.spent_s = time.monotonic() - started
    trainer.save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--rate", type=float, default=5e-4, help="of learning, at its highest")
    parser.add_argument("--likeness", type=float, default=0.0, help="weight of the structural similarity")
    parser.add_argument("--adversary-after", type=float, default=0.7, help="share of the time after which it begins")
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--resume", action="store_true")
    train(Recipe(**vars(parser.parse_args())))
