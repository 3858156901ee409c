"""Which tracker is put together of what lies in the models' folder."""

import shutil
from pathlib import Path

import pytest

from heygem.config.settings import EncodeChoice, LimitSettings
from heygem.domain.model_errors import WeightsUnverifiedError
from heygem.engines.model_files import FACE_TASK_FILE
from heygem.engines.second_opinion import SecondDetector
from heygem.engines.weights import identify_weights
from heygem.pipeline.generators import Generators
from training.dataset import TEACHERS

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for path in MODELS.glob("*.safetensors"):
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


def make(models: Path, check=identify_weights, has_second: bool = True) -> Generators:
    return Generators(models, models / "cache", "cpu", LimitSettings(), EncodeChoice(), check, has_second)


def refuse(path: Path) -> str:
    raise WeightsUnverifiedError(path=path)


def test_the_second_tracker_is_taken_where_it_lies_and_names_itself(models: Path):
    plain = make(models).tracker
    assert not isinstance(plain.detector, SecondDetector)
    if not (TEACHERS / "face_landmarker.task").is_file():
        pytest.skip("MediaPipe's weights lie beside the project, and not here")
    (models / "mediapipe").mkdir()
    shutil.copy(TEACHERS / "face_landmarker.task", models / FACE_TASK_FILE)
    both = make(models).tracker
    assert isinstance(both.detector, SecondDetector)
    assert both.weights_id.startswith(plain.weights_id + "+")
    assert make(models, has_second=False).tracker.weights_id == plain.weights_id


@pytest.mark.parametrize("check", [identify_weights, refuse])
def test_one_that_cannot_be_used_is_done_without(models: Path, check, caplog: pytest.LogCaptureFixture):
    (models / "mediapipe").mkdir()
    (models / FACE_TASK_FILE).write_bytes(b"<html>")
    assert not isinstance(make(models, check).tracker.detector, SecondDetector)
    assert "the second face tracker is left out" in caplog.text
