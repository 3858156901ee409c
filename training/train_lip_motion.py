"""Trains the lip motion networks: `python -m training.train_lip_motion visemes`, then `… motion --seed 1`, `… 2`, ….

A network first learns visemes from synthetic speech and from clips whose words are known. Then, how it hears sounds
left as it is, it learns lip motion too; the clips with faces are half an hour, of which it soon knows too much. A run
that was broken off goes on. Writes runs/lip_motion/: talks.pt (what is learned from), and of each run NAME.pt
and NAME.log. `python -m training.join_lip_motion 1 2` makes the file that is shipped.
"""

import argparse
import copy
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from heygem.engines.nets.lip_motion import LipMotionNet
from heygem.engines.speech_motion import MotionBasis
from training.dataset import ROOT
from training.motion_basis import learn_basis, list_faces
from training.motion_data import Mixer, Talk, read_talks
from training.motion_judge import judge_motion, judge_visemes
from training.motion_losses import MotionLoss, viseme_loss
from training.viseme_data import name_visemes, read_synthetic

RUN: Final = ROOT / "runs" / "lip_motion"
ROWS: Final = 100
BATCH: Final = 16
GRID_BATCH: Final = 2  # of the sentences whose visemes are learned; the others are synthetic
VISEME_SHARE: Final = 0.4  # of the loss, while motion is learned too
WIDTH: Final = 128
MEMORY: Final = 128


@dataclass(frozen=True)
class Course:
    """How a network is taught: for how long, how fast, and how much of it is forgotten on the way."""

    name: str
    steps: int
    rate: float
    dropout: float
    every: int  # steps between looks at the validation speakers
    seed: int
    with_motion: bool

    def rate_at(self, step: int) -> float:
        """Warmed up, and let down by a cosine where motion is learned."""
        end = 0.02 + 0.49 * (1 + math.cos(math.pi * step / self.steps)) if self.with_motion else 1.0
        return self.rate * min(1, (step + 1) / 100) * end


VISEMES_FIRST: Final = Course("visemes", 2500, 1.2e-3, 0.15, 500, 2, with_motion=False)
THEN_MOTION: Final = Course("motion", 1500, 6e-4, 0.3, 150, 1, with_motion=True)


class Learner:
    """A network, the average of its last steps, and the best of those by the validation speakers."""

    def __init__(self, basis: MotionBasis, course: Course) -> None:
        torch.manual_seed(course.seed)
        self.course, self.basis = course, basis
        self.net = LipMotionNet(len(basis.motions), WIDTH, MEMORY, course.dropout)
        if course.with_motion:
            self._begin_with(RUN / f"{VISEMES_FIRST.name}.pt")
        self.average, self.best = (copy.deepcopy(self.net).eval() for _ in range(2))
        self.best_score, self.step = -1.0, 0
        self._loss_of = MotionLoss(basis)
        self._learning = [value for value in self.net.parameters() if value.requires_grad]
        self._optimiser = torch.optim.AdamW(self._learning, course.rate, weight_decay=0.03)

    def _begin_with(self, checkpoint: Path) -> None:
        """Take over a network that tells visemes; how it hears sounds is not to change."""
        self.net.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
        nn.init.zeros_(self.net.head.weight)
        for part in (self.net.stem, self.net.blocks):
            part.requires_grad_(False)

    def learn(self, named: dict[str, Tensor], seen: dict[str, Tensor] | None) -> float:
        """One step from sentences with visemes and, if there, from clips with motion; the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.course.rate_at(self.step)
        sounds = [named["sound"]] if seen is None else [seen["sound"], named["sound"]]
        heard = self.net(torch.cat(sounds).transpose(1, 2))
        loss = viseme_loss(heard.visemes[-len(named["sound"]) :], named["motion"], named["weight"])
        if seen is not None:
            motion = heard.motion[: len(seen["sound"])]
            loss = VISEME_SHARE * loss + self._loss_of(motion, seen["motion"], seen["weight"])
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._learning, 1.0)
        self._optimiser.step()
        self.step += 1
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.net.parameters(), strict=True):
                slow.lerp_(fast, 1 - min(0.99, (1 + self.step) / (10 + self.step)))
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


def teach(learner: Learner, lessons: Lessons, val: list[Talk]) -> None:
    """Go through the course, or what is left of it; a look and a checkpoint every so often and at the end."""
    course, losses = learner.course, []
    while learner.step < course.steps:
        losses.append(learner.learn(*lessons.draw()))
        if learner.step % course.every == 0 or learner.step == course.steps:
            scores = learner.look(val) if course.with_motion else {}
            scores["synthetic"] = judge_visemes(learner.average, lessons.held)
            scores["GRID"] = judge_visemes(learner.average, lessons.unknown)
            told = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
            with (RUN / f"{course.name}.log").open("a", encoding="utf-8") as log:
                print(f"{learner.step}: loss {np.mean(losses[-course.every :]):.3f}, {told}", file=log)
            learner.save(RUN / f"{course.name}.pt")


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


def main(course: Course) -> None:
    torch.set_num_threads(1)
    basis, train, val, lines = prepare()
    learner = Learner(basis, course)
    if (path := RUN / f"{course.name}.pt").is_file():
        learner.load(path)
    lessons = Lessons(lines, course.seed + learner.step)
    if course.with_motion:
        lessons.faces = Mixer([talk.in_step() for talk in train], ROWS, course.seed + 7 + learner.step)
    teach(learner, lessons, [talk.in_step() for talk in val])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("visemes", "motion"))
    parser.add_argument("--seed", type=int, default=1, help="of a network that learns motion; also its name")
    given = parser.parse_args()
    motion = replace(THEN_MOTION, name=str(given.seed), seed=given.seed)
    main(VISEMES_FIRST if given.what == "visemes" else motion)
