from pathlib import Path

import pytest

from heygem.media.ffmpeg_binary import find_ffmpeg
from tests.media.clips import ClipMaker


@pytest.fixture(scope="session")
def binary() -> Path:
    return find_ffmpeg()


@pytest.fixture(scope="session")
def clips(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> ClipMaker:
    return ClipMaker(binary, tmp_path_factory.mktemp("clips"))
