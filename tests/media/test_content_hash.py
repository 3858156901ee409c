import hashlib
from pathlib import Path

import pytest

from heygem.domain.errors import CancelledError, MediaEmptyError, MediaNotFoundError
from heygem.domain.progress import CancelToken
from heygem.media.content_hash import BLOCK_BYTES, hash_file


def test_it_is_sha256_over_several_blocks(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = bytes(range(256)) * (BLOCK_BYTES // 100)
    path.write_bytes(content)
    assert hash_file(path, CancelToken()) == hashlib.sha256(content).hexdigest()


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        hash_file(path, cancel)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MediaNotFoundError):
        hash_file(tmp_path / "nothing", CancelToken())
    (tmp_path / "empty").touch()
    with pytest.raises(MediaEmptyError):
        hash_file(tmp_path / "empty", CancelToken())
