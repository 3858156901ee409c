import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from heygem.config.logs import FILE_NAME
from heygem.maintenance.log_rotation import LogRotation

NOON: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)


def write_log(folder: Path, day: datetime, text: str = "line") -> None:
    with (folder / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(f"{day.isoformat()} INFO heygem: {text}\n")


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_log_is_put_aside_each_day_and_packed_once_nobody_writes_to_it(tmp_path: Path):
    rotation = LogRotation(tmp_path, rotate_bytes=1000, kept=7, total_bytes=10**6)
    write_log(tmp_path, NOON, "声音")
    rotation.run(NOON + timedelta(hours=11))
    assert list_names(tmp_path) == [FILE_NAME]
    rotation.run(NOON + DAY)
    assert list_names(tmp_path) == ["heygem-20260330T120000Z.log"]
    rotation.run(NOON + DAY + timedelta(minutes=2))
    assert list_names(tmp_path) == ["heygem-20260330T120000Z.log.gz"]
    assert gzip.decompress((tmp_path / "heygem-20260330T120000Z.log.gz").read_bytes()).decode().endswith("声音\n")


def test_a_log_is_put_aside_by_its_size(tmp_path: Path):
    rotation = LogRotation(tmp_path, rotate_bytes=1000, kept=7, total_bytes=10**6)
    write_log(tmp_path, NOON, "x" * 1000)
    rotation.run(NOON)
    assert list_names(tmp_path) == ["heygem-20260329T120000Z.log"]


def test_the_last_ones_are_kept_within_the_cap_and_other_files_stay(tmp_path: Path):
    rotation = LogRotation(tmp_path, rotate_bytes=10**6, kept=3, total_bytes=10**6)
    others = ["heygem-notes.log", "batch-worker.log", "heygem-20260101.log.gz"]
    for name in others:
        (tmp_path / name).write_text("mine")
    for days in range(6):
        rotation.run(NOON + days * DAY)
        write_log(tmp_path, NOON + days * DAY)
    names = [f"heygem-202604{day:02d}T120000Z.log" for day in (1, 2, 3)]
    assert set(list_names(tmp_path)) == {FILE_NAME, *others, f"{names[0]}.gz", f"{names[1]}.gz", names[2]}
    LogRotation(tmp_path, 10**6, kept=3, total_bytes=200).run(NOON + 6 * DAY)
    left = sum(path.stat().st_size for path in tmp_path.iterdir() if path.name not in others)
    assert 0 < left <= 200 and set(others) < set(list_names(tmp_path))


def test_a_power_cut_while_packing_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rotation = LogRotation(tmp_path, rotate_bytes=10**6, kept=3, total_bytes=10**6)
    write_log(tmp_path, NOON, "kept")
    rotation.run(NOON + DAY)

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("heygem.maintenance.log_rotation.shutil.copyfileobj", cut)
        rotation.run(NOON + DAY + timedelta(hours=1))
    rotation.run(NOON + DAY + timedelta(hours=2))
    assert list_names(tmp_path) == ["heygem-20260330T120000Z.log.gz"]
    assert b"kept" in gzip.decompress((tmp_path / "heygem-20260330T120000Z.log.gz").read_bytes())
