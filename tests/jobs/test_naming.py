"""What outputs are called: by whom, what of, and which version; on every file system."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heygem.jobs.naming import OWNER_BYTES, TOPIC_BYTES, OutputNamer, derive_topic, safe_stem, safe_word
from heygem.media.publish import partial_path

NOW = datetime(2026, 3, 4, 15, 6, 7)
FORBIDDEN = set('<>:"/\\|?*') | {chr(number) for number in (*range(32), 127)}
DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM1", "COM¹", "LPT9", "LPT²"}


class Versions:
    """A counter in memory, as the database keeps one."""

    def __init__(self) -> None:
        self._latest: Counter[str] = Counter()

    def __call__(self, stems: Sequence[str]) -> list[int]:
        given = []
        for stem in stems:
            self._latest[stem.casefold()] += 1
            given.append(self._latest[stem.casefold()])
        return given


@pytest.fixture
def namer(tmp_path: Path) -> OutputNamer:
    return OutputNamer(tmp_path, Versions(), "house")


def test_a_name_says_whose_what_and_which(namer: OutputNamer, tmp_path: Path):
    day = tmp_path / "2026-03-04"
    assert namer.plan("季度汇报", "marketing", NOW) == day / "marketing" / "marketing_季度汇报_v1.mp4"
    assert namer.plan("季度汇报", "marketing", NOW).name == "marketing_季度汇报_v2.mp4"
    later = namer.plan("季度汇报", "Marketing", NOW + timedelta(days=1))
    assert later == tmp_path / "2026-03-05" / "Marketing" / "Marketing_季度汇报_v3.mp4"
    assert namer.plan("季度 汇报/2.0", "  ", NOW) == day / "house" / "house_季度_汇报_2.0_v1.mp4"


def test_a_batch_is_named_at_once_and_what_others_made_stays(namer: OutputNamer, tmp_path: Path):
    taken = tmp_path / "2026-03-04" / "a" / "a_x_v2.mp4"
    taken.parent.mkdir(parents=True)
    taken.touch()
    names = [path.stem for path in namer.plan_all(["x", "y", "x", "..."], "a", NOW)]
    assert names == ["a_x_v1", "a_y_v1", "a_x_v3", "a_untitled_v1"]


def test_without_a_name_both_files_tell_the_topic():
    assert derive_topic(Path("主播.mp4"), Path("季度 汇报.wav")) == "主播_季度_汇报"
    long = derive_topic(Path("说" * 90 + ".mp4"), Path("🎉" * 90 + ".wav"))
    assert len(long.encode()) <= TOPIC_BYTES and set(long) == set("说_🎉")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a/b\\c.mp4", "b_c"), ("..", "untitled"), ('q"<>|?*.mov', "q"), ("  .mp4", "untitled"), ("x\ny.mp4", "x_y"),
        ("NUL.mp4", "_NUL"), ("com1.tar.gz", "_com1.tar"), ("console.mp4", "console"), ("a. .mp4", "a"),
        ("e\u0301.mp4", "é"), ("a\u202egpj.mp4", "agpj"), ("\udcff半\ud800.mp4", "半"),
    ],
)  # fmt: skip
def test_stems_hold_nothing_unsafe(name: str, stem: str):
    assert safe_stem(name) == stem


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=300))
def test_every_file_system_takes_every_name(owner: str, topic: str):
    path = OutputNamer(Path("/outputs"), lambda _: [123_456]).plan(topic, owner, NOW)
    for name in (*path.relative_to("/outputs").parts, partial_path(path).name):
        assert len(name.encode()) < 143 and len(name.encode("utf-16-le")) // 2 < 143
        assert not FORBIDDEN & set(name) and name[-1] not in ". " and name == unicodedata.normalize("NFC", name)
        assert name.split(".")[0].upper() not in DEVICES
    assert not path.name.startswith(".") and not path.parent.name.startswith(".")


@given(st.text(st.characters(), max_size=60))
def test_a_safe_word_stays_as_it_is(text: str):
    word = safe_word(text, OWNER_BYTES)
    assert safe_word(word, OWNER_BYTES) == word
