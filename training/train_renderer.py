"""Trains the renderer: `python -m training.train_renderer --minutes 70 [--resume] [--adversary-after 0.7]`.

Writes runs/renderer/: last.pt (everything, to go on from), log.tsv, sheets (reference, painted, true), and, averaged
over the last steps and in half precision, renderer.safetensors, which is copied to models/ by hand when it is better.
"""

import argparse
import copy
import math
import time
from typing import Any, Final

import cv2
import numpy as np
import torch
from torch import Tensor

from heygem.engines.mouth_drawing import hidden_mask
from heygem.engines.nets.renderer import Renderer
from heygem.engines.nets.residual import to_channels_last
from heygem.engines.weights import save_weights
from training.adversary import Adversary, adversary_loss, match_loss
from training.crops import read_crops
from training.dataset import ROOT
from training.renderer_data import Batch, Sampler
from training.renderer_losses import hidden_error, importance, paint_loss

RUN: Final = ROOT / "runs" / "renderer"
BATCH: Final = 8
RATE: Final = 5e-4
EVERY: Final = 400  # steps between looks at the validation crops


class Trainer:
    """Networks, optimisers and their state; one call of `step` per batch."""

    def __init__(self, width: int) -> None:
        hidden = torch.from_numpy(hidden_mask())
        self.net = Renderer(hidden, width)
        self.average = copy.deepcopy(self.net)
        self.adversary = Adversary()
        to_channels_last(self.net)
        to_channels_last(self.adversary)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), RATE, betas=(0.9, 0.98), weight_decay=1e-3)
        self.opponent = torch.optim.AdamW(self.adversary.parameters(), 4e-4, betas=(0.5, 0.98))
        self.steps = 0
        self.spent_s = 0.0

    def step(self, batch: Batch, rate: float, adversarial: bool) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            painting = self.net(batch.true, batch.drawing, batch.references, batch.fields)
        loss = paint_loss(painting, batch.true, importance(batch.drawing, self.net.hidden))
        parts = {"loss": float(loss.detach())}
        if adversarial:
            loss = loss + self._fool(batch, painting.image, parts)
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

    def _fool(self, batch: Batch, image: Tensor, parts: dict[str, float]) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            real, _ = self.adversary(batch.true, batch.drawing)
            painted, _ = self.adversary(image.detach(), batch.drawing)
        lost = adversary_loss(real.float(), painted.float())
        self.opponent.zero_grad(set_to_none=True)
        lost.backward()
        self.opponent.step()
        with torch.autocast("cpu", torch.bfloat16):
            _, wanted = self.adversary(batch.true, batch.drawing)
            verdict, seen = self.adversary(image, batch.drawing)
        parts["adversary"] = float(lost.detach())
        fooled: Tensor = 0.06 * -verdict.float().mean() + 0.6 * match_loss(wanted, seen)
        return fooled

    def state(self) -> dict[str, Any]:
        parts = ("net", "average", "adversary", "optimiser", "opponent")
        return {name: getattr(self, name).state_dict() for name in parts} | {
            "steps": self.steps,
            "spent_s": self.spent_s,
        }

    def load(self, state: dict[str, Any]) -> None:
        for name in ("net", "average", "adversary", "optimiser", "opponent"):
            getattr(self, name).load_state_dict(state[name])
        self.steps, self.spent_s = state["steps"], state["spent_s"]

    def save(self) -> None:
        torch.save(self.state(), RUN / "last.part")
        (RUN / "last.part").replace(RUN / "last.pt")
        weights = {name: value for name, value in self.average.state_dict().items() if name != "hidden"}
        config = {"width": self.net.down1.out_channels}
        save_weights(RUN / "renderer.safetensors", weights, {"name": "renderer", "config": config})


@torch.inference_mode()
def validate(net: Renderer, batches: list[Batch]) -> tuple[float, list[np.ndarray[Any, Any]]]:
    """The mean error of the hidden part, and rows of pictures to look at."""
    errors, rows = [], []
    for batch in batches:
        with torch.autocast("cpu", torch.bfloat16):
            image = net(batch.true, batch.drawing, batch.references, batch.fields).image.clamp(-1, 1)
        errors.append(hidden_error(image, batch.true, net.hidden))
        columns = [*batch.references[:, :, :3].unbind(1), image, batch.true]
        for pictures in zip(*columns, strict=True):
            row = torch.cat(pictures, dim=2).permute(1, 2, 0)
            rows.append(((row + 1) * 127.5).round().to(torch.uint8).numpy())
    return float(np.mean(errors)), rows


def train(minutes: float, seed: int, width: int, adversary_after: float, resume: bool) -> None:
    RUN.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    trainer = Trainer(width)
    if resume:
        trainer.load(torch.load(RUN / "last.pt", weights_only=True))
    sampler = Sampler(read_crops("train", "faces"), seed + trainer.steps, augment=True)
    judge = Sampler(read_crops("val"), 7, augment=False)
    looked = [judge.draw(8) for _ in range(6)]
    log = (RUN / "log.tsv").open("a", encoding="utf-8", buffering=1)
    started, total_s = time.monotonic() - trainer.spent_s, minutes * 60
    losses: list[float] = []
    while (done := (time.monotonic() - started) / total_s) < 1:
        rate = RATE * min(1.0, (trainer.steps + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        parts = trainer.step(sampler.draw(BATCH), rate, done > adversary_after)
        losses.append(parts["loss"])
        if trainer.steps % EVERY == 0:
            trainer.spent_s = time.monotonic() - started
            error, rows = validate(trainer.average, looked)
            line = [trainer.steps, trainer.spent_s, np.mean(losses[-EVERY:]), error, parts.get("adversary", 0.0)]
            print(*(f"{value:.4g}" for value in line), sep="\t", file=log)
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
    parser.add_argument("--adversary-after", type=float, default=0.7, help="share of the time after which it begins")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    train(given.minutes, given.seed, given.width, given.adversary_after, given.resume)
