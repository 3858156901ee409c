"""An owner's list in a true queue: uploads, folders and tables go in, a batch comes out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from heygem.config.settings import load_settings
from heygem.domain.errors import InputMissingError, PathOutsideError
from heygem.domain.inspection import MediaKind
from heygem.domain.job import FaceChoice, FaceRule
from heygem.jobs.drafts import Drafts
from heygem.jobs.inputs import InputStore
from heygem.jobs.queue import JobQueue
from tests.fakes import make_fake_queue, make_namer


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    queue = make_fake_queue(load_settings(paths={"data": tmp_path / "data"}))
    yield queue
    queue.database.close()


@pytest.fixture
def drafts(queue: JobQueue, tmp_path: Path) -> Drafts:
    outputs, inputs = tmp_path / "outputs", tmp_path / "inputs"
    for name in ("team/b10.mp4", "team/b2.mp4", "team/note.txt", "voice.wav"):
        (inputs / name).parent.mkdir(parents=True, exist_ok=True)
        (inputs / name).write_bytes(b"x")
    return Drafts(queue, InputStore(outputs), inputs, make_namer(queue.database, outputs))


def upload(tmp_path: Path, name: str, text: str = "x") -> Path:
    path = tmp_path / "cache" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def kinds(drafts: Drafts, owner: str) -> list[tuple[MediaKind, str]]:
    return [(item.kind, item.path.name) for item in drafts.list_items(owner)]


def test_uploads_are_kept_and_what_only_sounds_is_a_voice(drafts: Drafts, tmp_path: Path) -> None:
    paths = [upload(tmp_path, name) for name in ("a.mp4", "b.WAV")]
    drafts.add_uploads("me", MediaKind.PERSON, paths)
    for path in paths:
        path.unlink()
    assert kinds(drafts, "me") == [(MediaKind.PERSON, "a.mp4"), (MediaKind.VOICE, "b.WAV")]
    assert all(item.path.is_file() for item in drafts.list_items("me"))
    assert drafts.list_items("you") == []


def test_removed_uploads_are_deleted_and_files_of_a_folder_are_not(drafts: Drafts, tmp_path: Path) -> None:
    drafts.add_uploads("me", MediaKind.PERSON, [upload(tmp_path, "a.mp4")])
    drafts.add_folder("me", "team")
    items = drafts.list_items("me")
    assert [item.path.name for item in items] == ["a.mp4", "b2.mp4", "b10.mp4"]
    drafts.remove("you", [item.item_id for item in items])
    assert len(drafts.list_items("me")) == 3
    drafts.clear("me")
    assert drafts.list_items("me") == []
    assert [item.path.exists() for item in items] == [False, True, True]


def test_a_table_names_files_of_the_inputs_folder_alone(drafts: Drafts, tmp_path: Path) -> None:
    table = upload(tmp_path, "t.csv", "video,voice,name,project,face\nteam/b2.mp4,voice.wav,片头,秋,2\n")
    drafts.add_uploads("me", MediaKind.PERSON, [table])
    (item,) = drafts.list_items("me")
    assert (item.path.name, item.name, item.project, str(item.face)) == ("b2.mp4", "片头", "秋", "2")
    assert item.voice is not None and item.voice.name == "voice.wav"
    with pytest.raises(PathOutsideError):
        drafts.add_uploads("me", MediaKind.PERSON, [upload(tmp_path, "u.csv", "video\n../../etc/passwd\n")])
    with pytest.raises(PathOutsideError):
        drafts.add_folder("me", "..")


def test_a_batch_is_made_of_the_list_and_keeps_its_files(drafts: Drafts, queue: JobQueue, tmp_path: Path) -> None:
    drafts.add_uploads("me", MediaKind.VOICE, [upload(tmp_path, "v.mp4"), upload(tmp_path, "w.wav")])
    with pytest.raises(InputMissingError):
        drafts.start("me", "", "", FaceChoice())
    drafts.add_folder("me", "team")
    batch = drafts.start("me", " 秋季 ", "P", FaceChoice(FaceRule.LEFT), signature="销售 部")
    assert drafts.list_items("me") == []
    assert (queue.get_batch(batch).name, queue.get_batch(batch).total) == ("秋季", 4)
    jobs = queue.list_jobs(batch_id=batch)
    requests = [job.request for job in jobs]
    assert {(request.person.name, request.voice.name) for request in requests} == {
        ("b2.mp4", "v.mp4"), ("b2.mp4", "w.wav"), ("b10.mp4", "v.mp4"), ("b10.mp4", "w.wav"),
    }  # fmt: skip
    assert all(request.voice.is_file() and str(request.face) == "left" for request in requests)
    assert {request.output.parent.name for request in requests} == {"销售_部"}
    assert len({request.output for request in requests}) == 4
    assert {(job.owner, job.project) for job in jobs} == {("me", "P")}


def test_a_program_needs_no_list(drafts: Drafts, queue: JobQueue, tmp_path: Path) -> None:
    batch = drafts.submit([upload(tmp_path, "v.wav")], [upload(tmp_path, "a.mp4")], "", "", FaceChoice())
    assert queue.get_batch(batch).total == 1
    with pytest.raises(InputMissingError):
        drafts.submit([], [], "", "", FaceChoice())


def test_links_that_lead_out_of_the_inputs_folder_are_passed_over(drafts: Drafts, tmp_path: Path) -> None:
    outside = upload(tmp_path, "secret.mp4")
    (tmp_path / "inputs" / "team" / "a.mp4").symlink_to(outside)
    drafts.add_folder("me", "team")
    assert [item.path.name for item in drafts.list_items("me")] == ["b2.mp4", "b10.mp4"]
