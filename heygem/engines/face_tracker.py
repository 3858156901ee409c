"""Loads the face tracker: what finds faces in frames, and what finds the landmarks of each.

Which face is followed, when the detector is asked and how tracks are smoothed is the pipeline's to say.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from heygem.engines.face_detector import FaceDetector
from heygem.engines.face_landmarker import FaceLandmarker
from heygem.engines.nets.face_detector import FaceDetectorNet
from heygem.engines.nets.landmarker import LandmarkNet
from heygem.engines.nets.lip_refiner import LipNet
from heygem.engines.weights import identify_weights, load_weights, read_metadata

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
    paths = models / DETECTOR_FILE, models / LANDMARKER_FILE, models / LIPS_FILE
    configs = [read_metadata(path)["config"] for path in paths]
    detector = FaceDetectorNet(tuple(configs[0]["channels"]), configs[0]["width"])
    landmarker, lips = LandmarkNet(tuple(configs[1]["channels"])), LipNet(tuple(configs[2]["channels"]))
    for net, path in zip((detector, landmarker, lips), paths, strict=True):
        net.load_state_dict(load_weights(path))
    finder = FaceLandmarker(landmarker, lips, device)
    return FaceTrackerModels(FaceDetector(detector, finder, device), finder, identify_weights(*paths))
