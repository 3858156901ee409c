"""Where the weights of engines lie that do not come with the product, so that one can tell without torch."""

from pathlib import Path
from typing import Final

WAV2LIP_FILES: Final = ("wav2lip/wav2lip_gan.safetensors", "wav2lip/wav2lip_gan.pth")


def find_wav2lip(models: Path) -> Path | None:
    """The weights of Wav2Lip in the folder `models`, the safer kind first."""
    return next((path for name in WAV2LIP_FILES if (path := models / name).is_file()), None)
