"""Trains the lip motion network: `python -m training.train_lip_motion --seed 1`, then others with `--first 1`.

The first learns visemes from synthetic speech, then visemes and lip motion at once, and finds by how much each clip's
voice is out of step with its picture; the others learn from the clips brought into step. A run that was broken off goes
on. Writes runs/lip_motion/: talks.pt (what is learned from), SEED.pt, SEED.log and SEED.safetensors.
`python -m training.join_lip_motion` makes one file of several.
"""

import argparse
import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from heygem.engines.nets.lip_motion import LipMotionNet
from heygem.engines.speech_motion import MotionBasis
from heygem.engines.weights import load_weights, read_metadata, save_weights
from training.dataset import ROOT
from training.motion_basis import learn_basis, list_faces
from training.motion_data import Mixer, Talk, is_synced, read_talks
from training.motion_judge import bring_into_step, judge_motion, judge_visemes
from training.motion_losses import MotionLoss, viseme_loss
from training.viseme_data import name_visemes, read_synthetic

RUN: Final = ROOT / "runs" / "lip_motion"
ROWS: Final = 100
BATCH: Final = 16
GRID_BATCH: Final = 2  # of the sentences whose visemes are learned; the others are synthetic
RATE: Final = 1.2e-3
DROPOUT: Final = 0.15
VISEME_SHARE: Final = 0.4  # of the loss, while motion is learned too
EVERY: Final = 500  # steps between looks at the validation speakers


@dataclass(frozen=True)
class Course:
    """How a network is taught: so many steps of visemes alone, then so many of both."""

    viseme_steps: int
    steps: int
    seed: int
    width: int
    memory: int

    def rate(self, step: int) -> float:
        """The learning rate: warmed up twice, let down by a cosine at the end."""
        if step < self.viseme_steps:
            return RATE * min(1, (step + 1) / 200)
        done = step - self.viseme_steps
        return RATE * min(1, (done + 1) / 200) * (0.02 + 0.49 * (1 + math.cos(math.pi * done / self.steps)))


class Learner:
    """A network, the average of its last steps, and the best of those by the validation speakers."""

    def __init__(self, basis: MotionBasis, course: Course) -> None:
        torch.manual_seed(course.seed)
        self.course, self.basis = course, basis
        self.net = LipMotionNet(len(basis.motions), course.width, course.memory, DROPOUT)
        self.average, self.best = (copy.deepcopy(self.net).eval() for _ in range(2))
        self.best_score, self.step = -1.0, 0
        self._loss_of = MotionLoss(basis)
        self._optimiser = torch.optim.AdamW(self.net.parameters(), RATE, weight_decay=0.03)

    def learn(self, named: dict[str, Tensor], seen: dict[str, Tensor] | None) -> float:
        """One step from sentences with visemes and, if there, from clips with motion; the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.course.rate(self.step)
        sounds = [named["sound"]] if seen is None else [seen["sound"], named["sound"]]
        heard = self.net(torch.cat(sounds).transpose(1, 2))
        loss = viseme_loss(heard.visemes[-len(named["sound"]) :], named["motion"], named["weight"])
        if seen is not None:
            motion = heard.motion[: len(seen["sound"])]
            loss = VISEME_SHARE * loss + self._loss_of(motion, seen["motion"], seen["weight"])
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.net.parameters(), strict=True):
                slow.lerp_(fast, 1 - min(0.995, (1 + self.step) / (10 + self.step)))
        return float(loss.detach())

    def look(self, val: list[Talk]) -> dict[str, float]:
        """The average's scores; it is kept if they are the best."""
        scores = judge_motion(self.average, val, self.basis)
        if (score := scores["opening"] + 0.4 * scores["width"]) > self.best_score:
            self.best_score = score
            self.best.load_state_dict(self.average.state_dict())
        return scores

    def save(self, path: Path) -> None:
        parts = {name: getattr(self, name).state_dict() for name in ("net", "average", "best", "_optimiser")}
        torch.save({**parts, "best_score": self.best_score, "step": self.step}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        for name in ("net", "average", "best", "_optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.best_score, self.step = state["best_score"], state["step"]


class Lessons:
    """Draws what is learned from: sentences with visemes, and clips with motion once there are `faces`."""

    def __init__(self, lines: list[Talk], seed: int) -> None:
        sentences, self.held = read_synthetic()
        known = [talk for talk in lines if talk.source.startswith("train")]
        self.unknown = [talk for talk in lines if talk.source.startswith("val")]
        self._named = [Mixer(talks, ROWS, seed, is_named=True) for talks in (sentences, known)]
        self.faces: Mixer | None = None

    def draw(self) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        parts = [mixer.draw(size) for mixer, size in zip(self._named, (BATCH - GRID_BATCH, GRID_BATCH), strict=True)]
        named = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return _to_tensors(named), None if self.faces is None else _to_tensors(self.faces.draw(BATCH))


def _to_tensors(arrays: dict[str, np.ndarray[Any, Any]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(value) for name, value in arrays.items()}


def teach(learner: Learner, lessons: Lessons, val: list[Talk], until: int) -> None:
    """Go on to the step `until`; a look and a checkpoint every so often and at the end."""
    losses: list[float] = []
    while learner.step < until:
        losses.append(learner.learn(*lessons.draw()))
        if learner.step % EVERY == 0 or learner.step == until:
            scores = learner.look(val) if lessons.faces is not None else {}
            scores["synthetic"] = judge_visemes(learner.average, lessons.held)
            scores["GRID"] = judge_visemes(learner.average, lessons.unknown)
            told = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
            with (RUN / f"{learner.course.seed}.log").open("a", encoding="utf-8") as log:
                print(f"{learner.step}: loss {np.mean(losses[-EVERY:]):.3f}, {told}", file=log)
            learner.save(RUN / f"{learner.course.seed}.pt")


def prepare() -> tuple[MotionBasis, list[Talk], list[Talk], list[Talk]]:
    """Basis, clips of train and val, and those of both whose words are known; kept in talks.pt from call to call."""
    RUN.mkdir(parents=True, exist_ok=True)
    path = RUN / "talks.pt"
    if not path.is_file():
        basis = learn_basis([points[np.isfinite(points[:, 0, 0])] for _, _, points in list_faces("train")])
        train, val = (read_talks(basis, split) for split in ("train", "val"))
        torch.save((basis, train, val, name_visemes(train + val)), path)
    basis, train, val, lines = torch.load(path, weights_only=False)
    return basis, train, val, lines


def load_net(seed: int) -> tuple[LipMotionNet, MotionBasis]:
    """A trained network and the basis that it speaks in."""
    path = RUN / f"{seed}.safetensors"
    weights = load_weights(path)
    net = LipMotionNet(**read_metadata(path)["config"]).eval()
    net.load_state_dict({name: value for name, value in weights.items() if not name.startswith("motion.")})
    return net, MotionBasis.from_weights(weights)


def main(course: Course, first: int | None) -> None:
    torch.set_num_threads(1)
    basis, train, val, lines = prepare()
    learner = Learner(basis, course)
    if (path := RUN / f"{course.seed}.pt").is_file():
        learner.load(path)
    lessons = Lessons(lines, course.seed + learner.step)
    teach(learner, lessons, val, course.viseme_steps)
    if first is None:
        train = [talk for talk in train if is_synced(talk.source)]
    else:
        train, val = (bring_into_step(*load_net(first), talks, basis) for talks in (train, val))
    lessons.faces = Mixer(train, ROWS, course.seed + learner.step)
    teach(learner, lessons, val, course.viseme_steps + course.steps)
    weights = dict(learner.best.state_dict())
    for name in MotionBasis.__dataclass_fields__:
        weights[f"motion.{name}"] = torch.as_tensor(getattr(basis, name))
    config = {"width": course.width, "memory": course.memory, "count": len(basis.motions)}
    metadata: dict[str, Any] = {"name": "lip_motion", "config": config, "val": judge_motion(learner.best, val, basis)}
    save_weights(RUN / f"{course.seed}.safetensors", weights, metadata)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viseme-steps", type=int, default=2500)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--memory", type=int, default=128)
    parser.add_argument("--first", type=int, help="the seed of the first run, whose network finds the clips' lags")
    given = parser.parse_args()
    main(Course(given.viseme_steps, given.steps, given.seed, given.width, given.memory), given.first)
