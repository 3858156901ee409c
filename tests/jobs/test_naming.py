from datetime import datetime
from pathlib import Path

import pytest

from heygem.jobs.naming import OutputNamer, safe_stem

NOW = datetime(2026, 3, 4, 15, 6, 7)


def test_outputs_lie_in_a_folder_a_day_and_never_take_a_taken_name(tmp_path):
    first = OutputNamer(tmp_path).plan("主播.mp4", "季度 汇报.wav", NOW)
    assert first == tmp_path / "2026-03-04" / "主播_季度_汇报_150607.mp4"
    first.parent.mkdir()
    first.touch()
    assert OutputNamer(tmp_path).plan("主播.mp4", "季度 汇报.wav", NOW).name == "主播_季度_汇报_150607_2.mp4"


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a/b\\c.mp4", "b_c"), ("..", "untitled"), ('q"<>|?*.mov', "q"), ("  .mp4", "untitled"), ("x\ny.mp4", "x_y")],
)
def test_stems_hold_nothing_unsafe(name, stem):
    assert safe_stem(name) == stem


def test_long_names_fit_a_file_system(tmp_path):
    name = OutputNamer(tmp_path).plan("说" * 300 + ".mp4", "😀" * 300 + ".wav", NOW).name
    assert len(name.encode()) <= 255


def test_a_name_is_promised_once_even_before_its_file_is_there(tmp_path: Path) -> None:
    namer = OutputNamer(tmp_path)
    assert len({namer.plan("a.mp4", "b.wav", NOW) for _ in range(5)}) == 5
