"""Collects what the detector wrongly suspects of being a face, for the landmark network to learn from.

Writes data/faces_train/false.raw, (K, 208, 208, 3) uint8 BGR, crops as loose as those of faces.
"""

import sys
from typing import Final

import cv2
import numpy as np
import torch

from heygem.domain.landmarks import Box
from heygem.engines.face_detector import INPUT_AREAS, FaceDetector
from heygem.engines.face_tracker import DETECTOR_FILE
from heygem.engines.nets.face_detector import FaceDetectorNet
from heygem.engines.weights import load_weights
from training.dataset import DATA, ROOT
from training.detector_samples import DetectorSamples
from training.face_cache import CROP, Appender, cut_crop

SIZE: Final = 256


def mine(pictures: int, seed: int = 7) -> int:
    """Look through made-up `pictures` of training people; how many wrong suspicions were kept."""
    net = FaceDetectorNet()
    net.load_state_dict(load_weights(ROOT.parent / "models" / DETECTOR_FILE))
    detector = FaceDetector(net, None, torch.device("cpu"))  # type: ignore[arg-type]  # nothing is to be confirmed
    samples = DetectorSamples("train", seed)
    out = Appender(DATA / "faces_train" / "false.raw", CROP)
    count = 0
    for _ in range(pictures):
        image, faces, _ = samples.draw_picture(SIZE)
        true = [Box(*map(float, face)) for face in faces]
        for suspicion in detector.suspect(image, INPUT_AREAS[0])[:6]:
            box = suspicion.box
            if box.width > 10 and all(box.overlap(face) < 0.05 for face in true):
                corners = np.array([[box.left, box.top], [box.right, box.bottom]], dtype=np.float32)
                out.add(cut_crop(image, corners)[0])
                count += 1
    out.close()
    return count


if __name__ == "__main__":
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    print(mine(int(sys.argv[1]) if len(sys.argv) > 1 else 3000), "wrong suspicions")
