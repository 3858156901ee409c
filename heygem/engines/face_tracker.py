"""Loads the face tracker: what finds faces in frames, and what finds the landmarks of each.

Which face is followed, when the detector is asked and how tracks are smoothed is the pipeline's to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from heygem.engines.face_detector import FaceDetector
from heygem.engines.face_landmarker import FaceLandmarker
from heygem.engines.nets.face_detector import FaceDetectorNet
from heygem.engines.nets.landmarker import LandmarkNet
from heygem.engines.nets.lip_refiner import LipNet
from heygem.engines.weights import filled_from, identify_weights, load_weights, read_metadata

DETECTOR_FILE: Final = "face_detector.safetensors"
LANDMARKER_FILE: Final = "face_landmarker.safetensors"
LIPS_FILE: Final = "lip_refiner.safetensors"


@dataclass(frozen=True)
class FaceTrackerModels:
    """The networks, loaded; `weights_id` changes with the weights."""

    detector: FaceDetector
    landmarker: FaceLandmarker
    weights_id: str


def load_face_tracker(models: Path, device: torch.device) -> FaceTrackerModels:
    """The networks with their weights from the folder `models`. Raises WeightsError."""
    detector = _load(models / DETECTOR_FILE, lambda config: FaceDetectorNet(tuple(config["channels"]), config["width"]))
    landmarker = _load(models / LANDMARKER_FILE, lambda config: LandmarkNet(tuple(config["channels"])))
    lips = _load(models / LIPS_FILE, lambda config: LipNet(tuple(config["channels"])))
    finder = FaceLandmarker(landmarker, lips, device)
    weights_id = identify_weights(*(models / name for name in (DETECTOR_FILE, LANDMARKER_FILE, LIPS_FILE)))
    return FaceTrackerModels(FaceDetector(detector, finder, device), finder, weights_id)


def _load(path: Path, build: Callable[[Mapping[str, Any]], nn.Module]) -> nn.Module:
    with filled_from(path):
        net = build(read_metadata(path)["config"])
        net.load_state_dict(load_weights(path))
    return net
