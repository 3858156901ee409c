"""Tables as spreadsheets write them, folders as people keep them, and names that try to lead out of a folder."""

import csv
import io
import os
import random
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from heygem.config.strings import LANGUAGES, Translator
from heygem.domain.errors import (
    BatchEmptyError,
    BatchListError,
    HeyGemError,
    MediaEmptyError,
    MediaIsFolderError,
    MediaNotFoundError,
    PathOutsideError,
)
from heygem.domain.job import FaceChoice
from heygem.jobs.batch_sources import BatchRow, list_folders, list_people, read_batch_csv, resolve_inside

ENGLISH: Final = ["video", "voice", "name", "project", "face"]
CHINESE: Final = ["视频", "音频", "名称", "项目", "人脸"]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("header", [ENGLISH, CHINESE])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_a_spreadsheet_writes_is_read_as_it_was_meant(tmp_path, encoding, header, delimiter, newline) -> None:
    rng = random.Random(f"{encoding}{header}{delimiter}{newline}")
    letters = '张三,;\t"a1 ./é'
    wanted, text = [], io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    order = rng.sample(range(5), 5)
    writer.writerow([header[place] for place in order])
    for number in range(40):
        name, project = ("".join(rng.choices(letters, k=rng.randrange(9))).strip() for _ in range(2))
        voice, face = rng.choice(["", "v/王.wav", "/abs/v.mp3"]), rng.choice(["", "left", "Largest", "3"])
        cells = [f"人物 {number}.mp4", voice, name, project, face]
        writer.writerow([cells[place] for place in order])
        if rng.random() < 0.2:
            text.write(delimiter * rng.randrange(5) + newline)
        wanted.append(
            BatchRow(
                tmp_path / cells[0],
                tmp_path / voice if voice else None,
                name,
                project,
                FaceChoice.parse(face) if face else FaceChoice(),
            )
        )
    assert read_batch_csv(write(tmp_path / "list.csv", text.getvalue(), encoding)) == wanted


def test_rows_may_be_the_same_and_a_default_face_fills_what_is_missing(tmp_path) -> None:
    table = write(tmp_path / "list.csv", "Video , FACE\na.mp4,\na.mp4,left\na.mp4\n")
    faces = [row.face for row in read_batch_csv(table, face=FaceChoice.parse("2"))]
    assert faces == [FaceChoice.parse("2"), FaceChoice.parse("left"), FaceChoice.parse("2")]


def test_a_table_of_videos_alone_needs_no_quotes(tmp_path) -> None:
    table = write(tmp_path / "list.csv", "video\nSmith, John.mp4\nb; c.mp4\n")
    assert [row.person.name for row in read_batch_csv(table)] == ["Smith, John.mp4", "b; c.mp4"]


@pytest.mark.parametrize(
    ("text", "line", "column", "value"),
    [
        ("path,voice\na.mp4,b.wav\n", 1, 1, "path"),
        ("a.mp4\nb.mp4\n", 1, 1, "a.mp4"),
        ("voice,name\nb.wav,x\n", 1, "video", ""),
        ("video,视频\na.mp4,b.mp4\n", 1, 1, "video"),
        ("\n\nvideo,vioce\na.mp4,b.wav\n", 3, 2, "vioce"),
        ("video,voice\na.mp4,b.wav\n\n,c.wav\n", 4, "video", ""),
        ("video,face\na.mp4,left\nb.mp4,middle\n", 3, "face", "middle"),
        ("video,voice\na.mp4,b.wav,c.wav\n", 2, 3, "c.wav"),
        ("video,,voice\na.mp4,note,b.wav\n", 2, 2, "note"),
        ('video,voice\n"a.mp4,b.wav\n', 2, "?", None),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, line, column, value) -> None:
    with pytest.raises(BatchListError) as raised:
        read_batch_csv(write(tmp_path / "list.csv", text))
    context = raised.value.context
    assert (context["line"], context["column"]) == (line, column)
    assert value is None or context["value"] == value
    for language in LANGUAGES:
        assert f"{line}" in Translator(language).explain(raised.value)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", MediaEmptyError),
        (b"video,voice\n\n", BatchEmptyError),
        (b"PK\x03\x04\x14\x00\x06\x00\xff\xff\x00\x80", BatchListError),
        (bytes(range(256)) * 50, BatchListError),
        (b"video\n" + b"a.mp4\n" * 3_000_000, BatchListError),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data, error) -> None:
    (tmp_path / "list.csv").write_bytes(data)
    with pytest.raises(error):
        read_batch_csv(tmp_path / "list.csv")
    with pytest.raises(MediaNotFoundError):
        read_batch_csv(tmp_path / "nothing.csv")
    with pytest.raises(MediaIsFolderError):
        read_batch_csv(tmp_path)


def test_any_bytes_at_all_are_rows_or_an_error_of_ours(tmp_path) -> None:
    rng = random.Random(11)
    pieces = [
        b"video",
        b"voice",
        b"face",
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r",
        b'"',
        b"\x00",
        b"a.mp4",
        "视频".encode(),
        b"\xff",
    ]
    outcomes: set[type] = set()
    for _ in range(3000):
        (tmp_path / "list.csv").write_bytes(b"".join(rng.choices(pieces, k=rng.randrange(1, 20))))
        try:
            outcomes.add(type(read_batch_csv(tmp_path / "list.csv")))
        except HeyGemError as error:
            outcomes.add(type(error))
    assert {list, BatchListError, BatchEmptyError} <= outcomes


def test_with_a_root_a_table_may_name_files_inside_it_alone(tmp_path) -> None:
    root = tmp_path / "inputs"
    root.mkdir()
    table = write(tmp_path / "list.csv", "video,voice\nteam/a.mp4,b.wav\n")
    assert read_batch_csv(table, root) == [BatchRow(root / "team/a.mp4", root / "b.wav")]
    for row in ("../a.mp4,b.wav", "a.mp4,/etc/passwd", "C:\\a.mp4,b.wav"):
        with pytest.raises(PathOutsideError):
            read_batch_csv(write(table, f"video,voice\n{row}\n"), root)


def test_a_folders_people_come_in_natural_order(tmp_path) -> None:
    names = ["2.mp4", "10.MP4", "a2.mov", "A10.mkv", "b.JPG", "张三2.webm", "张三10.webm"]
    for name in [*reversed(names), ".hidden.mp4", "voice.wav", "list.csv", "noending", "._2.mp4"]:
        (tmp_path / name).touch()
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "folder.mp4" / "inner.mp4").touch()
    assert [path.name for path in list_people(tmp_path)] == names


def test_a_folder_without_people_is_told(tmp_path) -> None:
    (tmp_path / "voice.wav").touch()
    with pytest.raises(BatchEmptyError):
        list_people(tmp_path)
    for missing in (tmp_path / "missing", tmp_path / "voice.wav"):
        with pytest.raises(MediaNotFoundError):
            list_people(missing)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with links that stay inside it, that lead out of it, and that go round; its own path has one too."""
    (tmp_path / "real" / "team" / "deep").mkdir(parents=True)
    (tmp_path / "real-other").mkdir()
    (tmp_path / "real-other" / "secret.mp4").write_text("secret")
    root = tmp_path / "inputs"
    root.symlink_to("real")
    for inner in ("a.mp4", "team/b.mp4", "team/deep/c.mp4"):
        (root / inner).write_text("public")
    for name, target in {
        "team/in": "../a.mp4",
        "team/up": "..",
        "out": tmp_path / "real-other",
        "out.mp4": "../real-other/secret.mp4",
        "team/round": "round",
        "slash": "/",
    }.items():
        (root / name).symlink_to(str(target))
    return root


def test_no_name_leads_out(root) -> None:
    """Names of parts that are good and bad in any order: what comes back is inside, and nothing secret."""
    rng = random.Random(3)
    parts = ["a.mp4", "team", "deep", "b.mp4", "in", "up", "out", "out.mp4", "round", "slash", "secret.mp4"]
    parts += ["..", ".", "", "...", "real-other", "~", "C:", "\x00", "\ud800", " ", "张三", "%2e%2e", "x" * 300]
    inside, refused = 0, 0
    for _ in range(20_000):
        name = "".join(rng.choice(parts) + rng.choice(["/", "/", "/", "\\", ""]) for _ in range(rng.randrange(1, 7)))
        try:
            path = resolve_inside(root, name)
        except PathOutsideError as error:
            assert error.context["name"] == name
            refused += 1
            continue
        inside += 1
        assert path.is_relative_to(root.resolve())
        assert Path(os.path.realpath(path)) == path
        with suppress(OSError):  # a folder, or nothing there
            assert path.read_text() == "public"
    assert inside > 1000
    assert refused > 1000


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.mp4", "a.mp4"),
        ("team/deep/c.mp4", "team/deep/c.mp4"),
        (".", "."),
        ("team/in", "a.mp4"),
        ("new/x y.mp4",) * 2,
    ],
)
def test_what_is_inside_is_found(root, name, path) -> None:
    assert resolve_inside(root, name) == (root.resolve() / path).resolve()


@pytest.mark.parametrize(
    "name",
    ["..", "../a.mp4", "team/../a.mp4", "/etc/passwd", "//host/share", "\\\\host\\share", "C:\\a", "c:a", "..\\a.mp4",
     "out/secret.mp4", "out.mp4", "slash/etc/passwd", "../real-other/secret.mp4", "a\x00.mp4"],
)  # fmt: skip
def test_what_leads_out_is_refused(root, name) -> None:
    with pytest.raises(PathOutsideError):
        resolve_inside(root, name)


def test_links_out_of_the_root_are_not_listed(root) -> None:
    assert [path.name for path in list_people(root, root)] == ["a.mp4"]
    assert [path.name for path in list_people(root)] == ["a.mp4", "out.mp4"]


def test_folders_with_people_are_listed_as_they_are_named(root, tmp_path) -> None:
    (root / "empty").mkdir()
    (root / ".hidden").mkdir()
    (root / ".hidden" / "d.mp4").touch()
    assert list_folders(root) == [".", "team", "team/deep"]
    assert all(list_people(resolve_inside(root, name)) for name in list_folders(root))
    assert list_folders(tmp_path / "missing") == []
