import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from heygem.media.ffmpeg_binary import find_ffmpeg
from tests.media.clips import ClipMaker


@pytest.fixture(scope="session", params=["bundled", "system"])
def binary(request: pytest.FixtureRequest) -> Path:
    """The FFmpeg that encodes: the one that comes with us, and the system's where it would be chosen."""
    bundled = Path(imageio_ffmpeg.get_ffmpeg_exe())
    if request.param == "bundled":
        return bundled
    found = find_ffmpeg()
    if found == bundled:
        pytest.skip("the system has no FFmpeg of its own")
    return found


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipMaker:
    """Clips by the FFmpeg that comes with us, so that they are the same everywhere."""
    return ClipMaker(Path(imageio_ffmpeg.get_ffmpeg_exe()), tmp_path_factory.mktemp("clips"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
