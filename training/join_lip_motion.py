"""Joins trained lip motion networks into the file that is shipped: `python -m training.join_lip_motion 2 3`."""

import sys

import torch

from heygem.engines.nets.lip_motion import LipMotionChoir
from heygem.engines.speech_motion import MotionBasis
from heygem.engines.weights import save_weights
from training.dataset import ROOT
from training.motion_judge import judge_motion
from training.train_lip_motion import MEMORY, RUN, WIDTH, prepare

TARGET = ROOT.parent / "models" / "lip_motion.safetensors"


def join(seeds: list[int]) -> None:
    """Write the networks of `seeds` as one, with the gain that makes them as lively as the validation speakers."""
    basis, _, val, _ = prepare()
    val = [talk.in_step() for talk in val]
    config = {"voices": len(seeds), "count": len(basis.motions), "width": WIDTH, "memory": MEMORY}
    choir = LipMotionChoir(**config).eval()
    for voice, seed in zip(choir.voices, seeds, strict=True):
        voice.load_state_dict(torch.load(RUN / f"{seed}.pt", weights_only=True)["best"])
    scores = judge_motion(choir, val, basis)
    weights = dict(choir.state_dict())
    for name in MotionBasis.__dataclass_fields__:
        weights[f"motion.{name}"] = torch.as_tensor(getattr(basis, name))
    about = {"name": "lip_motion", "config": config, "gain": find_gain(scores), "val": scores}
    save_weights(TARGET, weights, about)
    print(about)


def find_gain(scores: dict[str, float]) -> float:
    """What is heard is less lively than what is seen: by how much to exaggerate it."""
    return round(min(1.25, 1 / scores["swing"]), 2)


if __name__ == "__main__":
    join([int(seed) for seed in sys.argv[1:]])
