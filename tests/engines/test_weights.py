"""Weights on disk."""

from pathlib import Path

import pytest
import torch

from heygem.domain.errors import WeightsError
from heygem.engines.face_tracker import DETECTOR_FILE, LANDMARKER_FILE, LIPS_FILE, load_face_tracker
from heygem.engines.weights import identify_weights, load_weights, read_metadata, save_weights


def test_weights_come_back_in_single_precision(tmp_path: Path) -> None:
    path = tmp_path / "new" / "net.safetensors"
    save_weights(
        path, {"a": torch.tensor([0.5, -2.0]), "n": torch.tensor([7])}, {"name": "net", "config": {"width": 3}}
    )
    weights = load_weights(path)
    assert weights["a"].dtype == torch.float32
    assert weights["a"].tolist() == [0.5, -2.0]
    assert weights["n"].tolist() == [7]
    assert read_metadata(path) == {"name": "net", "config": {"width": 3}}


def test_missing_and_damaged_files_are_told(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"not weights")
    for path in (tmp_path / "missing.safetensors", damaged):
        with pytest.raises(WeightsError) as caught:
            load_weights(path)
        assert caught.value.context["path"] == str(path)
    with pytest.raises(WeightsError):
        identify_weights(tmp_path / "missing.safetensors")


def test_other_weights_have_another_name(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    assert identify_weights(one) != identify_weights(two)
    assert identify_weights(one) == identify_weights(one)


def test_weights_of_another_network_are_told(tmp_path: Path) -> None:
    for name in (DETECTOR_FILE, LANDMARKER_FILE, LIPS_FILE):
        save_weights(tmp_path / name, {"a": torch.zeros(1)}, {"config": {"channels": [8, 16, 24, 32], "width": 8}})
    with pytest.raises(WeightsError) as caught:
        load_face_tracker(tmp_path, torch.device("cpu"))
    assert caught.value.context["path"] == str(tmp_path / DETECTOR_FILE)
