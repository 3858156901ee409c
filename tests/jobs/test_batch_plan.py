"""Which videos a list of files makes."""

from pathlib import Path

from heygem.domain.inspection import MediaKind
from heygem.domain.job import EngineName, FaceChoice, FaceRule
from heygem.domain.queue import DraftItem
from heygem.jobs.batch_plan import list_pairs, plan_jobs
from heygem.jobs.naming import OutputNamer
from tests.jobs.test_naming import Versions

VOICES = [DraftItem(name, MediaKind.VOICE, Path(name)) for name in ("v.wav", "w.wav")]
PEOPLE = [DraftItem(name, MediaKind.PERSON, Path(name)) for name in ("a.mp4", "b.mp4")]
ROW = DraftItem("c", MediaKind.PERSON, Path("c.mp4"), "名", FaceChoice(FaceRule.LEFT), "P", Path("own.wav"))


def test_each_person_says_each_voice_and_a_row_of_a_table_its_own() -> None:
    pairs = [(person.path.name, voice.name) for person, voice in list_pairs([*PEOPLE, ROW, *VOICES])]
    assert pairs == [
        ("a.mp4", "v.wav"), ("a.mp4", "w.wav"), ("b.mp4", "v.wav"), ("b.mp4", "w.wav"), ("c.mp4", "own.wav"),
    ]  # fmt: skip


def test_without_voices_only_rows_that_name_one_count() -> None:
    assert len(list(list_pairs([*PEOPLE, ROW]))) == 1
    assert list(list_pairs(VOICES)) == []


def test_face_and_project_of_a_row_come_before_the_lists(tmp_path: Path) -> None:
    items = [VOICES[0], PEOPLE[0], ROW]
    face, engine = FaceChoice(FaceRule.NUMBER, 2), EngineName.WAV2LIP
    jobs = plan_jobs(items, face, OutputNamer(tmp_path, Versions()), "me", "Q", 3, "team", engine)
    assert {job.request.engine for job in jobs} == {engine}
    assert {job.priority for job in jobs} == {3}
    assert [(str(job.request.face), job.project, job.owner) for job in jobs] == [("2", "Q", "me"), ("left", "P", "me")]
    assert [job.request.output.name for job in jobs] == ["team_a_v_v1.mp4", "team_名_v1.mp4"]
