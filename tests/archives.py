"""Fixtures: each kind of archive, empty: a folder, and a bucket of an S3 server on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from heygem.library.stores.folder import FolderStore
from heygem.library.stores.s3 import S3Access, S3Store
from heygem.library.stores.store import ArchiveStore
from tests.s3_server import KEY, SECRET, S3Server, running_s3

PART_BYTES: Final = 100_000


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with running_s3() as server:
        yield server


@pytest.fixture(scope="session")
def s3_client(s3_server: S3Server) -> S3Store:
    """Made once, since that takes a second."""
    return S3Store("bucket", "heygem/", S3Access(s3_server.url, "us-east-1", key=KEY, secret=SECRET), PART_BYTES)


@pytest.fixture
def s3(s3_server: S3Server, s3_client: S3Store) -> Iterator[S3Server]:
    s3_server.reset()
    s3_client._ask("create_bucket", None)
    s3_server.asked.clear()
    yield s3_server
    s3_server.before = lambda _: None


@pytest.fixture
def s3_store(s3: S3Server, s3_client: S3Store) -> S3Store:
    del s3  # it is there, and empty
    return s3_client


@pytest.fixture
def folder_store(tmp_path: Path) -> FolderStore:
    root = tmp_path / "nas"
    root.mkdir()
    return FolderStore(root)


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> ArchiveStore:
    made: ArchiveStore = request.getfixturevalue(f"{request.param}_store")
    return made
