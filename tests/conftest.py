"""The order of the tests: lower floors first, since what fails there explains what fails above."""

from pathlib import Path
from typing import Final

import pytest

ORDER: Final = ("domain", "config", "jobs", "media", "engines", "pipeline", "web")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path))


def _rank(path: Path) -> int:
    folder = path.parent.name
    return ORDER.index(folder) if folder in ORDER else len(ORDER)
