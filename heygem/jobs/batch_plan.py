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
from heygem.jobs.naming import OutputNamer


def plan_jobs(
    items: Sequence[DraftItem],
    face: FaceChoice,
    namer: OutputNamer,
    owner: str = "",
    project: str = "",
    priority: int = 0,
    engine: EngineName = EngineName.EMBEDDED,
) -> list[NewJob]:
    """In the list's order, with a free output each. `face` and `project` hold where a row does not say otherwise.

    Raises InputMissingError where nothing would be made.
    """
    if missing := missing_kinds(items):
        raise InputMissingError(what=", ".join(missing))
    now = datetime.now().astimezone()
    return [
        NewJob(
            plan_request(namer, person.path, voice, choose_face(person, face), now, person.name, engine),
            owner=owner,
            project=person.project or project,
            priority=priority,
        )
        for person, voice in list_pairs(items)
    ]


def plan_request(
    namer: OutputNamer,
    person: Path,
    voice: Path,
    face: FaceChoice,
    now: datetime,
    name: str = "",
    engine: EngineName = EngineName.EMBEDDED,
) -> LipSyncRequest:
    """With a free output, called by `name`, or else by the person's file."""
    return LipSyncRequest(person, voice, namer.plan(name or person.name, voice.name, now), face, engine)


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
