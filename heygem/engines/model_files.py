"""Where those weights lie that do not come with the product, and which engines can be had. Knows nothing of torch."""

from pathlib import Path
from typing import Final

from heygem.domain.errors import EngineNotInstalledError
from heygem.domain.job import EngineName

WAV2LIP_FILES: Final = ("wav2lip/wav2lip_gan.safetensors", "wav2lip/wav2lip_gan.pth")

FACE_TASK_FILE: Final = "mediapipe/face_landmarker.task"


def find_wav2lip(models: Path) -> Path | None:
    """The weights of Wav2Lip in the folder `models`, the safer kind first."""
    return next((path for name in WAV2LIP_FILES if (path := models / name).is_file()), None)


def list_engines(models: Path) -> list[EngineName]:
    """Those whose weights are there, the product's own first. Whether they are whole is told when they are loaded."""
    return [EngineName.EMBEDDED, *([EngineName.WAV2LIP] if find_wav2lip(models) else [])]


def check_engine(models: Path, engine: EngineName) -> EngineName:
    """`engine`. Raises EngineNotInstalledError."""
    if engine not in list_engines(models):
        raise EngineNotInstalledError(engine=str(engine))
    return engine


def shipped_bytes(models: Path) -> int:
    """What the product's own weights take: they lie in the folder itself, others below it."""
    return sum(path.stat().st_size for path in models.glob("*.safetensors"))
