import os
import time
from pathlib import Path

from heygem.web.uploads import MAX_AGE_S, sweep_uploads


def test_old_uploads_and_empty_folders_go(tmp_path: Path) -> None:
    old, new = tmp_path / "a" / "old.mp4", tmp_path / "b" / "new.mp4"
    for path in (old, new):
        path.parent.mkdir()
        path.write_bytes(b"x")
    past = time.time() - MAX_AGE_S - 1
    os.utime(old, (past, past))
    sweep_uploads(tmp_path)
    assert not old.parent.exists()
    assert new.exists()


def test_no_folder_is_no_fault(tmp_path: Path) -> None:
    sweep_uploads(tmp_path / "none")
