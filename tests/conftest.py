"""The order of the tests, and the databases that they run on."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from heygem.storage.database import Database
from tests.postgres import PostgresServer, find_programs, running_server

os.environ.setdefault("S3_UPLOAD_PART_MIN_SIZE", "1024")  # S3 wants 5 MiB; moto reads it once it is first imported

# Lower floors first, since what fails there explains what fails above.
LOWER: Final = ("domain", "config", "storage", "jobs", "media", "engines", "pipeline")
ORDER: Final = (*LOWER, "library", "downloads", "resolvers", "maintenance", "web", "rest")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path))


def _rank(path: Path) -> int:
    folder = path.parent.name
    return ORDER.index(folder) if folder in ORDER else len(ORDER)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with running_server(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/heygem.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """One with the tables of this version."""
    database = Database(database_url)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def own_log() -> Iterator[None]:
    """The handlers of the test's log are closed after it."""
    yield
    ours = logging.getLogger("heygem")
    for handler in ours.handlers[:]:
        ours.removeHandler(handler)
        handler.close()
    ours.propagate = True


@pytest.fixture(scope="session")
def wav2lip_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with the product's own, and with random weights in the layout of Wav2Lip's checkpoint."""
    from tests.engines.wav2lip_reference import random_state, write_checkpoint  # torch, which few tests need

    folder = tmp_path_factory.mktemp("models")
    for path in (Path(__file__).parents[1] / "models").glob("*.safetensors"):
        (folder / path.name).symlink_to(path)
    write_checkpoint(folder / "wav2lip" / "wav2lip_gan.pth", random_state())
    return folder
