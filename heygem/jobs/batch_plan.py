"""From a list of files to the jobs of a batch: each person says each voice, or the one voice that its row names."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from heygem.config.strings import Translator
from heygem.domain.errors import InputMissingError
from heygem.domain.inspection import MediaKind
from heygem.domain.job import EngineName, FaceChoice, LipSyncRequest, NewJob
from heygem.domain.queue import DraftItem
from heygem.jobs.batch_sources import BatchRow
from heygem.jobs.naming import OutputNamer, derive_topic


def plan_jobs(
    items: Sequence[DraftItem],
    face: FaceChoice,
    namer: OutputNamer,
    owner: str = "",
    project: str = "",
    priority: int = 0,
    signature: str = "",
    engine: EngineName = EngineName.EMBEDDED,
) -> list[NewJob]:
    """In the list's order, with a free output each. `face` and `project` hold where a row does not say otherwise.

    Raises InputMissingError where nothing would be made.
    """
    if missing := missing_kinds(items):
        raise InputMissingError(what=", ".join(missing))
    pairs, now = list(list_pairs(items)), datetime.now().astimezone()
    outputs = namer.plan_all([choose_topic(person.path, voice, person.name) for person, voice in pairs], signature, now)
    return [
        NewJob(
            LipSyncRequest(person.path, voice, output, choose_face(person, face), engine),
            owner=owner,
            project=person.project or project,
            priority=priority,
        )
        for (person, voice), output in zip(pairs, outputs, strict=True)
    ]


def plan_request(
    namer: OutputNamer,
    person: Path,
    voice: Path,
    face: FaceChoice,
    now: datetime,
    name: str = "",
    signature: str = "",
    engine: EngineName = EngineName.EMBEDDED,
) -> LipSyncRequest:
    """With a free output, called by `name`, or else by the two files."""
    output = namer.plan(choose_topic(person, voice, name), signature, now)
    return LipSyncRequest(person, voice, output, face, engine)


def choose_topic(person: Path, voice: Path, name: str) -> str:
    """What a video is called before its version: the name that it was given, or else its files' names."""
    return name.strip().removesuffix(".mp4") or derive_topic(person, voice)


def name_batch(name: str, now: datetime) -> str:
    """Without a name, a batch is called by day and time."""
    return name.strip() or f"{now:%m-%d %H:%M}"


def list_items(rows: Iterable[BatchRow]) -> list[DraftItem]:
    return [DraftItem("", MediaKind.PERSON, row.person, row.name, row.face, row.project, row.voice) for row in rows]


def choose_face(person: DraftItem, face: FaceChoice) -> FaceChoice:
    """A row's own choice, where it has made one."""
    return face if person.face == FaceChoice() else person.face


def list_pairs(items: Sequence[DraftItem]) -> Iterator[tuple[DraftItem, Path]]:
    """The people, each with the voices that it is to say."""
    voices = [item.path for item in items if item.kind is MediaKind.VOICE]
    for person in items:
        if person.kind is MediaKind.PERSON:
            for voice in [person.voice] if person.voice else voices:
                yield person, voice


def check_complete(items: Sequence[DraftItem], tr: Translator) -> None:
    """Raises InputMissingError, in the words of `tr`, where something must still be added."""
    if missing := missing_kinds(items):
        raise InputMissingError(what=tr("fact.comma").join(tr(f"drop.{kind}_title") for kind in missing))


def missing_kinds(items: Sequence[DraftItem]) -> list[MediaKind]:
    """What must still be added before the list makes a video."""
    people = [item for item in items if item.kind is MediaKind.PERSON]
    has_voice = any(item.kind is MediaKind.VOICE for item in items) or any(person.voice for person in people)
    there = {MediaKind.VOICE: has_voice, MediaKind.PERSON: bool(people)}
    return [kind for kind in there if not there[kind]]
