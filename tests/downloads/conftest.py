from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.downloads.file_server import serving_files
from tests.downloads.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with serving_files() as server:
        yield Shelf(tmp_path, server)
