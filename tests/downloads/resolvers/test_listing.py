"""Which of several files is the one wanted."""

from dataclasses import replace

import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import ModelFile
from heygem.downloads.resolvers import listing
from heygem.downloads.resolvers.listing import Listed, choose, search

WANTED = ModelFile("lips/Model.pth", 100, "ab" * 32)
NAMED = Listed("model.PTH", "/1", 100)
SIZED = Listed("renamed.bin", "/2", 100)
OTHER = Listed("notes.txt", "/3", 5)


@pytest.mark.parametrize(
    ("listed", "chosen"),
    [
        ([OTHER, NAMED, SIZED], NAMED),
        ([OTHER, SIZED], SIZED),
        ([replace(OTHER, size_bytes=None), SIZED], SIZED),
        ([replace(SIZED, size_bytes=None)], replace(SIZED, size_bytes=None)),
        ([replace(NAMED, sha256="AB" * 32), replace(SIZED, name="model.pth", sha256="cd" * 32)],
         replace(NAMED, sha256="AB" * 32)),
    ],
)  # fmt: skip
def test_by_name_or_by_size_or_because_there_is_but_one(listed: list[Listed], chosen: Listed):
    assert choose(listed, WANTED, "host") == chosen


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        ([], SourceProblem.FILE_NOT_IN_SHARE),
        ([OTHER], SourceProblem.FILE_NOT_IN_SHARE),
        ([SIZED, replace(SIZED, name="again.bin")], SourceProblem.FILE_NOT_IN_SHARE),
        ([replace(NAMED, is_folder=True)], SourceProblem.FILE_NOT_IN_SHARE),
        ([replace(NAMED, size_bytes=7)], SourceProblem.FILE_DIFFERS),
        ([replace(NAMED, sha256="cd" * 32)], SourceProblem.FILE_DIFFERS),
    ],
)
def test_none_that_could_be_another(listed: list[Listed], problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        choose(listed, WANTED, "host")
    assert caught.value.context == {"source": "host", "reason": problem}


def test_folders_are_looked_into_from_above_and_not_without_end(monkeypatch: pytest.MonkeyPatch):
    asked = []

    def list_folder(folder: str) -> list[Listed]:
        asked.append(folder)
        below = [Listed("x", f"{folder}/x", is_folder=True), Listed("back", "/", is_folder=True)]
        return [*below, NAMED] if len(asked) == 3 else below

    assert search("/", list_folder, WANTED, "host") == NAMED
    assert asked == ["/", "//x", "//x/x"]
    monkeypatch.setattr(listing, "MOST_FOLDERS", 2)
    asked.clear()
    with pytest.raises(SourceError):
        search("/", list_folder, WANTED, "host")
    assert len(asked) == 2
