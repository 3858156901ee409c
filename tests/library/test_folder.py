"""Which names may be touched, tried with those that attackers and accidents come up with."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heygem.domain.errors import PathOutsideError
from heygem.library.folder import OutputFolder

OUT = ("../a.mp4", "day/../../a.mp4", "/etc/passwd", "", ".", "..", "./a.mp4", ".work/trash/a.mp4", "day/.hidden.mp4",
       "a\0.mp4", "day/..", "link.mp4", "linked/a.mp4", "//etc/passwd", "loop/loop/a.mp4", "a.mp4/")  # fmt: skip
IN = ("a.mp4", "day/a.mp4", "ａ．．.mp4", "…/a.mp4", "\u2025\u2215a.mp4", "a\\..\\b.mp4", "é.mp4", "e\u0301.mp4",
      "\u202e4pm.mp4", "~/a.mp4", "%2e%2e/a.mp4", "C:a.mp4", "a..mp4", "长" * 80 + ".mp4")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> OutputFolder:
    root, outside = tmp_path / "outputs", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a.mp4").write_bytes(b"theirs")
    (root / "link.mp4").symlink_to(outside / "a.mp4")
    (root / "linked").symlink_to(outside)
    (root / "loop").symlink_to("loop")
    return OutputFolder(root)


@pytest.mark.parametrize("name", OUT)
def test_what_leads_out(folder: OutputFolder, name: str):
    with pytest.raises(PathOutsideError):
        folder.place(name)
    assert folder.find(name) is None


@pytest.mark.parametrize("name", IN)
def test_odd_names_that_are_names_all_the_same(folder: OutputFolder, name: str):
    path = folder.place(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    assert folder.find(name) == path and folder.name_of(path) == name
    assert os.path.realpath(path).startswith(os.path.realpath(folder.root) + os.sep)


@pytest.mark.parametrize(
    "path", ["../outside/a.mp4", "link.mp4", "linked/a.mp4", ".work/jobs/a.mp4", "../outputs2/a.mp4"]
)
def test_no_file_outside_gets_a_name(folder: OutputFolder, path: str):
    for way in (folder.root / path, Path(os.path.normpath(folder.root / path))):
        with pytest.raises(PathOutsideError):
            folder.name_of(way)


def test_the_folder_itself_may_be_a_link(folder: OutputFolder, tmp_path: Path):
    (tmp_path / "mount").symlink_to(folder.root)
    (folder.root / "a.mp4").write_bytes(b"x")
    by_link = OutputFolder(tmp_path / "mount")
    assert by_link.find("a.mp4") and by_link.name_of(folder.root / "a.mp4") == "a.mp4"
    assert folder.name_of(tmp_path / "mount" / "a.mp4") == "a.mp4"


@given(st.text(alphabet=st.sampled_from("./\\a\0 ~．／‥é\u202e"), max_size=12))
def test_any_name_is_refused_or_within(name: str):
    root = Path("/nowhere/outputs")
    try:
        path = OutputFolder(root).place(name)
    except PathOutsideError:
        return
    assert os.path.normpath(path).startswith(f"{root}/") and os.path.normpath(path) == str(path)
